"""The time zones that people choose from."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def is_zone(name: str) -> bool:
    """Whether this is an IANA zone."""
    return name in _all()


@cache
def zones() -> dict[str, tuple[str, ...]]:
    """Region → its IANA zones, without the historical names; UTC stands first, under an empty region."""
    named = sorted(name for name in _all() if name.partition("/")[0] in _REGIONS)
    by_region = {region: tuple(name for name in named if name.startswith(f"{region}/")) for region in _REGIONS}
    return {"": ("UTC",), **by_region}


@cache
def _all() -> frozenset[str]:
    # Reading them looks at some six hundred files: once a process is enough.
    return frozenset(available_timezones())
