"""How times and spans of time are written, in the language and the time zone of who reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time

from core.locale import active_language
from core.plugins.gate import current_visit


def reader_zone() -> tzinfo:
    """The time zone of who reads: the user's, for an operator the installation's, else the tenant's, else UTC."""
    visit = current_visit()
    if visit.user is not None:
        return visit.user.zone
    if visit.operator is not None:
        return ZoneInfo(visit.platform.settings.locale.default_timezone)
    return visit.ctx.tenant.zone if visit.ctx is not None else UTC


def clock_time(moment: datetime) -> str:
    """Hours and minutes, such as `14:05`."""
    return format_time(moment.astimezone(reader_zone()), "HH:mm", locale=active_language())


def clock_seconds(moment: datetime) -> str:
    """Hours, minutes and seconds, such as `14:05:09`."""
    return format_time(moment.astimezone(reader_zone()), "HH:mm:ss", locale=active_language())


def day_and_time(moment: datetime) -> str:
    """A day with its time, such as `3 Nov 2026, 14:05`."""
    return format_datetime(moment.astimezone(reader_zone()), "d MMM y, HH:mm", locale=active_language())


def day(moment: datetime | date) -> str:
    """A day in words, such as `Tuesday, 3 November`."""
    value = moment.astimezone(reader_zone()) if isinstance(moment, datetime) else moment
    return format_date(value, "EEEE, d MMMM", locale=active_language())


def span(seconds: float | None) -> str:
    """A span of time: `04:05`, or `1:04:05` from an hour on; a dash for none."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def iso(moment: datetime) -> str:
    """A moment for a machine, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_iso() -> str:
    """The server's time, by which the clocks of a page are set."""
    return iso(datetime.now(UTC))
