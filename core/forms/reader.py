"""Whoever fills in a form: the zone in which times are typed, and the present."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Reader:
    """Whom a form is shown to, and who types into it. The language is the active one.

    Attributes:
        zone: The person's IANA time zone.
        now: The moment that "in the future" is measured from.
    """

    zone: ZoneInfo
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
