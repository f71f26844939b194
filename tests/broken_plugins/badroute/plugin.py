"""A route that no application can be built with."""

from litestar import post

from switchroom import hookimpl
from switchroom.contributions import Permission, Routes


@post("/things", permission="badroute.use")
async def add_thing(data: "Thing") -> None:  # type: ignore[name-defined]  # noqa: F821 - the fault
    """Adds nothing."""


class BadRoute:
    """The fault is in the annotation."""

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission("badroute.use", "Use it")]

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[add_thing])


plugin = BadRoute()
