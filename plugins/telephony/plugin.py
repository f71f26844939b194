"""Wires telephony into the platform."""

from __future__ import annotations

from plugins.telephony.api_routes import API
from plugins.telephony.jobs import drop_legs
from plugins.telephony.panels import softphone_panel
from plugins.telephony.permissions import PERMISSIONS
from plugins.telephony.public_routes import PUBLIC
from plugins.telephony.routes import PAGES
from plugins.telephony.runtime import start, stop
from plugins.telephony.services.ending import hang_up_legs
from plugins.telephony.settings import InstallationSettings, TenantSettings
from switchroom import Context, Job, hookimpl
from switchroom.contributions import Asset, ChannelType, Models, Panel, Permission, PluginSettings, Routes
from switchroom.interactions import Channel, InteractionView
from switchroom.locale import mark as _
from switchroom.runtime import Platform


class TelephonyPlugin:
    """Voice."""

    @hookimpl
    def register_models(self) -> Models:
        return Models(("plugins.telephony.models",), "plugins.telephony.migrations")

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=PAGES, public=PUBLIC, api=API)

    @hookimpl
    def register_jobs(self) -> list[Job]:
        return [drop_legs]

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=TenantSettings, installation=InstallationSettings)

    @hookimpl
    def register_channels(self) -> list[ChannelType]:
        return [ChannelType(Channel.VOICE, _("Phone call"), "phone", media=True)]

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("softphone.js"), Asset("softphone.css")]

    @hookimpl
    async def plugin_startup(self, platform: Platform, media: bool) -> None:
        await start(platform, media=media)

    @hookimpl
    async def plugin_shutdown(self, platform: Platform) -> None:
        await stop(platform)

    @hookimpl
    async def interaction_ended(self, ctx: Context, interaction: InteractionView) -> None:
        if interaction.channel == Channel.VOICE:
            await hang_up_legs(ctx, interaction.id)

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return [softphone_panel(ctx.actor.user_id)] if ctx.actor.user_id else []


plugin = TelephonyPlugin()
