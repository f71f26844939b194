"""A plugin with settings."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from switchroom import Context, hookimpl
from switchroom.contributions import PluginSettings, SettingsProblem
from switchroom.database import execute


class ShopSettings(BaseModel):
    """What a tenant may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = "https://shop.test"
    password: SecretStr | None = None
    retries: Annotated[int, Field(ge=0, le=9)] = 3
    mood: str = "good"
    branches: tuple[str, ...] = ()


def migrate(old: int, values: dict[str, Any]) -> dict[str, Any]:
    """The first version called the address `url`."""
    if values.get("url") == "broken":
        raise ValueError("nobody can read this")
    moved = {"url": "address"}
    return {moved.get(key, key): value for key, value in values.items()}


class ShopPlugin:
    """Checks its settings, and prepares itself."""

    def __init__(self) -> None:
        self.checked: list[ShopSettings] = []

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=ShopSettings, version=2, migrate=migrate)

    @hookimpl
    async def settings_check(self, ctx: Context, settings: ShopSettings) -> list[SettingsProblem]:
        self.checked.append(settings)
        if "crash" in settings.address:
            raise ConnectionError("the line is dead")
        if "nowhere" in settings.address:
            return [SettingsProblem("Nobody answers there.", "address"), SettingsProblem("Try another shop.")]
        return []

    @hookimpl
    async def plugin_enabled(self, ctx: Context) -> None:
        assert ctx.settings is not None
        await execute("UPDATE core_tenant SET name = 'Shop' WHERE id = $1", ctx.tenant.id)
        if ctx.settings.mood == "bad":
            raise RuntimeError("not today")


plugin = ShopPlugin()
