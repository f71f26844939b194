"""Every handler below `/admin`."""

from __future__ import annotations

from typing import Any

from core.admin import audit, lookups, people, plugins, roles, start, teams, tokens
from core.admin.forms import answers as form_answers
from core.admin.forms import editor as form_editor
from core.admin.forms import library as form_library
from core.admin.forms import trying as form_trying
from core.admin.forms import versions as form_versions

HANDLERS: list[Any] = [
    start.start,
    *people.HANDLERS,
    *roles.HANDLERS,
    *teams.HANDLERS,
    *lookups.HANDLERS,
    *form_library.HANDLERS,
    *form_answers.HANDLERS,
    *form_editor.HANDLERS,
    *form_trying.HANDLERS,
    *form_versions.HANDLERS,
    *plugins.HANDLERS,
    *tokens.HANDLERS,
    *audit.HANDLERS,
]
