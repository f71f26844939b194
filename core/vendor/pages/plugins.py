"""Plugins: the matrix of tenants and plugins, and how the plugins of this installation are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter

from core.accounts.operators import SignedInOperator
from core.locale import gettext as _
from core.plugin_lifecycle import TenantPluginView, disable_plugin, enable_with_requirements, overview
from core.plugins.context import Platform
from core.plugins.discovery import PluginRecord
from core.tenants import directory
from core.tenants.directory import TenantEntry
from core.vendor import attention
from core.vendor.attention import in_tenant
from core.vendor.console import console_page
from core.vendor.disagreement import plugins_of_installation
from core.vendor.processes import processes
from core.web.rendering import fragment, with_toast

Words = Annotated[str, QueryParameter(name="q")]
Page = Annotated[int, QueryParameter(name="page")]


@dataclass
class Toggle:
    """A switch of the matrix."""

    tenant_id: int
    plugin: str
    to: str


@dataclass(frozen=True)
class Row:
    """A tenant of the matrix, with each plugin by its name."""

    tenant: TenantEntry
    plugins: Mapping[str, TenantPluginView]
    missing: Mapping[str, tuple[str, ...]]
    """Plugin → what would be switched on with it."""


@get("/vendor/plugins", operator=True)
async def matrix(platform: Platform, operator: SignedInOperator, words: Words = "", page: Page = 1) -> Response[Any]:
    """Tenants and plugins."""
    return console_page("vendor/matrix.html", title=_("Plugins"), **await _matrix(platform, operator, words, page))


@get("/vendor/plugins/found", operator=True)
async def matrix_found(
    platform: Platform, operator: SignedInOperator, words: Words = "", page: Page = 1
) -> Response[Any]:
    """The matrix alone, while somebody types."""
    return fragment("vendor/matrix_table.html", **await _matrix(platform, operator, words, page))


@get("/vendor/plugins/ask", operator=True)
async def ask(tenant_id: int, plugin: str, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """What a switch would do besides, before it does."""
    row = await _row(platform, operator, await directory.find_one(tenant_id))
    return fragment(
        "vendor/matrix_ask.html", row=row, plugin=row.plugins.get(plugin), missing=row.missing.get(plugin, ())
    )


@post("/vendor/plugins/toggle", operator=True, status_code=200)
async def toggle(
    data: Annotated[Toggle, Body(media_type=RequestEncodingType.URL_ENCODED)],
    platform: Platform,
    operator: SignedInOperator,
) -> Response[Any]:
    """Switches a plugin on or off for a tenant, and gives the tenant's row as it is then."""
    entry = await directory.find_one(data.tenant_id)
    async with in_tenant(platform, data.tenant_id, operator) as ctx:
        if data.to == "on":
            done = await enable_with_requirements(platform, ctx, data.plugin)
            text = _("%(tenant)s: switched on %(plugins)s.") % {"tenant": entry.name, "plugins": ", ".join(done)}
        else:
            await disable_plugin(platform, ctx, data.plugin)
            text = _("%(tenant)s: switched off %(plugins)s.") % {"tenant": entry.name, "plugins": data.plugin}
    row = await _row(platform, operator, entry)
    return with_toast(fragment("vendor/matrix_row.html", row=row, records=_columns(platform)), text)


@get("/vendor/plugins/installed", operator=True)
async def installed(platform: Platform) -> Response[Any]:
    """The plugins of this installation, in each of its processes."""
    return console_page(
        "vendor/installed.html",
        title=_("Plugins"),
        plugins=await plugins_of_installation(platform),
        processes=[process for process in await processes() if process.alive],
        issues=await attention.all_issues(),
    )


def _columns(platform: Platform) -> list[PluginRecord]:
    """Plugins that can be switched on anywhere, those that are required first."""
    return [record for record in platform.registry.records if record.manifest is not None]


async def _matrix(platform: Platform, operator: SignedInOperator, words: str, page: int) -> dict[str, Any]:
    found = await directory.find(words, page=page)
    rows = [await _row(platform, operator, entry) for entry in found.tenants]
    return {"found": found, "rows": rows, "records": _columns(platform), "q": words}


async def _row(platform: Platform, operator: SignedInOperator, entry: TenantEntry) -> Row:
    async with in_tenant(platform, entry.id, operator) as ctx:
        plugins = {view.name: view for view in await overview(platform, ctx)}
    missing = {name: tuple(_missing(plugins, name)) for name, view in plugins.items() if not view.on}
    return Row(entry, plugins, {name: names for name, names in missing.items() if names})


def _missing(plugins: Mapping[str, TenantPluginView], name: str) -> list[str]:
    """All that a plugin requires and that is off, those that others need first."""
    found: list[str] = []
    for needed in plugins[name].requires if name in plugins else ():
        if needed in plugins and not plugins[needed].on:
            found += [each for each in (*_missing(plugins, needed), needed) if each not in found]
    return found


HANDLERS = [matrix, matrix_found, ask, toggle, installed]
