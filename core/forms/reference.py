"""A form that somebody is about to answer, as hooks are told of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FormRef:
    """Which form, and what it is about.

    Attributes:
        key: The key of the form, such as `wrapup:simple`.
        subject: An opaque reference to what it is about, such as `core:segment:17`.
        user_id: Who answers.
    """

    key: str
    subject: str
    user_id: int
