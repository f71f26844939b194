"""A model that the ORM cannot make sense of: alone it would stop the tables of all plugins."""

from switchroom import hookimpl
from switchroom.contributions import Models


class BadReference:
    """The fault is in models.py."""

    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{__package__}.models",), "")


plugin = BadReference()
