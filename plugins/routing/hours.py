"""When a queue is open: spans of each week and holidays, by the clock of its zone.

A moment is open when the clock on the wall then shows an hour that is open. So each moment is one or the other,
whatever the clocks do: an hour that a change of the clocks leaves out is open for no time, one that comes twice is open
twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

END_OF_DAY = 1440
"""Minutes after midnight: 24:00."""
FAR = timedelta(days=400)
"""How far ahead one looks for the next opening: past the holidays of a year."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Span:
    """A part of a day.

    Attributes:
        opens: Minutes after midnight, 0 to 1439.
        closes: Minutes after midnight, more than `opens`; 1440 is the end of the day.
    """

    opens: int
    closes: int


WHOLE_DAY = (Span(0, END_OF_DAY),)


@dataclass(frozen=True)
class Hours:
    """When a queue is open.

    Attributes:
        zone: By its clock the rest is meant.
        week: Spans of each weekday, 0 being Monday; they neither touch nor overlap. None is the whole week.
        holidays: Days that keep other hours than the week says, each with its spans: none when it is closed.
    """

    zone: tzinfo
    week: Mapping[int, Sequence[Span]] | None = None
    holidays: Mapping[date, Sequence[Span]] = field(default_factory=dict)

    def of_day(self, day: date) -> Sequence[Span]:
        """The spans of a day, in order."""
        if day in self.holidays:
            return self.holidays[day]
        return WHOLE_DAY if self.week is None else self.week.get(day.weekday(), ())


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether a moment is open."""
    local = at.astimezone(hours.zone)
    now = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return any(
        timedelta(minutes=span.opens) <= now < timedelta(minutes=span.closes) for span in hours.of_day(local.date())
    )


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """The first moment, from `at` on, that is open, in UTC; None when there is none within `FAR`."""
    return next((begins for begins, _ends in open_between(hours, at, at + FAR)), None)


def next_closing(hours: Hours, at: datetime) -> datetime | None:
    """The first moment, from `at` on, that is closed, in UTC; None when there is none within `FAR`."""
    begin = at.astimezone(UTC)
    begins, ends = next(open_between(hours, begin, begin + FAR), (None, begin))
    if begins != begin:
        return begin
    return ends if ends < begin + FAR else None


def open_between(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches between two moments that are open, in order, in UTC; between two of them it is closed."""
    held: tuple[datetime, datetime] | None = None
    for begins, ends in _pieces(hours, start.astimezone(UTC), end.astimezone(UTC)):
        if held and held[1] == begins:
            held = (held[0], ends)
            continue
        if held:
            yield held
        held = (begins, ends)
    if held:
        yield held


def _pieces(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The same, cut at midnights and where the clocks change."""
    for begins, ends, offset in _steady(hours.zone, start, end):
        # While the clocks do not change, the clock on the wall is UTC moved by a fixed span.
        day = (begins + offset).date()
        while (midnight := datetime.combine(day, time(), UTC) - offset) < ends:
            for span in hours.of_day(day):
                opens = max(begins, midnight + timedelta(minutes=span.opens))
                closes = min(ends, midnight + timedelta(minutes=span.closes))
                if opens < closes:
                    yield opens, closes
            day += _DAY


def _steady(zone: tzinfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time between two moments, cut where the clocks change, each part with what its clock is ahead of UTC."""
    while start < end:
        finish = min(start + _DAY, end)
        offset = _offset(zone, start)
        if _offset(zone, finish) != offset:
            finish = _change(zone, start, finish)
        yield start, finish, offset
        start = finish


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The moment between these two at which the clocks change: they do so on a full second."""
    offset = _offset(zone, before)
    before = before.replace(microsecond=0)
    after = (after + timedelta(microseconds=999_999)).replace(microsecond=0)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
