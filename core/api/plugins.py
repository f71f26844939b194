"""Plugins: what the organisation has switched on, with which settings, and what has failed."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.params import JSONBody
from pydantic import Field

from core import plugin_lifecycle
from core.accounts.permissions import MANAGE_PLUGINS
from core.api.shapes import Answer, Flag, Given, Id, Time
from core.errors import NotFound
from core.locale import gettext as _
from core.plugins import issues
from core.plugins.context import Context, Platform
from core.plugins.enablement import shown_settings
from core.plugins.issues import Kind

Values = Annotated[dict[str, Any], Field(max_length=1000)]


class TenantPlugin(Answer):
    """A plugin, as far as this organisation goes."""

    name: str
    version: str
    summary: str
    state: str
    """How far it has come on the server: `ready`, or `blocked`, `broken`, `needs_migration`, `missing` and so on."""
    reason: str
    """Why it is not `ready`."""
    enabled: bool
    """Whether it is switched on."""
    on: bool
    """Whether it works; false beside `enabled` when something keeps it from working."""
    draining: bool
    """Whether it was switched off, and stays until the interactions that it carries have ended."""
    suspended_reason: str
    """Why it does not work although it is enabled and ready; else empty."""
    restricted: bool
    """Whether only the vendor may switch it on."""
    requires: list[str]
    required_by: list[str]
    """The plugins that need it and are on: it cannot be switched off before them."""
    has_settings: bool
    changed_at: Time | None


class TenantPlugins(Answer):
    """All plugins, by name."""

    items: list[TenantPlugin]


class Enabling(Given):
    """How a plugin is to be switched on."""

    with_requirements: Flag = False
    """Whether to switch on what it needs as well; without it that is refused."""
    settings: Values | None = None
    """Settings to begin with; null leaves what is stored, or the defaults."""


class PluginSettings(Given):
    """All that is to be set of a plugin."""

    values: Values
    """A field that is left out has its default again. A secret that is left out stays; null removes it."""


class ShownSettings(Answer):
    """The settings of a plugin."""

    values: dict[str, Any]
    """Field → value. Of a secret only whether it is set is said."""


class PluginIssue(Answer):
    """Something of a plugin that has failed."""

    id: int
    plugin: str
    kind: Kind
    place: str
    """The hook, the route or the job."""
    message: str
    incident: str
    """The number under which the server's log tells more."""
    count: int
    """How often."""
    failures: int
    """How often since it worked last."""
    first_seen: Time
    last_seen: Time
    parked_until: Time | None
    """Until when the plugin is not asked there; null when it is asked."""


class PluginIssues(Answer):
    """What has failed and was not dismissed: what is parked first, then the latest."""

    items: list[PluginIssue]


@get("/plugins", permission=MANAGE_PLUGINS, tags=["plugins"])
async def list_plugins(ctx: Context, platform: Platform) -> TenantPlugins:
    """Lists all plugins that are installed."""
    return TenantPlugins(
        items=[TenantPlugin.model_validate(view) for view in await plugin_lifecycle.overview(platform, ctx)]
    )


@get("/plugins/{name:str}", permission=MANAGE_PLUGINS, tags=["plugins"])
async def get_plugin(ctx: Context, platform: Platform, name: str) -> TenantPlugin:
    """Gives one plugin."""
    return await _shown(ctx, platform, name)


@post("/plugins/{name:str}/enable", permission=MANAGE_PLUGINS, status_code=200, tags=["plugins"])
async def enable_plugin(ctx: Context, platform: Platform, name: str, data: JSONBody[Enabling]) -> TenantPlugin:
    """Switches a plugin on, with the next request of anybody. One that is on stays so."""
    switch_on = plugin_lifecycle.enable_with_requirements if data.with_requirements else plugin_lifecycle.enable_plugin
    await switch_on(platform, ctx, name, settings=data.settings)
    return await _shown(ctx, platform, name)


@post("/plugins/{name:str}/disable", permission=MANAGE_PLUGINS, status_code=200, tags=["plugins"])
async def disable_plugin(ctx: Context, platform: Platform, name: str) -> TenantPlugin:
    """Switches a plugin off; its data stays. 409 while a plugin that is on needs it."""
    await _shown(ctx, platform, name)
    await plugin_lifecycle.disable_plugin(platform, ctx, name)
    return await _shown(ctx, platform, name)


@get("/plugins/{name:str}/settings", permission=MANAGE_PLUGINS, tags=["plugins"])
async def get_plugin_settings(ctx: Context, platform: Platform, name: str) -> ShownSettings:
    """Gives the settings of a plugin, without its secrets."""
    return await _settings(ctx, platform, name)


@put("/plugins/{name:str}/settings", permission=MANAGE_PLUGINS, tags=["plugins"])
async def save_plugin_settings(
    ctx: Context, platform: Platform, name: str, data: JSONBody[PluginSettings]
) -> ShownSettings:
    """Saves the settings of a plugin, on or off; in force with the next request of anybody."""
    await plugin_lifecycle.save_plugin_settings(platform, ctx, name, data.values)
    return await _settings(ctx, platform, name)


@delete("/plugins/{name:str}/data", permission=MANAGE_PLUGINS, tags=["plugins"])
async def delete_plugin_data(ctx: Context, platform: Platform, name: str) -> None:
    """Deletes all that a plugin that is off has stored for the organisation. For good."""
    await _shown(ctx, platform, name)
    await plugin_lifecycle.purge_plugin(platform, ctx, name)


@get("/plugin-issues", permission=MANAGE_PLUGINS, tags=["plugins"])
async def list_plugin_issues(ctx: Context) -> PluginIssues:
    """Lists what has failed in plugins."""
    return PluginIssues(items=[PluginIssue.model_validate(issue) for issue in await issues.issues(ctx.tenant.id)])


@post("/plugin-issues/{issue_id:int}/resume", permission=MANAGE_PLUGINS, status_code=204, tags=["plugins"])
async def resume_plugin_hook(ctx: Context, issue_id: Id) -> None:
    """Has a hook that is parked called again at once."""
    await issues.resume(ctx, issue_id)


@post("/plugin-issues/{issue_id:int}/dismiss", permission=MANAGE_PLUGINS, status_code=204, tags=["plugins"])
async def dismiss_plugin_issue(ctx: Context, issue_id: Id) -> None:
    """Puts an issue away until it fails again."""
    await issues.dismiss(ctx, issue_id)


HANDLERS = [
    list_plugins,
    get_plugin,
    enable_plugin,
    disable_plugin,
    get_plugin_settings,
    save_plugin_settings,
    delete_plugin_data,
    list_plugin_issues,
    resume_plugin_hook,
    dismiss_plugin_issue,
]


async def _shown(ctx: Context, platform: Platform, name: str) -> TenantPlugin:
    for view in await plugin_lifecycle.overview(platform, ctx):
        if view.name == name:
            return TenantPlugin.model_validate(view)
    raise NotFound(_("There is no such plugin."))


async def _settings(ctx: Context, platform: Platform, name: str) -> ShownSettings:
    record = platform.registry.get(name)
    if record is None:
        raise NotFound(_("There is no such plugin."))
    return ShownSettings(values=shown_settings(record, await platform.enablement.read(ctx.tenant.id)))
