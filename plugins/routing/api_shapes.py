"""What requests and answers about the settings of queues are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from plugins.routing.hours import Span
from plugins.routing.services.values import HolidayValue, QueueValues, clock, minutes_of
from switchroom.agents import Strategy
from switchroom.api import Answer, Flag, Given, Reference, Whole
from switchroom.locale import mark

ClockTime = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""Such as `09:30`; `24:00` is the end of the day."""


def _text(value: object) -> object:
    # pydantic would take numbers for seconds since 1970.
    if isinstance(value, str | date):
        return value
    raise ValueError(mark("Give a day such as 2026-12-25."))


Day = Annotated[date, BeforeValidator(_text, json_schema_input_type=str)]


class OpenSpan(Given):
    """A part of a weekday in which a queue is open, by the clock of its zone."""

    weekday: Annotated[int, Field(strict=True, ge=0, le=6)]
    """0 is Monday."""
    opens: ClockTime
    closes: ClockTime
    """`24:00` is the end of the day."""


class SpecialDay(Given):
    """A day that keeps other hours than the week says: both times, or neither when it is closed."""

    day: Day
    name: Annotated[str, Field(max_length=100)] = ""
    opens: ClockTime | None = None
    closes: ClockTime | None = None


class SkillLevel(Given):
    """A skill, and how well: 1 to 10."""

    skill_id: Reference
    level: Annotated[int, Field(strict=True, ge=1, le=10)]


Name = Annotated[str, Field(max_length=100)]
Channels = Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=50)]
Teams = Annotated[list[Reference], Field(max_length=1000)]
Week = Annotated[list[OpenSpan], Field(max_length=21)]
Holidays = Annotated[list[SpecialDay], Field(max_length=200)]
Skills = Annotated[list[SkillLevel], Field(max_length=200)]
Zone = Annotated[str, Field(max_length=60)]


class NewQueue(Given):
    """A queue to make."""

    name: Name
    """Unlike that of any other queue."""
    target_seconds: Whole = 30
    """The service level target: 1 to 3600."""
    channels: Channels = Field(default_factory=lambda: ["voice"])
    """Names of the channels that wait here."""
    priority: Whole = 0
    """-100 to 100; of an agent's queues the highest is served first."""
    strategy: Strategy = Strategy.LONGEST_IDLE
    """Who of the free agents comes first."""
    sticky_hours: Whole = 0
    """For how long a returning customer is offered to his last agent first; 0 is not at all."""
    teams: Teams = Field(default_factory=list)
    """Ids of the teams that serve it; empty for every team."""
    timezone: Zone = ""
    """IANA; empty is the organisation's."""
    always_open: Flag = True
    """Whether it is open all week, whatever `week` says."""
    week: Week = Field(default_factory=list)
    """When it is open."""
    holidays: Holidays = Field(default_factory=list)
    """Days with hours of their own."""
    overflow_queue_id: Reference | None = None
    """To which customers go on who have waited too long, or who come while this one is full."""
    overflow_seconds: Whole = 0
    """After which they go on; 0 is never."""
    longest_wait_seconds: Whole = 0
    """After which they are let go; 0 is never."""
    most_waiting: Whole = 0
    """With so many waiting it takes no more; 0 is without a limit."""
    skills: Skills = Field(default_factory=list)
    """What agents must be able to do, and how well at least."""


class ChangedQueue(Given):
    """What is to be changed of a queue; what is left out stays as it is."""

    name: Name = Field(default_factory=str)
    target_seconds: Whole = Field(default_factory=int)
    channels: Channels = Field(default_factory=list)
    priority: Whole = Field(default_factory=int)
    strategy: Strategy = Field(default_factory=lambda: Strategy.LONGEST_IDLE)
    sticky_hours: Whole = Field(default_factory=int)
    teams: Teams = Field(default_factory=list)
    timezone: Zone = Field(default_factory=str)
    always_open: Flag = Field(default_factory=bool)
    week: Week = Field(default_factory=list)
    holidays: Holidays = Field(default_factory=list)
    overflow_queue_id: Reference | None = Field(default_factory=lambda: None)
    overflow_seconds: Whole = Field(default_factory=int)
    longest_wait_seconds: Whole = Field(default_factory=int)
    most_waiting: Whole = Field(default_factory=int)
    skills: Skills = Field(default_factory=list)


class QueueSettings(Answer):
    """All that is set of a queue; see what is given for what each means."""

    id: int
    name: str
    target_seconds: int
    channels: list[str]
    priority: int
    strategy: Strategy
    sticky_hours: int
    teams: list[int]
    timezone: str
    always_open: bool
    week: list[OpenSpan]
    holidays: list[SpecialDay]
    overflow_queue_id: int | None
    overflow_seconds: int
    longest_wait_seconds: int
    most_waiting: int
    skills: list[SkillLevel]
    warnings: list[str]
    """What will hardly be meant, such as that nobody can serve it; a sentence for each."""


def values_of(given: NewQueue | ChangedQueue, before: QueueValues) -> QueueValues:
    """What a queue is to be: the values that were given, and the rest as it was."""
    chosen = set(type(given).model_fields) if isinstance(given, NewQueue) else given.model_fields_set
    found: dict[str, Any] = {name: getattr(given, name) for name in chosen}
    if "strategy" in found:
        found["strategy"] = str(found["strategy"])
    for name in ("channels", "teams"):
        if name in found:
            found[name] = tuple(found[name])
    if "week" in found:
        found["week"] = _week(found["week"])
    if "holidays" in found:
        found["holidays"] = tuple(_holiday(each) for each in found["holidays"])
    if "skills" in found:
        found["skills"] = {each.skill_id: each.level for each in found["skills"]}
    return replace(before, **found)


def settings_of(queue_id: int, values: QueueValues, warnings: list[str]) -> QueueSettings:
    """What a queue is, as the API shows it."""
    week = [
        OpenSpan(weekday=day, opens=clock(span.opens), closes=clock(span.closes))
        for day, spans in sorted(values.week.items())
        for span in spans
    ]
    holidays = [
        SpecialDay(
            day=each.day,
            name=each.name,
            opens=clock(each.span.opens) if each.span else None,
            closes=clock(each.span.closes) if each.span else None,
        )
        for each in values.holidays
    ]
    skills = [SkillLevel(skill_id=skill_id, level=level) for skill_id, level in values.skills.items()]
    parts: dict[str, Any] = {"id": queue_id, "week": week, "holidays": holidays, "skills": skills, "warnings": warnings}
    return QueueSettings(**{**values.columns, **parts})


def _week(spans: Iterable[OpenSpan]) -> dict[int, tuple[Span, ...]]:
    week: dict[int, tuple[Span, ...]] = defaultdict(tuple)
    for span in spans:
        week[span.weekday] += (Span(minutes_of(span.opens) or 0, minutes_of(span.closes) or 0),)
    return dict(week)


def _holiday(each: SpecialDay) -> HolidayValue:
    if each.opens is None and each.closes is None:
        return HolidayValue(each.day, each.name)
    return HolidayValue(
        each.day, each.name, Span(minutes_of(each.opens or "") or 0, minutes_of(each.closes or "") or 0)
    )
