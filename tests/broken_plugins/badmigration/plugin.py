"""A migration that fails half-way."""

from switchroom import hookimpl
from switchroom.contributions import Models


class BadMigration:
    """The fault is in migrations/0001_initial.py."""

    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{__package__}.models",), f"{__package__}.migrations")


plugin = BadMigration()
