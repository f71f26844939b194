"""Wires the ledger into the platform."""

from __future__ import annotations

from plugins.promises import routes, supervising
from plugins.promises.api_routes import API
from plugins.promises.calling import CustomerHours
from plugins.promises.finding import find_promises
from plugins.promises.form_actions import FORM_ACTIONS
from plugins.promises.ledger import Ledger
from plugins.promises.permissions import KEEP, MANAGE, PERMISSIONS
from plugins.promises.settings import PromisesSettings, check_settings
from plugins.promises.times import fall_back, fall_due, look_after, remind
from switchroom import Context, Job, hookimpl
from switchroom.capabilities import CallingHours, PromiseLedger
from switchroom.contributions import (
    Asset,
    BarItem,
    FormAction,
    Models,
    NavItem,
    Opens,
    Permission,
    PluginSettings,
    Provider,
    Routes,
    SearchHit,
    SettingsProblem,
    ToolbarAction,
    WorkspaceSection,
)
from switchroom.interactions import InteractionView
from switchroom.jobs import Schedule
from switchroom.locale import gettext as _


class PromisesPlugin:
    """The ledger of all that is owed at a time."""

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[*routes.PAGES, *supervising.PAGES], api=API)

    @hookimpl
    def register_models(self) -> Models:
        return Models(("plugins.promises.models",), "plugins.promises.migrations")

    @hookimpl
    def register_jobs(self) -> list[Job | Schedule]:
        return [remind, fall_due, fall_back, look_after, Schedule(look_after, "*/5 * * * *")]

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_capabilities(self) -> list[Provider]:
        return [Provider(PromiseLedger, Ledger()), Provider(CallingHours, CustomerHours())]

    @hookimpl
    def register_form_actions(self) -> list[FormAction]:
        return FORM_ACTIONS

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=PromisesSettings)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("promises.js"), Asset("promises.css")]

    @hookimpl
    async def settings_check(self, ctx: Context, settings: PromisesSettings) -> list[SettingsProblem]:
        return await check_settings(ctx, settings)

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [
            NavItem("promises", _("Promises"), "/p/promises/", "bell", KEEP, order=30),
            NavItem("all-promises", _("All promises"), "/p/promises/all", "bell-ringing", MANAGE, order=55),
        ]

    @hookimpl
    async def bar_items(self, ctx: Context) -> list[BarItem]:
        topics = (f"promises:{ctx.actor.user_id}",)
        return [BarItem("promises", _("Promises"), "/p/promises/bell", topics, KEEP, order=10)]

    @hookimpl
    async def workspace_sections(self, ctx: Context) -> list[WorkspaceSection]:
        topics = (f"promises:{ctx.actor.user_id}",)
        return [
            WorkspaceSection(
                "due", _("Promises due"), "/p/promises/section", "bell", topics=topics, permission=KEEP, order=40
            )
        ]

    @hookimpl
    async def toolbar_actions(self, ctx: Context, interaction: InteractionView) -> list[ToolbarAction]:
        address = f"/p/promises/new?interaction={interaction.id}"
        return [ToolbarAction("callback", _("Promise a callback"), address, "bell-plus", Opens.DIALOG, KEEP, order=50)]

    @hookimpl
    async def search(self, ctx: Context, query: str, limit: int) -> list[SearchHit]:
        return await find_promises(ctx, query, limit)


plugin = PromisesPlugin()
