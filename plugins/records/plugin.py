"""Wires record queues into the platform."""

from __future__ import annotations

from datetime import datetime

from plugins.records.api_routes import API
from plugins.records.jobs import JOBS
from plugins.records.models import item_of
from plugins.records.permissions import IMPORT, MANAGE, PERMISSIONS, SUPERVISE, WORK
from plugins.records.routes import PAGES
from plugins.records.services.adding import Queues
from plugins.records.services.coming_back import (
    promise_given,
    promise_given_up,
    promise_put_off,
    promise_settled,
)
from plugins.records.services.finding import found_items
from plugins.records.services.taking import CHANNEL
from plugins.records.settings import MOST, RecordSettings
from switchroom import Context, Job, hookimpl
from switchroom.capabilities import RecordQueues
from switchroom.contributions import (
    AdminPage,
    Asset,
    ChannelType,
    Models,
    NavItem,
    Permission,
    PluginSettings,
    Provider,
    Routes,
    SearchHit,
    WorkspaceSection,
)
from switchroom.interactions import InteractionView
from switchroom.jobs import Schedule
from switchroom.locale import gettext as _
from switchroom.locale import mark


class RecordsPlugin:
    """Record queues."""

    @hookimpl
    def register_channels(self) -> list[ChannelType]:
        # How many there are usually is for our settings to say; a team that says something gives fewer.
        return [ChannelType(CHANNEL, mark("Record"), "list-details", exclusive=False, capacity=MOST, wrap_up=False)]

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=PAGES, api=API)

    @hookimpl
    def register_models(self) -> Models:
        return Models(("plugins.records.models",), "plugins.records.migrations")

    @hookimpl
    def register_jobs(self) -> list[Job | Schedule]:
        return JOBS

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_capabilities(self) -> list[Provider]:
        return [Provider(RecordQueues, Queues())]

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=RecordSettings)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("records.css")]

    @hookimpl
    async def promise_released(self, ctx: Context, reference: str) -> bool | None:
        return await promise_given_up(ctx, reference) or None

    @hookimpl
    async def promise_put_off(self, ctx: Context, reference: str, due: datetime) -> None:
        await promise_put_off(ctx, reference, due)

    @hookimpl
    async def promise_given(self, ctx: Context, reference: str, owner_id: int) -> None:
        await promise_given(ctx, reference, owner_id)

    @hookimpl
    async def promise_settled(self, ctx: Context, reference: str, kept: bool) -> None:
        await promise_settled(ctx, reference, kept=kept)

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [
            NavItem("desk", _("Records"), "/p/records/desk", "list-details", WORK, order=30),
            NavItem("all", _("All records"), "/p/records/queues", "stack-2", SUPERVISE, order=55),
        ]

    @hookimpl
    async def admin_pages(self, ctx: Context) -> list[AdminPage]:
        return [
            AdminPage(
                "queues",
                _("Record queues"),
                "/p/records/manage",
                "list-details",
                _("Who works through which records, from a list or one after the other."),
                MANAGE,
                order=60,
            ),
            AdminPage(
                "import",
                _("Import of records"),
                "/p/records/imports",
                "table-import",
                _("Tables in XLSX and CSV become records of a queue."),
                IMPORT,
                order=61,
            ),
        ]

    @hookimpl
    async def workspace_sections(self, ctx: Context) -> list[WorkspaceSection]:
        return [
            WorkspaceSection(
                "records",
                _("Records"),
                "/p/records/section",
                "list-details",
                columns=2,
                topics=("records", f"user:{ctx.actor.user_id}"),
                permission=WORK,
                order=30,
            )
        ]

    @hookimpl
    async def interaction_page(self, ctx: Context, interaction: InteractionView) -> str | None:
        item_id = item_of(interaction.reference)
        return f"/p/records/items/{item_id}" if item_id is not None else None

    @hookimpl
    async def search(self, ctx: Context, query: str, limit: int) -> list[SearchHit]:
        return await found_items(ctx, query, limit)


plugin = RecordsPlugin()
