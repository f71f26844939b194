"""Wires webhooks into the platform."""

from __future__ import annotations

from click import Command

from switchroom import Context, Job, hookimpl
from switchroom.contributions import AdminPage, Asset, Models, Permission, PluginSettings, Routes
from switchroom.jobs import Schedule
from switchroom.locale import gettext as _
from switchroom_webhooks.api import API
from switchroom_webhooks.cleaning import wake_all
from switchroom_webhooks.commands import COMMANDS
from switchroom_webhooks.jobs import JOBS, SCHEDULES
from switchroom_webhooks.permissions import PERMISSIONS, SEE
from switchroom_webhooks.routes import PAGES
from switchroom_webhooks.settings import InstallationSettings, TenantSettings


class WebhooksPlugin:
    """Signed webhooks."""

    @hookimpl
    def register_models(self) -> Models:
        return Models(("switchroom_webhooks.models",), "switchroom_webhooks.migrations")

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=PAGES, api=API)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("webhooks.css")]

    @hookimpl
    def register_jobs(self) -> list[Job | Schedule]:
        return [*JOBS, *SCHEDULES]

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=TenantSettings, installation=InstallationSettings)

    @hookimpl
    def register_commands(self) -> list[Command]:
        return COMMANDS

    @hookimpl
    async def plugin_enabled(self, ctx: Context) -> None:
        await wake_all(ctx)

    @hookimpl
    async def admin_pages(self, ctx: Context) -> list[AdminPage]:
        summary = _("Tell other programs what happens to interactions and agents.")
        return [AdminPage("webhooks.endpoints", _("Webhooks"), "/p/webhooks/", "webhook", summary, SEE)]


plugin = WebhooksPlugin()
