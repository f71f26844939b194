"""What stands around every page of the workspace: navigation, top bar, panels, and the plugins' scripts and styles."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from core.accounts.permissions import HANDLE_INTERACTIONS, SEE_AGENTS
from core.accounts.sessions import SignedIn
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import BarItem, NavItem, Panel, Slot
from core.plugins.discovery import PluginRecord
from core.plugins.gate import current_visit
from core.web.administration import START, has_administration
from core.web.allowed import allowed
from core.web.assets import asset_path


@dataclass(frozen=True)
class Workspace:
    """What a full page shows besides its own content.

    Attributes:
        navigation: Pairs of a section's title and its entries, only those that the user may open.
        bar: Buttons of the top bar.
        side: Panels of the right column.
        dock: Panels at the bottom right.
        scripts: Addresses of the plugins' modules.
        styles: Addresses of the plugins' style sheets.
    """

    navigation: list[tuple[str, list[NavItem]]]
    bar: list[BarItem]
    side: list[Panel]
    dock: list[Panel]
    scripts: list[str]
    styles: list[str]

    @property
    def version(self) -> str:
        """A short text that changes when anything of it does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


async def workspace(ctx: Context, user: SignedIn) -> Workspace:
    """What this user's pages stand in."""
    items = await navigation(ctx, user)
    panels = allowed(await ctx.collect("agent_panels"), user)
    addresses = _asset_addresses()
    return Workspace(
        navigation=_sections(items),
        bar=allowed(await ctx.collect("bar_items"), user),
        side=[panel for panel in panels if panel.slot is Slot.SIDE],
        dock=[panel for panel in panels if panel.slot is Slot.DOCK],
        scripts=[address for address in addresses if ".js?" in address],
        styles=[address for address in addresses if ".css?" in address],
    )


async def navigation(ctx: Context, user: SignedIn) -> list[NavItem]:
    """The entries of the left navigation that this user may open, in their order."""
    items = allowed([_home(), _window(), _team(), *await ctx.collect("navigation_items")], user)
    if await has_administration(ctx, user):
        items.append(NavItem("core.administration", _("Administration"), START, "settings", order=900))
    return items


def _home() -> NavItem:
    return NavItem("core.home", _("Home"), "/", "home", order=0)


def _window() -> NavItem:
    return NavItem(
        "core.window", _("Single window"), "/window", "layout-dashboard", HANDLE_INTERACTIONS, order=5, shortcut="Alt+W"
    )


def _team() -> NavItem:
    return NavItem("core.agents", _("Team"), "/agents", "users", SEE_AGENTS, order=45)


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
