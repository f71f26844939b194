"""Each promise of the contract, broken once."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get, post
from pydantic import BaseModel, SecretStr

from switchroom import Context, Job, hookimpl, job
from switchroom.contributions import (
    Asset,
    Models,
    Panel,
    Permission,
    PluginSettings,
    Routes,
    SearchHit,
    Widget,
)
from switchroom.database import execute, fetch
from switchroom.locale import gettext as _
from switchroom.web import fragment

USE = "leaky.use"


class Settings(BaseModel):
    """Ignores what it does not know, and has forgotten how it was before."""

    password: SecretStr = SecretStr("")


@get("/notes/{note_id:int}", permission=USE)
async def any_note(ctx: Context, note_id: int) -> dict[str, Any]:
    """Reads a row of whomever it is."""
    rows = await fetch("SELECT text FROM leaky_note WHERE id = $1", note_id)
    return {"text": rows[0]["text"]} if rows else {"text": None}


@post("/notes/{note_id:int}/change", permission=USE)
async def change(ctx: Context, note_id: int) -> None:
    """Changes a row of whomever it is."""
    await execute("UPDATE leaky_note SET text = 'changed' WHERE id = $1", note_id)


@get("/everything", permission=USE)
async def everything(ctx: Context) -> list[str]:
    """Lists the rows of all."""
    return [row["text"] for row in await fetch("SELECT text FROM leaky_note")]


@get("/nobody", permission="leaky.nobody")
async def nobody(ctx: Context) -> None:
    """Asks for a permission that does not exist."""


@get("/panel", permission=USE)
async def panel(ctx: Context) -> Response[Any]:
    """Shows what browsers refuse."""
    return fragment("leaky/panel.html", text=_("Hello"))


@get("/failing", permission=USE)
async def failing(ctx: Context) -> None:
    """Fails."""
    raise RuntimeError("as it must")


@get("/secret", permission=USE)
async def secret(ctx: Context) -> dict[str, str]:
    """Shows the secret."""
    return {"password": ctx.settings.password.get_secret_value()}


@job("leaky.count")
async def count(ctx: Context) -> None:
    """Does more with each run."""
    await execute("INSERT INTO leaky_note (tenant_id, text) VALUES ($1, 'again')", ctx.tenant.id)


@job("leaky.clean")
async def clean(ctx: Context) -> None:
    """Changes the rows of all."""
    await execute("UPDATE core_user SET name = name || '!'")


class LeakyPlugin:
    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{__package__}.models",), f"{__package__}.migrations")

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(USE, "Use it", ("agent",))]

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=Settings, version=2)

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[any_note, change, everything, nobody, panel, failing, secret])

    @hookimpl
    def register_jobs(self) -> list[Job]:
        return [count, clean]

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("there_is_no_such.js")]

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return [Panel("leaky.panel", "Leaky", "/p/leaky/panel", permission="leaky.nobody")] * 2

    @hookimpl
    async def dashboard_widgets(self, ctx: Context) -> list[Widget]:
        await asyncio.sleep(60)
        return []

    @hookimpl
    async def search(self, ctx: Context, query: str, limit: int) -> list[SearchHit]:
        rows = await fetch("SELECT text FROM leaky_note")
        return [SearchHit(row["text"], "/p/leaky/everything", "Note") for row in rows]

    @hookimpl
    async def toolbar_actions(self, ctx: Context, interaction: Any) -> Any:
        return "a button"


plugin = LeakyPlugin()
