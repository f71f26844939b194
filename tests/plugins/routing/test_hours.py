"""Every moment of a year is open or closed once, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from plugins.routing.hours import END_OF_DAY, Hours, Span, is_open, next_closing, next_opening, open_between

BERLIN = ZoneInfo("Europe/Berlin")
# Half an hour of summer time, a change at midnight, a quarter of an hour beside the full hour, a day left out.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "UTC",
)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@some.composite
def spans(draw: some.DrawFn) -> tuple[Span, ...]:
    """Up to three spans of a day that do not overlap."""
    edges = draw(some.lists(some.integers(0, END_OF_DAY), unique=True, max_size=6).map(sorted))
    return tuple(Span(*edges[each : each + 2]) for each in range(0, len(edges) - 1, 2))


@some.composite
def hours(draw: some.DrawFn) -> Hours:
    """A week with some holidays, in some zone."""
    week = draw(some.none() | some.dictionaries(some.integers(0, 6), spans()))
    days = some.dates(date(2011, 12, 1), date(2027, 12, 31))
    return Hours(ZoneInfo(draw(some.sampled_from(ZONES))), week, draw(some.dictionaries(days, spans(), max_size=5)))


moments = some.datetimes(datetime(2011, 12, 25), datetime(2027, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 - naive


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The hours of a year within which the clocks change."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    each = [start + timedelta(hours=hour) for hour in range(366 * 24)]
    offsets = [moment.astimezone(zone).utcoffset() for moment in each]
    return [moment for moment, old, new in zip(each, offsets, offsets[1:], strict=False) if old != new]


@given(hours(), some.integers(2012, 2026))
@settings(max_examples=60)
def test_open_and_closed_together_are_the_year(kept: Hours, year: int) -> None:
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    opened = list(open_between(kept, start, end))
    edges = [start, *(edge for stretch in opened for edge in stretch), end]
    assert edges == sorted(edges)
    assert all(before < after for before, after in opened)
    assert all(one[1] < other[0] for one, other in pairwise(opened))
    closed = [edges[number + 1] - edges[number] for number in range(0, len(edges), 2)]
    total = sum((after - before for before, after in opened), timedelta()) + sum(closed, timedelta())
    assert total == end - start


@given(hours(), moments)
@settings(max_examples=100)
def test_each_minute_of_days_is_what_the_clock_on_the_wall_says(kept: Hours, start: datetime) -> None:
    start = start.replace(second=0, microsecond=0)
    opened = list(open_between(kept, start, start + DAY))
    for number in range(0, 24 * 60):
        at = start + number * MINUTE
        assert is_open(kept, at) == any(before <= at < after for before, after in opened)


@given(hours(), some.sampled_from(ZONES), some.sampled_from([2012, 2025, 2026]))
@settings(max_examples=25)
def test_the_same_holds_on_days_on_which_the_clocks_change(kept: Hours, zone: str, year: int) -> None:
    kept = Hours(ZoneInfo(zone), kept.week, kept.holidays)
    for change in changes(ZoneInfo(zone), year):
        start = change - timedelta(hours=3)
        opened = list(open_between(kept, start, start + timedelta(hours=6)))
        for number in range(0, 6 * 60):
            at = start + number * MINUTE
            assert is_open(kept, at) == any(before <= at < after for before, after in opened)


@given(hours(), moments)
@settings(max_examples=100)
def test_next_opening_and_closing_are_the_first_of_their_kind(kept: Hours, at: datetime) -> None:
    opening, closing = next_opening(kept, at), next_closing(kept, at)
    if opening is not None:
        assert is_open(kept, opening)
        assert opening == at or not is_open(kept, opening - timedelta(microseconds=1))
    if closing is not None:
        assert not is_open(kept, closing)
        assert closing == at or is_open(kept, closing - timedelta(microseconds=1))
    assert at in (opening, closing)


def at(text: str) -> datetime:
    """A moment of the clock on a wall in Berlin; `*` marks the second of two."""
    return datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=BERLIN, fold=text.endswith("*")).astimezone(UTC)


NIGHT = Hours(BERLIN, {6: (Span(150, 540),)})
"""Sundays from 02:30 to 09:00."""


def test_an_opening_in_the_hour_that_is_left_out_comes_with_the_change() -> None:
    assert next_opening(NIGHT, at("2026-03-28 12:00")) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    doubled = Hours(BERLIN, {6: (Span(120, 150),)})
    opened = list(open_between(doubled, at("2026-10-25 00:00"), at("2026-10-26 00:00")))
    assert opened == [
        (at("2026-10-25 02:00"), at("2026-10-25 02:30")),
        (at("2026-10-25 02:00*"), at("2026-10-25 02:30*")),
    ]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-11-22"])
def test_a_day_that_ends_at_24_00_goes_on_with_the_next(day: str) -> None:
    through = Hours(BERLIN, {6: (Span(1200, END_OF_DAY),), 0: (Span(0, 60),)})
    ((before, after),) = open_between(through, at(f"{day} 12:00"), at(f"{day} 12:00") + DAY)
    assert (before, after) == (at(f"{day} 20:00"), at(f"{day} 12:00") + timedelta(hours=13))


def test_what_is_always_open_closes_on_its_holidays_alone() -> None:
    assert next_closing(Hours(BERLIN), at("2026-11-22 12:00")) is None
    kept = Hours(BERLIN, None, {date(2026, 12, 25): ()})
    assert next_closing(kept, at("2026-11-22 12:00")) == at("2026-12-25 00:00")
    assert next_opening(kept, at("2026-12-25 12:00")) == at("2026-12-26 00:00")


def test_what_has_no_hours_never_opens() -> None:
    assert next_opening(Hours(BERLIN, {}), at("2026-11-22 12:00")) is None
    assert next_closing(Hours(BERLIN, {}), at("2026-11-22 12:00")) == at("2026-11-22 12:00")
