"""What people call a plugin."""

from __future__ import annotations

from core.locale import gettext as _
from core.plugins.context import CORE, Platform


def plugin_title(platform: Platform, name: str) -> str:
    """The name of a plugin for headings: the manifest's title where it gives one, else the name with a capital."""
    if name == CORE:
        return _("Basics")
    record = platform.registry.get(name)
    title = record.manifest.title if record is not None and record.manifest is not None else ""
    return _(title) if title else name.capitalize()


def plugin_icon(platform: Platform, name: str) -> str:
    """The icon of a plugin."""
    record = platform.registry.get(name)
    return record.manifest.icon if record is not None and record.manifest is not None else "puzzle"
