"""A page, an entry of the navigation, and a panel beside the call: the smallest plugin that shows all three."""

from typing import Any

from litestar import Response, get

from switchroom import Context, hookimpl
from switchroom.contributions import NavItem, Panel, Permission, Routes
from switchroom.interactions import get_interaction, open_segment
from switchroom.web import SignedIn, fragment, page

USE = "hello.use"


@get("/", permission=USE)
async def hello_page(user: SignedIn) -> Response[Any]:
    """The page, at /p/hello/."""
    return await page("hello/page.html", title="Hello", name=user.name)


@get("/panel", permission=USE)
async def hello_panel(ctx: Context, user: SignedIn) -> Response[Any]:
    """The panel during a call. Without one there is no content, and the workspace puts the panel away."""
    segment = await open_segment(ctx, agent_id=user.id)
    if segment is None:
        return Response(None, status_code=204)
    interaction = await get_interaction(ctx, segment.interaction_id)
    return fragment("hello/panel.html", customer=interaction.contact_name)


class HelloPlugin:
    """The wiring: what the plugin contributes, hook by hook."""

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        """Who may use it from the start."""
        return [Permission(USE, "Say hello", roles=("agent", "supervisor"))]

    @hookimpl
    def register_routes(self) -> Routes:
        """Its addresses, below /p/hello."""
        return Routes(pages=[hello_page, hello_panel])

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        """Its entry on the left."""
        return [NavItem("hello.page", "Hello", "/p/hello/", icon="mood-smile", permission=USE)]

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        """Its panel on the right, loaded again whenever something happens to the agent."""
        topics = (f"user:{ctx.actor.user_id}",)
        return [Panel("hello.panel", "Hello", "/p/hello/panel", topics=topics, permission=USE, icon="mood-smile")]


plugin = HelloPlugin()
