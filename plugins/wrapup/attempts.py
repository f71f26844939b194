"""The time of the next attempt: shortcuts to it, and whether the queue is open and the customer may be called then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from plugins.wrapup.forms import DEFERRED_AT, NEXT_ATTEMPT_AT, SIMPLE
from plugins.wrapup.settings import WrapUpSettings
from switchroom import Context
from switchroom.capabilities import BusinessHours, CallingHours, OpenTimes, QueueDirectory
from switchroom.forms import Reader, pick_answers, read_answers
from switchroom.interactions import InteractionView
from switchroom.locale import gettext as _

TIMES = (NEXT_ATTEMPT_AT, DEFERRED_AT)
"""The questions of the form for a time in which the customer is called."""

KEPT = "kept."
"""What the fields begin with in which a page says which time the agent keeps, whatever he was told of it."""

_MOST_TURNS = 60
"""How often one looks from the hours of the queue to those of the customer and back for a moment in both."""


@dataclass(frozen=True)
class Shortcut:
    """A time that one click gives.

    Attributes:
        title: What people call it.
        at: When.
        from_now: Whether it moves on with the clock, such as "in 1 hour".
    """

    title: str
    at: datetime
    from_now: bool = False


@dataclass(frozen=True)
class Outside:
    """A time at which the queue is closed, or the customer should not be called.

    Attributes:
        typed: The time, as it was typed.
        queue: The name of the queue that is closed then; empty when it is open.
        customer: What the customer's clock shows then; None when he may be called.
        next_at: The next time that is possible; None when none is in sight.
        kept: Whether the agent has seen this and keeps his time.
    """

    typed: str
    queue: str
    customer: datetime | None
    next_at: datetime | None
    kept: bool


async def shortcuts_of(ctx: Context, interaction: InteractionView, reader: Reader) -> list[Shortcut]:
    """What stands beside a time, by the clock of whoever fills in the form, in the order of time."""
    settings: WrapUpSettings = ctx.for_plugin("wrapup").settings
    return shortcuts(reader.now.astimezone(reader.zone), settings, await _queue_hours(ctx, interaction.queue))


def shortcuts(now: datetime, settings: WrapUpSettings, hours: OpenTimes | None) -> list[Shortcut]:
    """The shortcuts of a moment.

    Args:
        now: By the agent's clock, in his zone.
        settings: When morning and afternoon begin.
        hours: When the queue is open; None for always: then Monday to Friday are working days.
    """
    tomorrow = _at_hour(now + timedelta(days=1), settings.morning_hour)
    afternoon = _at_hour(now, settings.afternoon_hour)
    found = [
        Shortcut(_("In 1 hour"), now.astimezone(UTC) + timedelta(hours=1), from_now=True),
        Shortcut(_("This afternoon"), afternoon),
        Shortcut(_("Tomorrow morning"), tomorrow),
        Shortcut(_("Next working day"), _working_morning(tomorrow, settings.morning_hour, hours)),
    ]
    return [each for each in found if each.at > now]


async def outside_hours(
    ctx: Context, interaction: InteractionView, posted: Iterable[tuple[str, str]], reader: Reader
) -> dict[str, Outside]:
    """Which times of the form lie outside of the hours, by their question; nothing that cannot be read is looked at."""
    posted = list(posted)
    # Of a form of the organisation's own, too, these questions are the usual ones.
    typed = pick_answers(SIMPLE, [each for each in posted if each[0].removeprefix("answer.") in SIMPLE.questions])
    answers = read_answers(SIMPLE, typed, reader).answers
    times = {field: str(answers[field]) for field in TIMES if answers.get(field)}
    if not times:
        return {}
    queue = await _queue_hours(ctx, interaction.queue)
    calling = ctx.capability(CallingHours)  # type: ignore[type-abstract]
    customer = await calling.of_number(ctx, interaction.contact_number) if calling else None
    found = {}
    for field, text in times.items():
        at = datetime.fromisoformat(text)
        closed, asleep = _is_closed(queue, at), customer is not None and _is_closed(customer, at)
        if closed or asleep:
            found[field] = Outside(
                typed=typed[field],
                queue=await _name(ctx, interaction.queue) if closed else "",
                customer=customer.local(at) if customer is not None and asleep else None,
                next_at=next_possible(at, [each for each in (queue, customer) if each is not None]),
                kept=(f"{KEPT}{field}", typed[field]) in posted,
            )
    return found


def next_possible(at: datetime, all_of: list[OpenTimes]) -> datetime | None:
    """The first moment, from `at` on, at which all of these are open; None when none is in sight."""
    found: datetime | None = at
    for _turn in range(_MOST_TURNS):
        before = found
        for each in all_of:
            found = each.next_opening(found) if found is not None else None
        if found is None or found == before:
            return found
    return None


def shown(shortcuts: list[Shortcut], outside: dict[str, Outside], reader: Reader) -> dict[str, Any]:
    """What the templates put beside times, by the clock of whoever fills in the form."""
    return {
        "shortcuts": [(each, _typed(each.at, reader)) for each in shortcuts],
        "outside": {
            field: (each, _typed(each.next_at, reader) if each.next_at else "") for field, each in outside.items()
        },
    }


def _typed(at: datetime, reader: Reader) -> str:
    return f"{at.astimezone(reader.zone):%Y-%m-%dT%H:%M}"


def _at_hour(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def _working_morning(tomorrow: datetime, hour: int, hours: OpenTimes | None) -> datetime:
    """The morning of the next day on which one works; later, where the queue opens later."""
    if hours is None:
        while tomorrow.weekday() > 4:
            tomorrow += timedelta(days=1)
        return tomorrow
    opens = hours.next_opening(tomorrow)
    if opens is None:
        return tomorrow
    # What opens before the morning of a later day does is called in its morning.
    morning = _at_hour(opens.astimezone(tomorrow.tzinfo), hour)
    return (hours.next_opening(max(opens, morning)) or opens).astimezone(tomorrow.tzinfo)


def _is_closed(hours: OpenTimes | None, at: datetime) -> bool:
    return hours is not None and hours.next_opening(at) != at


async def _queue_hours(ctx: Context, queue: str) -> OpenTimes | None:
    business = ctx.capability(BusinessHours)  # type: ignore[type-abstract]
    return await business.of_queue(ctx, queue) if business and queue else None


async def _name(ctx: Context, queue: str) -> str:
    directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    return (await directory.title(ctx, queue) if directory else "") or _("The queue")
