"""Jobs as core and plugins declare them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

JobFunction = Callable[..., Awaitable[None]]


class Event(StrEnum):
    """Happenings that enqueue each job that asked for them, in the transaction in which they happen.

    Other than a hook, nothing of this is lost when a process dies. The arguments of the job are given in brackets.
    """

    INTERACTION_WAITING = "interaction_waiting"
    """An interaction waits for an agent, newly or again (none)."""
    AGENT_FREE = "agent_free"
    """An agent has become able to take work (none)."""
    OFFER_MADE = "offer_made"
    """An interaction has been offered to an agent (offer_id)."""
    INTERACTION_ENDED = "interaction_ended"
    """An interaction has ended, for whatever reason (interaction_id)."""


@dataclass(frozen=True)
class Job:
    """Work that is done in the background, at least once; the function must be idempotent.

    Attributes:
        name: `<plugin>.<what>`.
        function: Called with `ctx` and the arguments of the row (JSON values).
        on: Events that enqueue the job for tenants whose plugin is on.
        coalesce: Of several waiting rows of a tenant one is enough.
        time_limit: Seconds after which a run is given up.
        attempts: Runs after which the job counts as dead.
    """

    name: str
    function: JobFunction
    on: frozenset[Event] = frozenset()
    coalesce: bool = False
    time_limit: float = 30.0
    attempts: int = 10

    @property
    def plugin(self) -> str:
        """The plugin that the job belongs to; `core` for core's own."""
        return self.name.partition(".")[0]


def job(
    name: str,
    *,
    on: Iterable[Event] = (),
    coalesce: bool = False,
    time_limit: float = 30.0,
    attempts: int = 10,
) -> Callable[[JobFunction], Job]:
    """Makes a job of an async function; see `Job` for the arguments."""

    def make(function: JobFunction) -> Job:
        return Job(name, function, frozenset(on), coalesce, time_limit, attempts)

    return make


class JobRegistry:
    """The jobs of one application instance, by name and by event."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.by_name: dict[str, Job] = {}
        for item in jobs:
            if item.name in self.by_name:
                raise ValueError(f"Two jobs are named {item.name!r}.")
            self.by_name[item.name] = item

    def listening_to(self, event: Event) -> list[Job]:
        """The jobs that an event enqueues."""
        return [item for item in self.by_name.values() if event in item.on]

    def named(self, name: str) -> Job | None:
        """The job of that name, or None when its plugin is no longer installed."""
        return self.by_name.get(name)
