"""`switchroom plugins`: what was found, in which state it is, and which organisations have it on."""

import asyncio

import click

from core.cli.output import show_table
from core.cli.root import with_settings
from core.errors import StartupError
from core.plugins.registry import PluginRegistry
from core.settings import Settings


@click.group
def plugins() -> None:
    """List plugins, and switch them on and off for an organisation."""


@plugins.command("list")
@with_settings
def list_plugins(settings: Settings) -> None:
    """List every plugin with its state, and the reason when it is not ready."""
    from core.app import load_plugins

    registry = load_plugins(settings)
    asyncio.run(_check_tables(settings, registry))
    rows = [
        (
            record.name,
            record.version,
            record.state.value.replace("_", " "),
            f"{record.since:%Y-%m-%d %H:%M:%S}",
            record.origin,
            record.reason,
        )
        for record in registry.records
    ]
    show_table(("NAME", "VERSION", "STATE", "SINCE (UTC)", "ORIGIN", "REASON"), rows, empty="There are no plugins.")
    for record in registry.records:
        for warning in record.warnings:
            click.echo(f"{record.name}: {warning}")


@plugins.command
@click.argument("organisation")
@click.argument("name")
@click.option("--with-required", is_flag=True, help="Also switch on what the plugin needs.")
@with_settings
def enable(settings: Settings, organisation: str, name: str, with_required: bool) -> None:
    """Switch the plugin NAME on for ORGANISATION; a running server follows with its next request."""
    for switched in asyncio.run(_enable(settings, organisation, name, with_required=with_required)):
        click.echo(f"{switched} is on for {organisation}.")


@plugins.command
@click.argument("organisation")
@click.argument("name")
@with_settings
def disable(settings: Settings, organisation: str, name: str) -> None:
    """Switch the plugin NAME off for ORGANISATION. Its data stays; calls that go on are carried to their end."""
    if asyncio.run(_disable(settings, organisation, name)):
        click.echo(f"{name} is being switched off for {organisation}: what it carries goes on to its end.")
    else:
        click.echo(f"{name} is off for {organisation}.")


async def _enable(settings: Settings, organisation: str, name: str, *, with_required: bool) -> list[str]:
    from core.cli.installation import open_platform
    from core.plugin_lifecycle import enable_plugin, enable_with_requirements

    async with open_platform(settings) as platform, platform.context(await platform.tenant(slug=organisation)) as ctx:
        if with_required:
            return await enable_with_requirements(platform, ctx, name)
        await enable_plugin(platform, ctx, name)
        return [name]


async def _disable(settings: Settings, organisation: str, name: str) -> bool:
    from core.cli.installation import open_platform
    from core.plugin_lifecycle import disable_plugin, overview

    async with open_platform(settings) as platform, platform.context(await platform.tenant(slug=organisation)) as ctx:
        await disable_plugin(platform, ctx, name)
        return any(view.draining for view in await overview(platform, ctx) if view.name == name)


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
