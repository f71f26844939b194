"""Wires routing into the platform."""

from __future__ import annotations

from plugins.routing.matching import match
from plugins.routing.permissions import PERMISSIONS, SEE_QUEUES
from plugins.routing.routes import PAGES
from plugins.routing.services import QueueService, ensure_queue
from switchroom import Context, Job, hookimpl
from switchroom.capabilities import QueueDirectory
from switchroom.contributions import Asset, Models, NavItem, Permission, Provider, Routes
from switchroom.locale import gettext as _


class RoutingPlugin:
    """Queues and matching."""

    @hookimpl
    def register_models(self) -> Models:
        return Models(("plugins.routing.models",), "plugins.routing.migrations")

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=PAGES)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("routing.css")]

    @hookimpl
    def register_jobs(self) -> list[Job]:
        return [match]

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_capabilities(self) -> list[Provider]:
        return [Provider(QueueDirectory, QueueService())]

    @hookimpl
    async def plugin_enabled(self, ctx: Context) -> None:
        await ensure_queue(ctx)

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [NavItem("queues", _("Queues"), "/p/routing/queues", "users-group", SEE_QUEUES, order=50)]


plugin = RoutingPlugin()
