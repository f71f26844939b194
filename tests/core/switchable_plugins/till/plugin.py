"""A plugin with a setting that has no default."""

from pydantic import BaseModel, ConfigDict, SecretStr

from switchroom import hookimpl
from switchroom.contributions import PluginSettings


class TillSettings(BaseModel):
    """What a tenant has to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    key: SecretStr


class TillPlugin:
    """Has settings."""

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=TillSettings)


plugin = TillPlugin()
