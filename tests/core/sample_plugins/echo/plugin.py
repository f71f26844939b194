"""A plugin that answers with what it was given."""

import itertools
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, WebSocket, get, post, websocket
from litestar.enums import RequestEncodingType
from litestar.params import Body

from core.accounts.sessions import SignedIn
from core.web.rendering import fragment, page, public_page
from switchroom import Context, hookimpl
from switchroom.contributions import Asset, NavItem, Panel, Permission, Routes
from switchroom.errors import Conflict, InvalidInput

USE = "echo.use"
NEVER = "echo.never"


@dataclass
class Amount:
    """A number from a form."""

    amount: int


@get("/hello", permission=USE)
async def hello(ctx: Context, user: SignedIn) -> dict[str, str]:
    return {"tenant": ctx.tenant.slug, "plugin": ctx.plugin, "actor": str(ctx.actor), "user": user.username}


@get("/page", permission=USE)
async def a_page() -> Response[Any]:
    return await page("echo/page.html", title="Echo", text="<b>bold</b>")


parts = itertools.count(1)


@get("/part", permission=USE)
async def a_part() -> Response[Any]:
    return fragment("echo/part.html", text=f"part {next(parts)}")


@get("/secret", permission=NEVER)
async def secret() -> str:
    return "secret"


@post("/amount", permission=USE)
async def amount(data: Annotated[Amount, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> dict[str, int]:
    if data.amount < 0:
        raise InvalidInput("The amount cannot be used.", fields={"amount": "Give a number from 0 on."})
    return {"amount": data.amount}


@get("/gone", permission=USE)
async def gone() -> None:
    raise Conflict("Somebody else was first.", mend="Take the next one.")


@get("/broken", permission=USE)
async def broken() -> None:
    raise RuntimeError("the password is hunter2")


@get("/nothing", permission=USE, status_code=204)
async def nothing() -> None:
    """A panel that has nothing to show."""


@websocket("/socket", permission=USE)
async def socket(socket: WebSocket[Any, Any, Any], user: SignedIn) -> None:
    await socket.accept()
    await socket.send_text(user.username)
    await socket.close()


@get("/", public=True)
async def welcome(ctx: Context) -> Response[Any]:
    return public_page("echo/welcome.html", title="Welcome", actor=str(ctx.actor))


class Echo:
    """The wiring."""

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[hello, a_page, a_part, secret, amount, gone, broken, nothing, socket], public=[welcome])

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(USE, "Use it", ("agent", "supervisor")), Permission(NEVER, "Nobody has this")]

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("hello.js")]

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [
            NavItem("echo.page", "Echo", "/p/echo/page", "speakerphone", permission=USE),
            NavItem("echo.secret", "Secret", "/p/echo/secret", "lock", permission=NEVER),
        ]

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return [
            Panel("echo.part", "Part", "/p/echo/part", topics=("echo",), permission=USE),
            Panel("echo.broken", "Broken", "/p/echo/broken", permission=USE, order=200),
            Panel("echo.nothing", "Nothing", "/p/echo/nothing", permission=USE, order=300),
        ]


plugin = Echo()
