"""`switchroom tenants`: the organisations that the installation serves."""

import asyncio
from difflib import get_close_matches
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import click

from core.cli.output import show_table
from core.cli.root import with_settings
from core.errors import NotFound
from core.settings import Settings

if TYPE_CHECKING:
    from core.tenancy.models import Tenant
    from core.tenants.cloning import Clone
    from core.tenants.work import Work


def _zone(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name is not None and name not in available_timezones():
        close = get_close_matches(name, sorted(available_timezones()), n=1)
        raise click.BadParameter(f"{name} is no IANA time zone.{f' Did you mean {close[0]}?' if close else ''}")
    return name


@click.group
def tenants() -> None:
    """List, create, suspend, resume, clone, export and delete organisations."""


@tenants.command("list")
@with_settings
def list_tenants(settings: Settings) -> None:
    """List all organisations."""
    asyncio.run(_list(settings))


@tenants.command
@click.argument("slug")
@click.option("--name", required=True, help="What people read.")
@click.option("--language", type=click.Choice(["en", "ru"]), help="The language of its pages; else the installation's.")
@click.option(
    "--timezone",
    metavar="ZONE",
    callback=_zone,
    help="Its IANA time zone, such as Europe/Moscow; else the installation's.",
)
@with_settings
def create(settings: Settings, slug: str, name: str, language: str | None, timezone: str | None) -> None:
    """Create an organisation. SLUG is its short name in addresses: small letters, digits and hyphens."""
    asyncio.run(_create(settings, slug, name, language, timezone))
    click.echo(f"Created {slug}. Add its administrator:")
    click.echo(f"  switchroom users create {slug} admin --name 'Their name' --role administrator")


@tenants.command
@click.argument("slug")
@with_settings
def suspend(settings: Settings, slug: str) -> None:
    """Refuse an organisation's logins, pages, calls and jobs until it is resumed; its data stays."""
    changed = asyncio.run(_set_suspended(settings, slug, suspended=True))
    click.echo(f"{slug} is suspended{'' if changed else ' already'}.")


@tenants.command
@click.argument("slug")
@with_settings
def resume(settings: Settings, slug: str) -> None:
    """Let a suspended organisation work again."""
    changed = asyncio.run(_set_suspended(settings, slug, suspended=False))
    click.echo(f"{slug} {'works again' if changed else 'was not suspended'}.")


@tenants.command
@click.argument("source")
@click.argument("slug")
@click.option("--name", required=True, help="What people read.")
@with_settings
def clone(settings: Settings, source: str, slug: str, name: str) -> None:
    """Create the organisation SLUG as a copy of SOURCE: people, roles, teams, lists, plugins, settings; no secret."""
    made = asyncio.run(_clone(settings, source, slug, name))
    click.echo(f"Created {slug} with {made.users} people, who have no password yet:")
    click.echo(f"  switchroom users set-password {slug} THEIR-LOGIN")
    for plugin, reason in made.left_off.items():
        click.echo(f"The plugin {plugin} is off there: {reason}", err=True)


@tenants.command
@click.argument("slug")
@with_settings
def export(settings: Settings, slug: str) -> None:
    """Write all rows of an organisation, without secrets, into a ZIP below the data folder, and print its path."""
    done = asyncio.run(_export(settings, slug))
    click.echo(f"{settings.data_dir / 'exports' / done.file}")


@tenants.command
@click.argument("slug")
@click.option("--confirm", metavar="SLUG", help="The short name again, where nobody can be asked for it.")
@with_settings
def delete(settings: Settings, slug: str, confirm: str | None) -> None:
    """Suspend an organisation and delete every row of it, for good.

    What was broken off goes on when it is run again.
    """
    typed = confirm if confirm is not None else str(click.prompt(f"This cannot be undone. Type {slug} to confirm"))
    done = asyncio.run(_delete(settings, slug, typed))
    click.echo(f"Deleted {slug}: {done.done} rows of {len(done.counts)} tables.")


async def _list(settings: Settings) -> None:
    from core.cli.installation import open_platform
    from core.tenancy.models import Tenant

    async with open_platform(settings):
        found = await Tenant.all().order_by("slug")
    rows = [
        (row.slug, row.name, "suspended" if row.suspended else "active", row.language, row.timezone) for row in found
    ]
    show_table(("SLUG", "NAME", "STATE", "LANGUAGE", "TIME ZONE"), rows, empty="There are no organisations yet.")


async def _create(settings: Settings, slug: str, name: str, language: str | None, timezone: str | None) -> None:
    from core.cli.installation import open_platform
    from core.provisioning import create_tenant

    async with open_platform(settings) as platform:
        await create_tenant(platform, slug=slug, name=name, language=language, timezone=timezone)


async def _set_suspended(settings: Settings, slug: str, *, suspended: bool) -> bool:
    from core.cli.installation import open_platform
    from core.plugins.context import SYSTEM
    from core.tenants.suspension import resume, suspend

    async with open_platform(settings) as platform:
        tenant = await _find(slug)
        return await (suspend(platform, tenant.id, SYSTEM) if suspended else resume(tenant.id, SYSTEM))


async def _clone(settings: Settings, source: str, slug: str, name: str) -> "Clone":
    from core.cli.installation import open_platform
    from core.plugins.context import SYSTEM
    from core.tenants.cloning import clone_tenant
    from core.tenants.creation import NewTenant

    async with open_platform(settings) as platform:
        return await clone_tenant(platform, (await _find(source)).id, NewTenant(slug, name), SYSTEM)


async def _export(settings: Settings, slug: str) -> "Work":
    from core.cli.installation import open_platform
    from core.plugins.context import SYSTEM
    from core.tenants.export import export_now
    from core.tenants.work import get_work

    async with open_platform(settings) as platform:
        return await get_work(await export_now(platform, (await _find(slug)).id, SYSTEM))


async def _delete(settings: Settings, slug: str, confirmation: str) -> "Work":
    from core.cli.installation import open_platform
    from core.plugins.context import SYSTEM
    from core.tenants.deletion import delete_now
    from core.tenants.work import get_work

    async with open_platform(settings) as platform:
        tenant = await _find(slug)
        return await get_work(await delete_now(platform, tenant.id, SYSTEM, confirmation=confirmation))


async def _find(slug: str) -> "Tenant":
    from core.tenancy.models import Tenant

    tenant = await Tenant.get_or_none(slug=slug)
    if tenant is None:
        raise NotFound(f"There is no organisation {slug}.", mend="`switchroom tenants list` shows them.")
    return tenant
