"""Protocols by which core and plugins use each other without importing each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.plugins.context import Context


@dataclass(frozen=True)
class Recorded:
    """What is recorded of a segment.

    Attributes:
        outcome: The coded outcome, for journals and reports, such as `success`; empty for none.
        comment: The agent's words.
        disposition: What people call the outcome; empty where nobody has chosen one.
    """

    outcome: str
    comment: str = ""
    disposition: str = ""


@dataclass(frozen=True)
class WrapUpTime:
    """How long after-contact work may take.

    Attributes:
        seconds: 0 for no such work.
        clock_shown: Whether people see it run down. Where it is only a limit, they see how long the work has lasted.
    """

    seconds: int
    clock_shown: bool = True


class AfterContactWork(Protocol):
    """Decides whether a call is followed by after-contact work, and what is recorded when its time is over."""

    async def wrap_up_time(self, ctx: Context, segment_id: int, team_seconds: int) -> WrapUpTime:
        """How long the work after an agent's part of an interaction may take.

        Args:
            ctx: Where.
            segment_id: That part, whose talk is about to end.
            team_seconds: What the agent's team has set.
        """
        ...

    async def time_over(self, ctx: Context, segment_id: int) -> Recorded | None:
        """What is recorded when the time of this work is over; None for nothing.

        Asked in the transaction that closes the segment, before anything of the interaction is locked: whatever the
        plugin keeps of it changes with the segment, or not at all.
        """
        ...


@dataclass(frozen=True)
class Admission:
    """Where a new interaction waits, or why there is no place for it.

    Attributes:
        queue: An opaque reference to the queue, such as `routing:queue:3`.
        priority: With which it waits there.
        refusal: What the customer is told when it is not taken, in his language; empty when it is.
        reopens_at: When the queue opens again, where it was refused for being closed.
    """

    queue: str
    priority: int = 0
    refusal: str = ""
    reopens_at: datetime | None = None


@dataclass(frozen=True)
class NamedQueue:
    """A queue in which interactions wait.

    Attributes:
        reference: How it is named, such as `routing:queue:3`.
        name: What people call it.
    """

    reference: str
    name: str


class QueueDirectory(Protocol):
    """Knows where a new interaction waits."""

    async def queues(self, ctx: Context) -> list[NamedQueue]:
        """The queues that there are, in their order."""
        ...

    async def admit(self, ctx: Context, channel: str) -> Admission:
        """Where an interaction that begins now on this channel waits. Nothing is kept: ask in its transaction."""
        ...

    async def title(self, ctx: Context, queue: str) -> str:
        """What people call a queue, by its reference; empty for one that is gone or is not of this directory."""
        ...

    async def estimated_wait(self, ctx: Context, interaction_id: int) -> int | None:
        """Seconds that a waiting interaction will probably still wait; None when nothing can be said."""
        ...


class OpenTimes(Protocol):
    """When something is open, by the clocks of a place."""

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment, from `at` on, that is open: `at` itself, when it is; None when none is in sight."""
        ...

    def local(self, at: datetime) -> datetime:
        """A moment as the clocks of the place show it."""
        ...


class BusinessHours(Protocol):
    """Knows when queues are open."""

    async def of_queue(self, ctx: Context, queue: str) -> OpenTimes | None:
        """When a queue is open, by its reference; None where it always is, and where no such queue is known."""
        ...


class CallingHours(Protocol):
    """Knows when customers may be called."""

    async def of_number(self, ctx: Context, number: str) -> OpenTimes | None:
        """When whoever has a number, in E.164, may be called; None where nothing tells of the time there.

        A number that may be in several zones may be called when one of them allows it.
        """
        ...


class Fallback(StrEnum):
    """Who keeps a promise whose owner is absent when it is due."""

    SUPERVISOR = "supervisor"
    """Whoever supervises takes it, or gives it to somebody."""
    QUEUE = "queue"
    """The plugin that made it puts it back into its queue, for anybody."""


@dataclass(frozen=True)
class NewPromise:
    """Something that is owed at a time.

    Attributes:
        kind: What, as a stable word, such as `callback`, `postponed_record`, `next_attempt`.
        due: When.
        subject: What it is about, for people.
        owner_id: User id of the agent who owes it; None for nobody yet.
        reference: What of the plugin that makes it this is, such as `records:item:7`. Of each, one promise is open.
        url: The page where it is kept.
        contact_name: Of the customer.
        contact_number: E.164.
        contact_zone: IANA name of the customer's time zone; empty when it is unknown.
        interaction_id: From which it came.
        fallback: Who keeps it when the owner is absent.
    """

    kind: str
    due: datetime
    subject: str
    owner_id: int | None = None
    reference: str = ""
    url: str = ""
    contact_name: str = ""
    contact_number: str = ""
    contact_zone: str = ""
    interaction_id: int | None = None
    fallback: Fallback = Fallback.SUPERVISOR


class PromiseLedger(Protocol):
    """Keeps what is owed at a time, so that it is seen, and never lost with its owner."""

    async def promise(self, ctx: Context, new: NewPromise) -> int:
        """Adds a promise in the caller's transaction, and gives its id; one of the same reference is put off instead.

        Raises:
            InvalidInput: It is due in the past, or something of it cannot be used.
        """
        ...

    async def settle(self, ctx: Context, reference: str, *, kept: bool) -> None:
        """What was owed is done, or is owed no more. Nothing happens when no promise of that reference is open."""
        ...


@dataclass(frozen=True)
class RecordQueue:
    """A queue of records.

    Attributes:
        reference: How it is named, such as `records:queue:3`.
    """

    reference: str
    name: str


@dataclass(frozen=True)
class QueuedRecord:
    """What a queue of records shows of a record. The record itself stays with the plugin whose it is.

    Attributes:
        reference: What of that plugin it is, such as `cases:case:12`. Of each, one item is open.
        title: What it is about, for people.
        url: The page on which an agent works on it.
        contact_name: Of the customer.
        contact_number: E.164.
        cells: What lists show of it, by the name of the column.
        priority: The higher, the earlier; 0 is usual.
    """

    reference: str
    title: str
    url: str = ""
    contact_name: str = ""
    contact_number: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0


class RecordQueues(Protocol):
    """Lets agents work through records of any plugin; `record_processed` tells what became of each."""

    async def queues(self, ctx: Context) -> list[RecordQueue]:
        """The queues into which records can be put."""
        ...

    async def add(self, ctx: Context, queue: str, record: QueuedRecord) -> int:
        """Puts a record into a queue in the caller's transaction, and gives the id of its item there.

        A record that is in a queue already, whichever, stays there and is brought up to date: so it may be added twice.

        Raises:
            NotFound: There is no such queue.
            InvalidInput: Something of the record cannot be used.
        """
        ...

    async def update(self, ctx: Context, record: QueuedRecord) -> bool:
        """Brings what is shown of a record up to date; gives whether it is in a queue."""
        ...

    async def close(self, ctx: Context, reference: str) -> bool:
        """Takes a record out of its queue, also out of an agent's hands; gives whether it was in one."""
        ...
