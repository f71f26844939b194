"""`switchroom tenants`: the organisations that the installation serves."""

import asyncio
from difflib import get_close_matches
from zoneinfo import available_timezones

import click

from core.cli.output import show_table
from core.cli.root import with_settings
from core.errors import NotFound
from core.settings import Settings


def _zone(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name is not None and name not in available_timezones():
        close = get_close_matches(name, sorted(available_timezones()), n=1)
        raise click.BadParameter(f"{name} is no IANA time zone.{f' Did you mean {close[0]}?' if close else ''}")
    return name


@click.group
def tenants() -> None:
    """List, create, suspend and resume organisations."""


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
    from core.tenancy.models import Tenant

    async with open_platform(settings):
        changed = await Tenant.filter(slug=slug, suspended=not suspended).update(suspended=suspended)
        if not changed and not await Tenant.filter(slug=slug).exists():
            raise NotFound(f"There is no organisation {slug}.", mend="`switchroom tenants list` shows them.")
    return bool(changed)
