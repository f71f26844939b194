"""A model that is neither a tenant's nor the installation's."""

from switchroom import hookimpl
from switchroom.contributions import Models


class NoTenant:
    """The fault is in models.py."""

    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{__package__}.models",), f"{__package__}.migrations")


plugin = NoTenant()
