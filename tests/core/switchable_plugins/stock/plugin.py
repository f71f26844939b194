"""A plugin with tables."""

from switchroom import hookimpl
from switchroom.contributions import Models

PACKAGE = __name__.rpartition(".")[0]


class StockPlugin:
    """Has tables."""

    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{PACKAGE}.models",), f"{PACKAGE}.migrations")


plugin = StockPlugin()
