"""What the pages of queues send: forms in parts, of which each is read when it was sent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

from litestar.datastructures import FormMultiDict

from plugins.routing.hours import Span
from plugins.routing.services.values import MOST_SPANS, HolidayValue, QueueValues, minutes_of
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _

_HOLIDAY = re.compile(r"holiday_day_(\d{1,4})")
NO_NUMBER = -1_000_000
"""What no limit allows."""


def text(form: FormMultiDict, name: str) -> str:
    """A field of a form without what cannot be stored; empty when it was not sent."""
    value = form.get(name, "")
    return value.replace("\0", "") if isinstance(value, str) else ""


def texts(form: FormMultiDict, name: str) -> list[str]:
    """All values of a field, such as of boxes that are ticked."""
    return [value for value in form.getall(name, []) if isinstance(value, str)]


def number(value: str) -> int:
    """A whole number; one that no limit allows for anything else."""
    value = value.strip()
    return int(value) if re.fullmatch(r"-?\d{1,9}", value, re.ASCII) else NO_NUMBER


def number_or_zero(value: str) -> int:
    """The same, where nothing means zero."""
    return number(value) if value.strip() else 0


def ids(form: FormMultiDict, name: str) -> list[int]:
    """Ids that were sent as values of a field; -1 for what is none."""
    return [number(value) for value in texts(form, name)]


def read_queue(form: FormMultiDict, before: QueueValues) -> QueueValues:
    """What a queue is to be, with what was not sent as it was.

    Raises:
        InvalidInput: Something says no time or no day; names the field.
    """
    found: dict[str, Any] = {}
    parts = set(texts(form, "part"))
    for name in ("name", "strategy", "timezone"):
        if name in form:
            found[name] = text(form, name)
    for name in ("target_seconds", "priority", "sticky_hours"):
        if name in form:
            found[name] = number(text(form, name))
    for name in ("overflow_seconds", "longest_wait_seconds", "most_waiting"):
        if name in form:
            found[name] = number_or_zero(text(form, name))
    if "overflow_queue_id" in form:
        chosen = text(form, "overflow_queue_id")
        found["overflow_queue_id"] = number(chosen) if chosen else None
    if "channels" in parts:
        found["channels"] = tuple(texts(form, "channels"))
    if "teams" in parts:
        found["teams"] = tuple(ids(form, "teams")) if text(form, "all_teams") != "1" else ()
    if "skills" in parts:
        found["skills"] = read_levels(form)
    if "hours" in parts:
        found |= _hours(form)
    return replace(before, **found)


def read_levels(form: FormMultiDict) -> dict[int, int]:
    """Skills with their levels, of fields such as `skill_3`; those without one are left out."""
    levels = {}
    for name in form:
        kind, _underscore, skill = name.partition("_")
        if kind == "skill" and skill.isdecimal() and (level := number_or_zero(text(form, name))):
            levels[number(skill)] = level
    return levels


def _hours(form: FormMultiDict) -> dict[str, Any]:
    problems: dict[str, str] = {}
    always = text(form, "always_open") == "1"
    week = {} if always else {day: _spans(form, day, problems) for day in range(7)}
    holidays = []
    for row in sorted(int(match[1]) for name in form if (match := _HOLIDAY.fullmatch(name))):
        said = text(form, f"holiday_day_{row}").strip()
        if not said:
            continue
        try:
            day = date.fromisoformat(said)
        except ValueError:
            problems[f"holiday_day_{row}"] = _("This is no day.")
            continue
        span = _span(form, f"holiday_opens_{row}", f"holiday_closes_{row}", problems)
        holidays.append(HolidayValue(day, text(form, f"holiday_name_{row}").strip(), span))
    if problems:
        raise InvalidInput(_("The queue was not saved."), fields=problems)
    # The week is kept while it does not hold: who switches back finds it.
    kept = {} if always else {"week": week}
    return {"always_open": always, "holidays": tuple(holidays), **kept}


def _spans(form: FormMultiDict, day: int, problems: dict[str, str]) -> tuple[Span, ...]:
    rows = (_span(form, f"opens_{day}_{row}", f"closes_{day}_{row}", problems) for row in range(MOST_SPANS))
    return tuple(span for span in rows if span)


def _span(form: FormMultiDict, opens: str, closes: str, problems: dict[str, str]) -> Span | None:
    """The span that two fields say; None when both are empty. Midnight ends a day as 24:00 does."""
    begin, end = text(form, opens).strip(), text(form, closes).strip()
    if not begin and not end:
        return None
    times = minutes_of(begin), minutes_of(end)
    for name, minutes in zip((opens, closes), times, strict=True):
        if minutes is None:
            problems[name] = _("Give a time such as 09:30.")
    if times[0] is None or times[1] is None:
        return None
    span = Span(times[0], times[1] or 1440)
    if span.opens >= span.closes:
        problems[opens] = _("It must open before it closes. 24:00 is the end of the day.")
    return span
