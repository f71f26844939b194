"""Keeps a row in the memory of the process, and uses it for whoever comes."""

from litestar import get, post

from switchroom import Context, hookimpl
from switchroom.contributions import Models, Permission, Routes

from .models import Note

USE = "memory.use"
remembered: list[Note] = []


@post("/remember", permission=USE)
async def remember(ctx: Context) -> dict[str, int]:
    """Makes a row of the tenant, and keeps it for everybody."""
    remembered[:] = [await Note.create(text=f"The secret of {ctx.tenant.slug}")]
    return {"id": remembered[0].id}


@post("/save", permission=USE)
async def save(ctx: Context) -> dict[str, str]:
    """Changes the row that is remembered."""
    remembered[0].text = f"Now it belongs to {ctx.tenant.slug}"
    await remembered[0].save()
    return {"text": remembered[0].text}


@post("/delete", permission=USE)
async def delete() -> None:
    """Deletes the row that is remembered."""
    await remembered[0].delete()


@get("/read", permission=USE)
async def read() -> dict[str, str]:
    """Reads the row that is remembered anew."""
    await remembered[0].refresh_from_db()
    return {"text": remembered[0].text}


@get("/find", permission=USE)
async def find() -> dict[str, str]:
    """Looks for the row by the id that is remembered."""
    found = await Note.get_or_none(id=remembered[0].id)
    return {"text": found.text if found else "nothing"}


class Memory:
    """Loads well; the fault is that it believes in its memory."""

    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{__package__}.models",), f"{__package__}.migrations")

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(USE, "Use it", ("agent",))]

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[remember, save, delete, read, find])


plugin = Memory()
