"""`switchroom migrate`: brings the database's schema to this code's, and a plugin's part of it back."""

import asyncio

import click

from core.cli.output import show_table
from core.cli.root import with_settings
from core.settings import Settings

CORE = "core"


@click.group(invoke_without_command=True)
@click.pass_context
def migrate(context: click.Context) -> int | None:
    """Bring the database's tables up to date, core's first, then each plugin's.

    Without a command: apply. `switchroom run` does so by itself. Where several processes run, do it once before the new
    version starts.
    """
    if context.invoked_subcommand is not None:
        return None
    result: int = context.invoke(apply)
    return result


@migrate.command
@click.argument("plugin", required=False)
@with_settings
def apply(settings: Settings, plugin: str | None) -> int:
    """Apply what is pending, of PLUGIN alone or of all.

    The exit code is 1 when a plugin's migration failed: nothing of it was kept, the plugin is off until it is mended,
    the rest works.
    """
    return asyncio.run(_apply(settings, plugin))


@migrate.command
@with_settings
def plan(settings: Settings) -> None:
    """Show what `apply` would do, in order; changes nothing."""
    asyncio.run(_plan(settings))


@migrate.command
@with_settings
def status(settings: Settings) -> int:
    """List all migrations with the time at which each was applied. The exit code is 1 when some are not."""
    return asyncio.run(_status(settings))


@migrate.command
@click.argument("plugin")
@click.argument("name", required=False)
@with_settings
def sql(settings: Settings, plugin: str, name: str | None) -> None:
    """Show the statements of PLUGIN's migration NAME, or of all that are pending; changes nothing."""
    asyncio.run(_sql(settings, plugin, name))


@migrate.command
@click.argument("plugin")
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--even-core", is_flag=True, help="Allow it for core, for those who develop it.")
@with_settings
def rollback(settings: Settings, plugin: str, name: str | None, yes: bool, even_core: bool) -> None:
    """Undo the last migration of PLUGIN, or all after NAME. What they added is lost.

    The plugin is off until its tables fit its code again: install the version that fits before you start the server,
    which else applies them anew.
    """
    if plugin == CORE and not even_core:
        raise click.UsageError("Core's migrations are not rolled back. Restore a backup made with the older version.")
    asyncio.run(_rollback(settings, plugin, name, ask=not yes))


@migrate.command
@click.argument("plugin")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_settings
def purge(settings: Settings, plugin: str, yes: bool) -> None:
    """Delete all that PLUGIN keeps, of all organisations: its tables, settings, forms and jobs. For good.

    It works for a plugin that is broken, and for one that is no longer installed. One that is on somewhere is refused.
    """
    if plugin == CORE:
        raise click.UsageError("Core is not a plugin.")
    asyncio.run(_purge(settings, plugin, ask=not yes))


async def _apply(settings: Settings, plugin: str | None) -> int:
    from core.app import bring_up_to_date, load_plugins
    from core.cli.installation import open_database
    from core.database.migration_graph import applied_migrations
    from core.errors import NotFound
    from core.plugins.discovery import PluginState

    registry = load_plugins(settings)
    async with open_database(settings, registry) as apps:
        if plugin not in (None, *apps):
            raise NotFound(f"No plugin {plugin!r} that loads has tables.", mend="`switchroom plugins list` says more.")
        before = await applied_migrations()
        await bring_up_to_date(registry, apps, only=plugin)
        applied = [step for step in await applied_migrations() if step not in before]
    for app, name in applied:
        click.echo(f"Applied {app} {name}.")
    aside = [record for record in registry.records if record.state in (PluginState.BROKEN, PluginState.NEEDS_MIGRATION)]
    for record in aside:
        click.echo(f"The plugin {record.name} was left out: {record.reason}", err=True)
    failed = [record for record in aside if record.state is PluginState.NEEDS_MIGRATION]
    if not applied and not failed:
        click.echo("The schema is up to date.")
    return 1 if failed else 0


async def _plan(settings: Settings) -> None:
    from core.app import load_plugins
    from core.cli.installation import open_database
    from core.database.migrations import migration_state

    async with open_database(settings, load_plugins(settings)) as apps:
        state = await migration_state(apps)
    show_table(("APP", "MIGRATION"), state.pending, empty="The schema is up to date.")
    _tell_failures(state.failed)


async def _status(settings: Settings) -> int:
    from core.app import load_plugins
    from core.cli.installation import open_database
    from core.database.migration_graph import applied_migrations
    from core.database.migrations import migration_state

    async with open_database(settings, load_plugins(settings)) as apps:
        state = await migration_state(apps)
        applied = await applied_migrations()
    unknown = {step for step in applied if step in state.unknown or step[0] not in apps}
    rows = [
        (app, name, f"{at:%Y-%m-%d %H:%M} UTC" + (", not in this code" if (app, name) in unknown else ""))
        for (app, name), at in applied.items()
    ]
    rows += [(app, name, "pending") for app, name in state.pending]
    show_table(("APP", "MIGRATION", "APPLIED"), sorted(rows, key=lambda row: (row[0] != CORE, row)), empty="None.")
    _tell_failures(state.failed)
    return 1 if state.pending or state.failed else 0


async def _sql(settings: Settings, plugin: str, name: str | None) -> None:
    from core.app import load_plugins
    from core.cli.installation import open_database
    from core.database.migration_graph import applied_migrations
    from core.database.migrations import read_migrations
    from core.database.undoing import one_named
    from core.errors import NotFound

    async with open_database(settings, load_plugins(settings)) as apps:
        migrations, usable, failed = await read_migrations(apps)
        if plugin not in usable:
            raise NotFound(f"The migrations of {plugin!r} cannot be read: {failed.get(plugin, 'it names none')}.")
        applied = await applied_migrations()
        steps = [step for step in migrations.of(plugin) if step not in applied]
        if name is not None:
            steps = [one_named(migrations.of(plugin), name)]
        for step in steps:
            click.echo(f"-- {step[0]} {step[1]}")
            click.echo("\n".join(await migrations.sql(step)))
    if not steps:
        click.echo(f"Nothing of {plugin} is pending; name a migration to see its statements.", err=True)


async def _rollback(settings: Settings, plugin: str, name: str | None, *, ask: bool) -> None:
    from core.app import load_plugins
    from core.cli.installation import open_database
    from core.database.undoing import steps_to_undo, undo

    async with open_database(settings, load_plugins(settings)) as apps:
        steps = await steps_to_undo(apps, plugin, name)
        if not steps:
            click.echo("There is nothing to undo.")
            return
        if ask:
            listed = ", ".join(name for _app, name in steps)
            click.confirm(f"Undo {listed} of {plugin}? What they added is lost.", abort=True)
        for _app, undone in await undo(apps, plugin, name):
            click.echo(f"Undid {plugin} {undone}.")


async def _purge(settings: Settings, plugin: str, *, ask: bool) -> None:
    from core.app import load_plugins
    from core.cli.installation import open_database
    from core.database.undoing import tables_of
    from core.tenant_plugins.purging import purge_everywhere, refuse_in_use

    async with open_database(settings, load_plugins(settings)):
        await refuse_in_use(plugin)
        tables = await tables_of(plugin)
        if ask:
            what = f"the tables {', '.join(tables)}" if tables else "all rows"
            click.confirm(f"Delete {what} of {plugin}, and all else that it keeps? This cannot be undone.", abort=True)
        counts = await purge_everywhere(plugin)
    for table in tables:
        click.echo(f"Dropped {table}.")
    for table, count in counts.items():
        click.echo(f"Deleted {count} of {table}.")
    if not tables and not counts:
        click.echo(f"There was nothing of {plugin}.")


def _tell_failures(failed: dict[str, str]) -> None:
    for app, reason in failed.items():
        click.echo(f"The migrations of {app} cannot be read: {reason}", err=True)
