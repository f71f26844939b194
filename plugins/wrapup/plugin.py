"""Wires after-contact work into the platform."""

from __future__ import annotations

from plugins.wrapup import (
    answer_routes,
    disposition_api,
    disposition_routes,
    disposition_table_routes,
    floor_routes,
    rule_api,
    rule_routes,
)
from plugins.wrapup.answer_routes import answers_card_tab
from plugins.wrapup.api_routes import API
from plugins.wrapup.clock import AfterCalls, contact_ended
from plugins.wrapup.panels import task_panel
from plugins.wrapup.permissions import MANAGE_DISPOSITIONS, MANAGE_RULES, PERMISSIONS, SUPERVISE
from plugins.wrapup.reasons import REASONS
from plugins.wrapup.routes import PAGES
from plugins.wrapup.settings import WrapUpSettings
from switchroom import Context, hookimpl
from switchroom.capabilities import AfterContactWork
from switchroom.contributions import (
    AdminPage,
    Asset,
    CardTab,
    Lookup,
    Models,
    NavItem,
    Panel,
    Permission,
    PluginSettings,
    Provider,
    Routes,
)
from switchroom.interactions import InteractionView
from switchroom.jobs import Job, Schedule
from switchroom.locale import gettext as _


class WrapUpPlugin:
    """After-contact work."""

    @hookimpl
    def register_routes(self) -> Routes:
        pages = [
            *PAGES,
            *disposition_routes.PAGES,
            *disposition_table_routes.PAGES,
            *rule_routes.PAGES,
            *floor_routes.PAGES,
            *answer_routes.PAGES,
        ]
        return Routes(pages=pages, api=[*API, *disposition_api.API, *rule_api.API])

    @hookimpl
    def register_models(self) -> Models:
        return Models(("plugins.wrapup.models",), "plugins.wrapup.migrations")

    @hookimpl
    def register_jobs(self) -> list[Job | Schedule]:
        return [contact_ended]

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
        return [
            Asset("wrapup.js"),
            Asset("wrapup.css"),
            Asset("dispositions.css"),
            Asset("rules.css"),
            Asset("floor.css"),
            Asset("answers.css"),
        ]

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [NavItem("work", _("Work after contacts"), "/p/wrapup/work", "clipboard-text", SUPERVISE, order=57)]

    @hookimpl
    async def admin_pages(self, ctx: Context) -> list[AdminPage]:
        return [
            AdminPage(
                "dispositions",
                _("Dispositions"),
                "/p/wrapup/dispositions",
                "flag-check",
                _("The outcomes that agents choose from after a contact, for all queues or for each."),
                MANAGE_DISPOSITIONS,
                order=55,
            ),
            AdminPage(
                "rules",
                _("After-contact work"),
                "/p/wrapup/rules",
                "clipboard-text",
                _("What follows a contact in each queue: the form, the clock, and what is recorded when it is over."),
                MANAGE_RULES,
                order=54,
            ),
        ]

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return task_panel(ctx)

    @hookimpl
    async def card_tabs(self, ctx: Context, interaction: InteractionView) -> list[CardTab]:
        return [answers_card_tab(interaction)]


plugin = WrapUpPlugin()
