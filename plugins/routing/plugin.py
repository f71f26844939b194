"""Wires routing into the platform."""

from __future__ import annotations

from plugins.routing.api_routes import API
from plugins.routing.catching_up import LOOKING_AGAIN, catch_up, look_again
from plugins.routing.deadlines import end_wait, overflow, set_deadlines, set_deadlines_of_queue
from plugins.routing.decisions import FORGETTING, forget_decisions
from plugins.routing.matching import match_agent, match_interaction
from plugins.routing.opening import QueueHours
from plugins.routing.permissions import MANAGE_QUEUES, MANAGE_SKILLS, PERMISSIONS, SEE_QUEUES
from plugins.routing.routes import PAGES
from plugins.routing.services.admission import QueueService
from plugins.routing.services.queues import copy_queues, ensure_queue
from plugins.routing.serving import place
from plugins.routing.workspace import WORKSPACE_PAGES, section
from switchroom import Context, Job, hookimpl
from switchroom.agents import AgentView
from switchroom.capabilities import BusinessHours, QueueDirectory
from switchroom.contributions import (
    AdminPage,
    Asset,
    CardTab,
    Models,
    NavItem,
    Opens,
    Permission,
    Provider,
    Routes,
    ToolbarAction,
    Widget,
    WorkspaceSection,
)
from switchroom.interactions import InteractionView
from switchroom.jobs import Schedule
from switchroom.locale import gettext as _
from switchroom.runtime import TenantRef


class RoutingPlugin:
    """Queues and matching."""

    @hookimpl
    def register_models(self) -> Models:
        return Models(("plugins.routing.models",), "plugins.routing.migrations")

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[*PAGES, *WORKSPACE_PAGES], api=API)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("routing.css"), Asset("why.css"), Asset("routing.js")]

    @hookimpl
    def register_jobs(self) -> list[Job | Schedule]:
        waits = [set_deadlines, set_deadlines_of_queue, overflow, end_wait]
        matching = [match_interaction, match_agent, place, catch_up, look_again]
        return [*matching, *waits, forget_decisions, LOOKING_AGAIN, FORGETTING]

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_capabilities(self) -> list[Provider]:
        return [Provider(QueueDirectory, QueueService()), Provider(BusinessHours, QueueHours())]

    @hookimpl
    async def plugin_enabled(self, ctx: Context) -> None:
        await ensure_queue(ctx)
        await ctx.enqueue(catch_up)

    @hookimpl
    async def tenant_cloned(self, ctx: Context, source: TenantRef) -> None:
        await copy_queues(ctx, source)

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [NavItem("queues", _("Queues"), "/p/routing/queues", "users-group", SEE_QUEUES, order=50)]

    @hookimpl
    async def workspace_sections(self, ctx: Context) -> list[WorkspaceSection]:
        return [section()]

    @hookimpl
    async def admin_pages(self, ctx: Context) -> list[AdminPage]:
        return [
            AdminPage(
                "queues",
                _("Queues"),
                "/p/routing/queues/settings",
                "users-group",
                _("Who serves whom, when, and how long one waits."),
                MANAGE_QUEUES,
                order=30,
            ),
            AdminPage(
                "skills",
                _("Skills"),
                "/p/routing/skills",
                "star",
                _("What each agent can do, and how well."),
                MANAGE_SKILLS,
                order=31,
            ),
        ]

    @hookimpl
    async def card_tabs(self, ctx: Context, interaction: InteractionView) -> list[CardTab]:
        return [
            CardTab(
                "why",
                _("Why"),
                f"/p/routing/why/interaction/{interaction.id}/tab",
                "filter-search",
                topics=(f"interaction:{interaction.id}",),
                permission=SEE_QUEUES,
                order=80,
            )
        ]

    @hookimpl
    async def agent_actions(self, ctx: Context, agent: AgentView) -> list[ToolbarAction]:
        url = f"/p/routing/why/agent/{agent.user_id}"
        return [ToolbarAction("why", _("Why"), url, "filter-search", Opens.PAGE, permission=SEE_QUEUES, order=10)]

    @hookimpl
    async def dashboard_widgets(self, ctx: Context) -> list[Widget]:
        return [
            Widget(
                "service-level",
                _("Service level today"),
                "/p/routing/widget",
                "target-arrow",
                topics=("queue",),
                permission=SEE_QUEUES,
                order=10,
            )
        ]


plugin = RoutingPlugin()
