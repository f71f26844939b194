"""Every handler below `/admin`."""

from __future__ import annotations

from typing import Any

from core.admin import audit, lookups, people, plugins, roles, start, teams, tokens

HANDLERS: list[Any] = [
    start.start,
    *people.HANDLERS,
    *roles.HANDLERS,
    *teams.HANDLERS,
    *lookups.HANDLERS,
    *plugins.HANDLERS,
    *tokens.HANDLERS,
    *audit.HANDLERS,
]
