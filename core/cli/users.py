"""`switchroom users`: the people of one organisation."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from core.cli.output import show_table
from core.cli.root import with_settings
from core.errors import NotFound
from core.plugins.context import Context
from core.settings import Settings

password_from_input = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the standard input instead of asking for it."
)


@click.group
def users() -> None:
    """List and create people, set their passwords and roles."""


@users.command("list")
@click.argument("tenant")
@with_settings
def list_users(settings: Settings, tenant: str) -> None:
    """List the people of an organisation."""
    asyncio.run(_list(settings, tenant))


@users.command
@click.argument("tenant")
@click.argument("username")
@click.option("--name", required=True, help="What other people see.")
@click.option("--role", "roles", multiple=True, required=True, help="A role to work in; may be given several times.")
@password_from_input
@with_settings
def create(
    settings: Settings, tenant: str, username: str, name: str, roles: tuple[str, ...], password_stdin: bool
) -> None:
    """Create a person who may log in; the password is asked for."""
    asyncio.run(_create(settings, tenant, username, name, roles, read_password(password_stdin)))
    click.echo(f"Created {username} in {tenant}.")


@users.command("set-password")
@click.argument("tenant")
@click.argument("username")
@password_from_input
@with_settings
def set_password(settings: Settings, tenant: str, username: str, password_stdin: bool) -> None:
    """Set a new password, which is asked for, and end all of the person's logins."""
    asyncio.run(_set_password(settings, tenant, username, read_password(password_stdin)))
    click.echo(f"{username} has a new password and is logged out everywhere.")


@users.command
@click.argument("tenant")
@click.argument("username")
@click.argument("role", nargs=-1, required=True)
@with_settings
def roles(settings: Settings, tenant: str, username: str, role: tuple[str, ...]) -> None:
    """Make these the roles that a person may work in, in place of the present ones."""
    asyncio.run(_set_roles(settings, tenant, username, role))
    click.echo(f"{username} may work as {', '.join(role)}.")


def read_password(from_stdin: bool) -> str:
    """Give what somebody types.

    Never an argument: those are seen by everybody on the machine and kept in the shell's history.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@asynccontextmanager
async def _organisation(settings: Settings, slug: str) -> AsyncIterator[Context]:
    from core.cli.installation import open_platform

    async with open_platform(settings) as platform:
        try:
            tenant = await platform.tenant(slug=slug)
        except NotFound:
            raise NotFound(
                f"There is no organisation {slug}, or it is suspended.", mend="`switchroom tenants list` shows them."
            ) from None
        async with platform.context(tenant) as ctx:
            yield ctx


async def _user_id(tenant: str, username: str) -> int:
    from core.accounts.models import User

    user = await User.get_or_none(username=username.strip().casefold())
    if user is None:
        raise NotFound(
            f"There is no user {username} in {tenant}.", mend=f"`switchroom users list {tenant}` shows them."
        )
    user_id: int = user.id
    return user_id


async def _list(settings: Settings, tenant: str) -> None:
    from core.database.connection import fetch

    async with _organisation(settings, tenant) as ctx:
        found = await fetch(
            "SELECT person.username, person.name, person.active, "
            "coalesce(string_agg(role.key, ', ' ORDER BY role.key), '') AS roles FROM core_user AS person "
            "LEFT JOIN core_user_role AS held ON held.user_id = person.id "
            "LEFT JOIN core_role AS role ON role.id = held.role_id "
            "WHERE person.tenant_id = $1 GROUP BY person.id ORDER BY person.username",
            ctx.tenant.id,
        )
    rows = [(row["username"], row["name"], "active" if row["active"] else "off", row["roles"]) for row in found]
    show_table(("USERNAME", "NAME", "STATE", "ROLES"), rows, empty=f"{tenant} has no users yet.")


async def _create(
    settings: Settings, tenant: str, username: str, name: str, roles: tuple[str, ...], password: str
) -> None:
    from core.accounts.users import create_user

    async with _organisation(settings, tenant) as ctx:
        await create_user(ctx, username, name, password, roles)


async def _set_password(settings: Settings, tenant: str, username: str, password: str) -> None:
    from core.accounts.users import set_password

    async with _organisation(settings, tenant) as ctx:
        await set_password(ctx, await _user_id(tenant, username), password)


async def _set_roles(settings: Settings, tenant: str, username: str, roles: tuple[str, ...]) -> None:
    from core.accounts.users import set_roles

    async with _organisation(settings, tenant) as ctx:
        await set_roles(ctx, await _user_id(tenant, username), roles)
