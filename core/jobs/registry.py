"""Jobs as core and plugins declare them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cronsim import CronSim, CronSimError

JobFunction = Callable[..., Awaitable[None]]


class Event(StrEnum):
    """Happenings that enqueue each job that asked for them, in the transaction in which they happen.

    Other than a hook, nothing of this is lost when a process dies. The arguments of the job are given in brackets.
    """

    INTERACTION_WAITING = "interaction_waiting"
    """An interaction waits for an agent, newly or again (interaction_id)."""
    AGENT_FREE = "agent_free"
    """An agent has become able to take work, or more of it (user_id)."""
    AGENT_PLACED = "agent_placed"
    """A user has become an agent, has come into another team, or his team has other rules (user_id)."""
    RIGHTS_CHANGED = "rights_changed"
    """An account was switched off or on, somebody's roles are others, or a role allows other things ()."""
    OFFER_MADE = "offer_made"
    """An interaction has been offered to an agent (offer_id)."""
    INTERACTION_ENDED = "interaction_ended"
    """An interaction has ended, for whatever reason (interaction_id)."""
    LOOKUP_CHANGED = "lookup_changed"
    """An administrator has changed a list of choices (lookup: its name)."""
    FACT_RECORDED = "fact_recorded"
    """An interaction, an offer, a segment or an agent's status has changed (fact_id). See `switchroom.facts`."""


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


@dataclass(frozen=True)
class Schedule:
    """A job that is enqueued again and again, for every tenant whose plugin is on.

    The job takes no arguments. Of a tenant in which it has not run since its last time, one run waits.

    Attributes:
        cron: Five fields, in UTC: minute, hour, day of the month, month, day of the week.

    Raises:
        ValueError: `cron` cannot be read.
    """

    job: Job
    cron: str

    def __post_init__(self) -> None:
        try:
            next(CronSim(self.cron, datetime.now(UTC)))
        except (CronSimError, StopIteration) as error:
            raise ValueError(f"The schedule {self.cron!r} of {self.job.name!r} cannot be read: {error}") from error
        if len(self.cron.split()) != 5:
            raise ValueError(f"The schedule {self.cron!r} of {self.job.name!r} must have five fields.")


@dataclass(frozen=True)
class InstallationSchedule(Schedule):
    """Core's own: enqueued once for the whole installation. The job is given the platform in place of a context."""


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
