"""The person of the vendor behind a request, as every layer may know it; the services are in `core.vendor`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SignedInOperator:
    """Somebody of the vendor, who may use the console.

    Attributes:
        language: None until one has been chosen.
        theme: `light`, `dark` or `auto`.
    """

    id: int
    username: str
    name: str
    language: str | None
    theme: str
    session_id: int
