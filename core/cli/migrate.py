"""`switchroom migrate`: brings the database's schema to this code's."""

import asyncio

import click

from core.cli.root import with_settings
from core.settings import Settings


@click.command
@with_settings
def migrate(settings: Settings) -> int:
    """Bring the database's tables up to date, core's first, then each plugin's.

    `switchroom run` does so by itself. Where several processes run, do it once before the new version starts. The exit
    code is 1 when a plugin's migration failed: that plugin is off until it is mended, the rest works.
    """
    return asyncio.run(_migrate(settings))


async def _migrate(settings: Settings) -> int:
    from core.app import bring_up_to_date, load_plugins
    from core.cli.installation import open_database
    from core.database.migrations import migration_state
    from core.plugins.discovery import PluginState

    registry = load_plugins(settings)
    async with open_database(settings, registry) as apps:
        before = await migration_state(apps)
        await bring_up_to_date(registry, apps)
        after = await migration_state(apps)
    applied = [step for step in before.pending if step not in after.pending]
    for app, name in applied:
        click.echo(f"Applied {app} {name}.")
    aside = [record for record in registry.records if record.state in (PluginState.BROKEN, PluginState.NEEDS_MIGRATION)]
    for record in aside:
        click.echo(f"The plugin {record.name} was left out: {record.reason}", err=True)
    failed = [record for record in aside if record.state is PluginState.NEEDS_MIGRATION]
    if not applied and not failed:
        click.echo("The schema is up to date.")
    return 1 if failed else 0
