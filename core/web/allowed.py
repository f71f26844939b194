"""What of all that core and plugins offer a user may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from core.accounts.sessions import SignedIn


class Offered(Protocol):
    """Something with a place and perhaps a permission, such as a tab."""

    @property
    def permission(self) -> str | None:
        """Without which it is not shown."""

    @property
    def order(self) -> int:
        """Its place: lower ones come first."""


Entry = TypeVar("Entry", bound=Offered)


def allowed(entries: Iterable[Entry], user: SignedIn) -> list[Entry]:
    """Those that the user may open, in their order."""
    fitting = [entry for entry in entries if entry.permission is None or user.may(entry.permission)]
    return sorted(fitting, key=lambda entry: entry.order)
