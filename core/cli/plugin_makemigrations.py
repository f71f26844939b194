"""`switchroom plugin makemigrations`: writes the migration that brings a plugin's tables to its models."""

import asyncio
import importlib
from pathlib import Path

import click

from core.cli.root import with_settings
from core.errors import NotFound, StartupError
from core.plugins.discovery import PluginRecord, PluginState
from core.settings import Settings


@click.command
@click.argument("name")
@with_settings
def makemigrations(settings: Settings, name: str) -> None:
    """Write what the migrations of the plugin NAME lack of its models, into its package.

    For a bundled plugin, one in a folder of plugins.dirs, or one installed with `pip install -e`.
    Read the file before you commit it: a renamed field looks like one that went and one that came.
    """
    for file in asyncio.run(_make(settings, name)):
        click.echo(f"Wrote {file}.")


async def _make(settings: Settings, name: str) -> list[Path]:
    from core.app import load_plugins
    from core.cli.installation import open_database
    from core.database.making import make_migrations

    registry = load_plugins(settings)
    record = registry.get(name)
    if record is None:
        raise NotFound(f"There is no plugin {name!r}.", mend="`switchroom plugins list` shows all that were found.")
    if record.state is PluginState.BROKEN and make_package(record.folder / "migrations"):
        # A plugin whose migrations cannot be imported does not load; these are the first.
        registry = load_plugins(settings)
        record = registry.get(name) or record
    if record.state is not PluginState.LOADED:
        raise StartupError(f"The plugin {name!r} did not load: {record.reason}")
    ensure_package(record)
    async with open_database(settings, registry) as apps:
        files = await make_migrations(apps, name)
    if not files:
        click.echo(f"The migrations of {name} fit its models.")
    return files


def ensure_package(record: PluginRecord) -> None:
    """Makes the package that is to hold the plugin's migrations, where it is missing.

    Raises:
        StartupError: The plugin names no models, or a package that is not below its own.
    """
    models = record.contributions.models
    if models is None:
        raise StartupError(f"The plugin {record.name!r} has no tables.", mend="Name them in register_models().")
    inside = models.migrations.removeprefix(f"{record.module}.")
    if inside == models.migrations:
        raise StartupError(f"The migrations of {record.name!r} are in {models.migrations}, outside of its package.")
    make_package(record.folder.joinpath(*inside.split(".")))


def make_package(folder: Path) -> bool:
    """Makes an empty package; False when it is there."""
    init = folder / "__init__.py"
    if init.exists():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    init.touch()
    importlib.invalidate_caches()
    return True
