"""An agent's day as a picture: bars on a line of hours, in shares of its width."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.agents.day import Day, Interval
from core.agents.states import Status

SHORTEST = timedelta(hours=4)
"""The least that a picture covers: an agent who has just come is not a bar from edge to edge."""
MOST_MARKS = 13
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Bar:
    """A part of the line, in per cent of its width.

    Attributes:
        kind: What it stands for: a status, or `work`, `break`.
    """

    kind: str
    start: float
    width: float


@dataclass(frozen=True)
class Mark:
    """An hour on the line."""

    place: float
    moment: datetime


@dataclass(frozen=True)
class Picture:
    """The line of a day."""

    bars: list[Bar]
    marks: list[Mark]


def picture_of(day: Day) -> Picture | None:
    """The shift, from the full hour before it to the full hour after it; None for a day without one."""
    shift = day.shift
    if shift is None:
        return None
    # Hours of real time from midnight on: on a day on which the clock is set they are still all of one length.
    first = day.begins + (shift[0] - day.begins) // HOUR * HOUR
    last = day.begins + -((day.begins - max(shift[1], first + SHORTEST)) // HOUR) * HOUR
    whole = last - first
    step = next(hours for hours in (1, 2, 3, 4, 6) if whole / HOUR / hours < MOST_MARKS) * HOUR
    marks = [Mark(_share(number * step, whole), first + number * step) for number in range(int(whole / step) + 1)]
    bars = [
        Bar(each.status.value, _share(each.start - first, whole), _share(each.length, whole)) for each in day.of_shift()
    ]
    return Picture(bars, marks)


def strip_of(day: Day) -> list[Bar]:
    """The whole day in little: only work and breaks, neighbours of one kind as one bar."""
    bars: list[Bar] = []
    whole = day.ends - day.begins
    for each in day.of_shift():
        kind = _kind(each)
        start, width = _share(each.start - day.begins, whole), _share(each.length, whole)
        if bars and bars[-1].kind == kind:
            bars[-1] = Bar(kind, bars[-1].start, start + width - bars[-1].start)
        else:
            bars.append(Bar(kind, start, width))
    return [bar for bar in bars if bar.kind]


def _kind(each: Interval) -> str:
    return {Status.OFFLINE: "", Status.PAUSED: "break"}.get(each.status, "work")


def _share(part: timedelta, whole: timedelta) -> float:
    return round(100 * (part / whole), 4)
