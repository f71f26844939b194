"""Wires after-contact work into the platform."""

from __future__ import annotations

from plugins.wrapup.api_routes import API
from plugins.wrapup.panels import task_panel
from plugins.wrapup.permissions import PERMISSIONS
from plugins.wrapup.reasons import REASONS
from plugins.wrapup.routes import PAGES
from plugins.wrapup.services import AfterCalls
from plugins.wrapup.settings import WrapUpSettings
from switchroom import Context, hookimpl
from switchroom.capabilities import AfterContactWork
from switchroom.contributions import Asset, Lookup, Models, Panel, Permission, PluginSettings, Provider, Routes


class WrapUpPlugin:
    """After-contact work."""

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=PAGES, api=API)

    @hookimpl
    def register_models(self) -> Models:
        return Models(("plugins.wrapup.models",), "plugins.wrapup.migrations")

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_capabilities(self) -> list[Provider]:
        return [Provider(AfterContactWork, AfterCalls())]

    @hookimpl
    def register_lookups(self) -> list[Lookup]:
        return [REASONS]

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=WrapUpSettings)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("wrapup.js"), Asset("wrapup.css")]

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return task_panel(ctx)


plugin = WrapUpPlugin()
