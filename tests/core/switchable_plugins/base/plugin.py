"""A plugin that others need."""

from switchroom import Context, hookimpl


class BasePlugin:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, bool]] = []

    @hookimpl
    async def plugin_enabled(self, ctx: Context) -> None:
        self.told.append(("enabled", ctx.tenant.slug, "base" in ctx.enabled_plugins))

    @hookimpl
    async def plugin_disabled(self, ctx: Context) -> None:
        self.told.append(("disabled", ctx.tenant.slug, "base" in ctx.enabled_plugins))
        raise RuntimeError("too late to matter")


plugin = BasePlugin()
