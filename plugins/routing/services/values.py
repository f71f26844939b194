"""What may be set of a queue, and what is wrong with values that cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from plugins.routing.hours import END_OF_DAY, Span
from plugins.routing.models import Queue, Skill
from switchroom import Context
from switchroom.agents import Strategy, all_teams
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _

LONGEST_NAME = 100
LIMITS = {
    "target_seconds": (1, 3600),
    "priority": (-100, 100),
    "sticky_hours": (0, 8760),
    "overflow_seconds": (0, 86_400),
    "longest_wait_seconds": (0, 86_400),
    "most_waiting": (0, 100_000),
}
"""Least and most that each number of a queue may be."""
LEVELS = (1, 10)
"""Least and most of a level of a skill."""
MOST_SPANS = 3
"""Of one weekday."""
MOST_HOLIDAYS = 200


@dataclass(frozen=True)
class HolidayValue:
    """A day with hours of its own; `span` None is closed all day."""

    day: date
    name: str = ""
    span: Span | None = None


@dataclass(frozen=True)
class QueueValues:
    """All that may be set of a queue; see `plugins.routing.models.Queue`.

    Attributes:
        week: Weekday, 0 being Monday → when it is open; of no meaning while it is `always_open`.
        holidays: They hold in either case.
        skills: Id of a skill → the level that agents must have.
    """

    name: str
    target_seconds: int = 30
    channels: tuple[str, ...] = ("voice",)
    priority: int = 0
    strategy: str = Strategy.LONGEST_IDLE.value
    sticky_hours: int = 0
    teams: tuple[int, ...] = ()
    timezone: str = ""
    always_open: bool = True
    week: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    holidays: tuple[HolidayValue, ...] = ()
    overflow_queue_id: int | None = None
    overflow_seconds: int = 0
    longest_wait_seconds: int = 0
    most_waiting: int = 0
    skills: Mapping[int, int] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Any]:
        """What is kept in the queue's own row."""
        return {
            "name": self.name,
            "target_seconds": self.target_seconds,
            "channels": list(self.channels),
            "priority": self.priority,
            "strategy": self.strategy,
            "sticky_hours": self.sticky_hours,
            "teams": list(self.teams),
            "timezone": self.timezone,
            "always_open": self.always_open,
            "overflow_queue_id": self.overflow_queue_id,
            "overflow_seconds": self.overflow_seconds,
            "longest_wait_seconds": self.longest_wait_seconds,
            "most_waiting": self.most_waiting,
        }

    @property
    def audited(self) -> dict[str, Any]:
        """The same with hours, holidays and skills, as the audit log has it."""
        week = {str(day): [text_of(span) for span in spans] for day, spans in sorted(self.week.items()) if spans}
        holidays = {str(each.day): text_of(each.span) if each.span else "" for each in self.holidays}
        skills = {str(skill): level for skill, level in sorted(self.skills.items())}
        return {**self.columns, "week": week, "holidays": holidays, "skills": skills}


def clock(minutes: int) -> str:
    """Minutes after midnight as people write them: `09:30`, and `24:00` for the end of the day."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def text_of(span: Span) -> str:
    """A span as people write it: `09:00–18:00`."""
    return f"{clock(span.opens)}–{clock(span.closes)}"


def minutes_of(text: str) -> int | None:
    """The minutes after midnight that `09:30` says, 1440 for `24:00`; None for what says no time."""
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and hours.isdecimal() and minutes[:2].isdecimal() and len(hours) <= 2 and len(minutes) == 2):
        return None
    found = int(hours) * 60 + int(minutes)
    return found if int(minutes) < 60 and found <= END_OF_DAY else None


@cache
def zone_names() -> frozenset[str]:
    """Every IANA zone."""
    return frozenset(available_timezones())


async def check(ctx: Context, values: QueueValues, queue_id: int | None) -> None:
    """Raises `InvalidInput` with each value that cannot be used, by its field.

    Args:
        ctx: Where; others keep from changing queues meanwhile.
        values: What the queue is to be.
        queue_id: Which queue it is; None for a new one.
    """
    problems = dict(_numbers(values)) | dict(_hours(values))
    others = {queue.id: queue for queue in await Queue.all() if queue.id != queue_id}
    name = values.name.strip()
    if not name or len(name) > LONGEST_NAME:
        problems["name"] = _("Give the queue a name of at most 100 characters.")
    elif name.casefold() in {queue.name.casefold() for queue in others.values()}:
        problems["name"] = _("There is a queue of this name already.")
    if values.strategy not in set(Strategy):
        problems["strategy"] = _("Choose one of the ways to give out work.")
    if not set(values.channels) <= set(ctx.known_channels):
        problems["channels"] = _("There is no such channel.")
    if not set(values.teams) <= {team.id for team in await all_teams(ctx)}:
        problems["teams"] = _("There is no such team.")
    if values.timezone and values.timezone not in zone_names():
        problems["timezone"] = _("Choose a time zone of the list.")
    skills: Collection[int] = {skill.id for skill in await Skill.all()}
    if not set(values.skills) <= set(skills):
        problems["skills"] = _("There is no such skill.")
    elif not all(LEVELS[0] <= level <= LEVELS[1] for level in values.skills.values()):
        problems["skills"] = _("Levels go from 1 to 10.")
    if values.overflow_queue_id is None:
        if values.overflow_seconds:
            problems["overflow_queue_id"] = _("Choose the queue to which they go on.")
    elif values.overflow_queue_id != queue_id and values.overflow_queue_id not in others:
        problems["overflow_queue_id"] = _("There is no such queue.")
    elif cycle := _cycle(queue_id, values, others):
        problems["overflow_queue_id"] = _("Customers would go round in a circle: %(cycle)s.") % {"cycle": cycle}
    if problems:
        raise InvalidInput(_("The queue was not saved."), fields=problems)


def _cycle(queue_id: int | None, values: QueueValues, others: Mapping[int, Queue]) -> str:
    """The names of the queues through which one would come back to the start; empty when one does not."""
    names, next_id = [values.name.strip()], values.overflow_queue_id
    while next_id is not None and next_id != queue_id:
        queue = others.get(next_id)
        if queue is None:
            return ""
        names.append(queue.name)
        next_id = queue.overflow_queue_id
    return " → ".join([*names, names[0]]) if next_id is not None else ""


def _numbers(values: QueueValues) -> Iterator[tuple[str, str]]:
    for key, (least, most) in LIMITS.items():
        if not least <= getattr(values, key) <= most:
            text = _("Give a number of seconds between %(least)s and %(most)s.")
            if not key.endswith("_seconds"):
                text = _("Give a whole number between %(least)s and %(most)s.")
            yield key, text % {"least": least, "most": most}


def _hours(values: QueueValues) -> Iterator[tuple[str, str]]:
    for day, spans in values.week.items():
        if len(spans) > MOST_SPANS or day not in range(7):
            yield f"opens_{day}_0", _("A day has at most %(most)s spans.") % {"most": MOST_SPANS}
        end = 0
        for number, span in enumerate(spans):
            if not 0 <= span.opens < span.closes <= END_OF_DAY:
                yield f"opens_{day}_{number}", _("It must open before it closes. 24:00 is the end of the day.")
            elif span.opens < end:
                yield f"opens_{day}_{number}", _("This overlaps with the span before it.")
            end = max(end, span.closes)
    if len(values.holidays) > MOST_HOLIDAYS:
        yield "holidays", _("There are at most %(most)s such days.") % {"most": MOST_HOLIDAYS}
    seen = set()
    for number, holiday in enumerate(values.holidays):
        if holiday.day in seen:
            yield f"holiday_day_{number}", _("This day is there already.")
        seen.add(holiday.day)
        if holiday.span and not 0 <= holiday.span.opens < holiday.span.closes <= END_OF_DAY:
            yield f"holiday_opens_{number}", _("It must open before it closes. 24:00 is the end of the day.")
        if len(holiday.name) > LONGEST_NAME:
            yield f"holiday_name_{number}", _("Use at most 100 characters.")
