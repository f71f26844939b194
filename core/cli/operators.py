"""`switchroom operators`: the people of the vendor, who may use the console."""

import asyncio

import click

from core.cli.output import show_table
from core.cli.root import with_settings
from core.cli.users import password_from_input, read_password
from core.settings import Settings


@click.group
def operators() -> None:
    """List and create the people who may use the vendor's console, set their passwords, switch them off."""


@operators.command("list")
@with_settings
def list_operators(settings: Settings) -> None:
    """List all operators."""
    asyncio.run(_list(settings))


@operators.command
@click.argument("username")
@click.option("--name", required=True, help="What audit logs call the person.")
@password_from_input
@with_settings
def create(settings: Settings, username: str, name: str, password_stdin: bool) -> None:
    """Create an operator; the password is asked for."""
    asyncio.run(_create(settings, username, name, read_password(password_stdin)))
    click.echo(f"Created the operator {username}.")


@operators.command
@click.argument("username")
@password_from_input
@with_settings
def password(settings: Settings, username: str, password_stdin: bool) -> None:
    """Set a new password, which is asked for, and end all of the operator's logins."""
    asyncio.run(_set_password(settings, username, read_password(password_stdin)))
    click.echo(f"{username} has a new password and is logged out everywhere.")


@operators.command
@click.argument("username")
@with_settings
def deactivate(settings: Settings, username: str) -> None:
    """Refuse an operator's logins from now on, and end those there are."""
    asyncio.run(_deactivate(settings, username))
    click.echo(f"{username} may no longer use the console.")


async def _list(settings: Settings) -> None:
    from core.cli.installation import open_platform
    from core.vendor.operators import all_operators

    async with open_platform(settings):
        found = await all_operators()
    rows = [(each.username, each.name, "active" if each.active else "off") for each in found]
    show_table(("USERNAME", "NAME", "STATE"), rows, empty="There are no operators yet: `switchroom operators create`.")


async def _create(settings: Settings, username: str, name: str, password: str) -> None:
    from core.cli.installation import open_platform
    from core.vendor.operators import create_operator

    async with open_platform(settings):
        await create_operator(settings, username, name, password)


async def _set_password(settings: Settings, username: str, password: str) -> None:
    from core.cli.installation import open_platform
    from core.vendor.operators import set_operator_password

    async with open_platform(settings):
        await set_operator_password(settings, username, password)


async def _deactivate(settings: Settings, username: str) -> None:
    from core.cli.installation import open_platform
    from core.vendor.operators import deactivate_operator

    async with open_platform(settings):
        await deactivate_operator(username)
