"""`switchroom <plugin> …`: the commands that plugins contribute. Plugins are loaded only when one is asked for."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from core.cli.root import configure_quietly
from core.errors import NotFound, StartupError
from core.plugins.context import Context
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.registry import PluginRegistry
from core.settings import Settings, load_settings

_LOADED = "switchroom.plugins"
"""Where the root command keeps what was loaded: a second time, modules of plugin folders would be others."""


def commands_of(ctx: click.Context, plugin: str) -> click.Group | None:
    """Return the commands of a plugin; None when there is none of that name.

    Raises:
        StartupError: The settings cannot be used, or the plugin is not ready; says why.
        NotFound: The plugin has no commands.
    """
    record = _loaded(ctx)[1].get(plugin)
    if record is None:
        return None
    if record.state is not PluginState.LOADED:
        raise StartupError(
            f"The plugin {plugin} is {record.state.value.replace('_', ' ')}: {record.reason}",
            mend="`switchroom plugins list` shows all of them.",
        )
    if not record.contributions.commands:
        raise NotFound(f"The plugin {plugin} has no commands.")
    return _group(record)


def summaries(ctx: click.Context) -> Iterator[tuple[str, str]]:
    """Give the name and the summary of each plugin that has commands, for the help of the root command.

    Raises:
        StartupError: The settings cannot be used.
    """
    for record in _loaded(ctx)[1].records:
        if record.state is PluginState.LOADED and record.contributions.commands:
            yield record.name, record.manifest.summary if record.manifest else ""


@asynccontextmanager
async def in_tenant(plugin: str, slug: str) -> AsyncIterator[Context]:
    """Open the installation that the person at the terminal named, and give a plugin's context of one tenant.

    For the functions of commands that `register_commands` gives. The server may run beside it. The actor is the system.

    Args:
        plugin: The plugin's own name.
        slug: The tenant's short name.

    Raises:
        StartupError: The database cannot be reached, or its schema is not this code's.
        NotFound: There is no such tenant, it is suspended, or the plugin is off for it.
    """
    from core.cli.installation import open_platform

    settings, registry = _loaded(click.get_current_context())
    async with open_platform(settings, registry) as platform:
        tenant = await platform.tenant(slug=slug)
        async with platform.context(tenant) as ctx:
            if plugin not in ctx.enabled_plugins:
                record = registry.get(plugin)
                reason = f" {record.reason}" if record is not None and not record.ready else ""
                raise NotFound(f"The plugin {plugin} is off for {slug}.{reason}")
            yield ctx.for_plugin(plugin)


def _loaded(ctx: click.Context) -> tuple[Settings, PluginRegistry]:
    """The settings that were named and their plugins, loaded once for a command line."""
    from core.app import load_plugins

    root = ctx.find_root()
    if _LOADED not in root.meta:
        file: Path | None = root.params.get("settings_file")
        settings = load_settings(file)
        configure_quietly(settings)
        root.meta[_LOADED] = settings, load_plugins(settings)
    found: tuple[Settings, PluginRegistry] = root.meta[_LOADED]
    return found


def _group(record: PluginRecord) -> click.Group:
    summary = record.manifest.summary if record.manifest else ""
    return click.Group(record.name, {str(each.name): each for each in record.contributions.commands}, help=summary)
