"""`switchroom plugins`: what was found, and in which state it is."""

import asyncio

import click

from core.cli.output import show_table
from core.cli.root import with_settings
from core.errors import StartupError
from core.plugins.registry import PluginRegistry
from core.settings import Settings


@click.group
def plugins() -> None:
    """Look at the plugins."""


@plugins.command("list")
@with_settings
def list_plugins(settings: Settings) -> None:
    """List every plugin with its state, and the reason when it is not ready."""
    from core.app import load_plugins

    registry = load_plugins(settings)
    asyncio.run(_check_tables(settings, registry))
    rows = [
        (record.name, record.version, record.state.value.replace("_", " "), record.origin, record.reason)
        for record in registry.records
    ]
    show_table(("NAME", "VERSION", "STATE", "ORIGIN", "REASON"), rows, empty="There are no plugins.")


async def _check_tables(settings: Settings, registry: PluginRegistry) -> None:
    """Find the plugins whose tables are not up to date; without a database their state is what loading found."""
    from core.app import audit, require_schema
    from core.cli.installation import open_database

    try:
        async with open_database(settings, registry) as apps:
            await require_schema(apps, registry)
            audit(registry)
    except StartupError as error:
        click.echo(f"Tables were not checked: {error}", err=True)
    registry.mark_ready()
