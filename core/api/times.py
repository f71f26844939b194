"""Moments in the address of a request."""

from __future__ import annotations

from datetime import UTC, datetime

from core.errors import InvalidInput
from core.locale import gettext as _


def moment(name: str, value: datetime | None) -> datetime | None:
    """The moment of a filter.

    Raises:
        InvalidInput: It has no offset, so nobody knows which moment it is.
    """
    if value is None:
        return None
    try:
        if value.tzinfo is not None:
            return value.astimezone(UTC)
    except OverflowError:
        pass
    text = _("Give a time such as 2026-03-01T09:30:00Z.")
    raise InvalidInput(text, fields={name: text})
