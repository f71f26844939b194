"""What of an agent's day was work, what a break, and how breaks stand against what is allowed in a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.agents.day import NOTHING, Day
from core.agents.reasons import Reason


@dataclass(frozen=True)
class OfReason:
    """The breaks of a day that were given one reason.

    Attributes:
        code: Of the reason; empty for breaks without one.
        is_break: Whether it counts as a break, rather than as work of another kind.
        limit: How long it may last in a day; None where nobody has said.
    """

    code: str
    length: timedelta
    is_break: bool
    limit: timedelta | None

    @property
    def over(self) -> timedelta:
        """By how much it was longer than allowed."""
        return max(NOTHING, self.length - self.limit) if self.limit is not None else NOTHING


@dataclass(frozen=True)
class WorkingTime:
    """A day in sums. `worked` and `breaks` and `away` make up the shift, exactly.

    Attributes:
        shift: From the first moment at which the agent was there to the last.
        worked: Without breaks, and without the time in which he was not there.
        breaks: For reasons that count as a break, and without a reason.
        away: Between, with no page open.
        reasons: The longest first.
    """

    shift: timedelta
    worked: timedelta
    breaks: timedelta
    away: timedelta
    reasons: tuple[OfReason, ...]


def time_of(day: Day, reasons: Mapping[str, Reason]) -> WorkingTime:
    """The sums of a day.

    Args:
        day: Which.
        reasons: The tenant's, by their codes; see `core.agents.reasons`.
    """
    given = tuple(
        sorted(
            (_of_reason(code, length, reasons.get(code)) for code, length in day.per_reason.items()),
            key=lambda each: (-each.length, each.code),
        )
    )
    breaks = sum((each.length for each in given if each.is_break), NOTHING)
    away = day.shift_length - day.on_line - day.paused
    return WorkingTime(day.shift_length, day.shift_length - breaks - away, breaks, away, given)


def _of_reason(code: str, length: timedelta, reason: Reason | None) -> OfReason:
    minutes = reason.daily_limit_minutes if reason else 0
    return OfReason(code, length, reason.is_break if reason else True, timedelta(minutes=minutes) if minutes else None)
