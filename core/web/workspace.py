"""What stands around every page of the workspace: the navigation, the panels and the plugins' scripts and styles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from core.accounts.sessions import SignedIn
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import NavItem, Panel, Slot
from core.plugins.discovery import PluginRecord
from core.plugins.gate import current_visit
from core.web.assets import asset_path

Entry = TypeVar("Entry", NavItem, Panel)


@dataclass(frozen=True)
class Workspace:
    """What a full page shows besides its own content.

    Attributes:
        navigation: Pairs of a section's title and its entries, only those that the user may open.
        side: Panels of the right column.
        dock: Panels at the bottom right.
        scripts: Addresses of the plugins' modules.
        styles: Addresses of the plugins' style sheets.
    """

    navigation: list[tuple[str, list[NavItem]]]
    side: list[Panel]
    dock: list[Panel]
    scripts: list[str]
    styles: list[str]


async def workspace(ctx: Context, user: SignedIn) -> Workspace:
    """What this user's pages stand in."""
    items = _allowed([_home(), *await ctx.collect("navigation_items")], user)
    panels = _allowed(await ctx.collect("agent_panels"), user)
    addresses = _asset_addresses()
    return Workspace(
        navigation=_sections(items),
        side=[panel for panel in panels if panel.slot is Slot.SIDE],
        dock=[panel for panel in panels if panel.slot is Slot.DOCK],
        scripts=[address for address in addresses if ".js?" in address],
        styles=[address for address in addresses if ".css?" in address],
    )


def _home() -> NavItem:
    return NavItem("core.home", _("Home"), "/", "home", order=0)


def _allowed(entries: Iterable[Entry], user: SignedIn) -> list[Entry]:
    allowed = [entry for entry in entries if entry.permission is None or user.may(entry.permission)]
    return sorted(allowed, key=lambda entry: entry.order)


def _sections(items: list[NavItem]) -> list[tuple[str, list[NavItem]]]:
    titles = {"work": _("Work"), "administration": _("Administration")}
    sections = [
        (title, [item for item in items if (item.section if item.section in titles else "work") == section])
        for section, title in titles.items()
    ]
    return [(title, entries) for title, entries in sections if entries]


def _asset_addresses() -> list[str]:
    return [
        f"/p/{record.name}/static/{asset_path(record, asset.file)}"
        for record in _enabled()
        for asset in record.contributions.assets
    ]


def _enabled() -> list[PluginRecord]:
    visit = current_visit()
    names = visit.ctx.enabled_plugins if visit.ctx else frozenset()
    return [record for record in visit.platform.registry.ready if record.name in names]


def plugin_asset(file: str) -> str:
    """The address of a file of the plugin whose page this is, for a public page as for one of the workspace.

    Raises:
        LookupError: The page is not a plugin's.
    """
    visit = current_visit()
    record = next((record for record in _enabled() if record.name == visit.plugin), None)
    if record is None or visit.ctx is None:
        raise LookupError("plugin_asset() is for pages of plugins.")
    path = asset_path(record, file)
    if visit.public and record.manifest is not None:
        return f"/{record.manifest.public_prefix}/{visit.ctx.tenant.slug}/static/{path}"
    return f"/p/{record.name}/static/{path}"
