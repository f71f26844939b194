"""Users and their roles: each function is one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from core.accounts.models import LoginSession, Role, User, UserRole
from core.accounts.passwords import hash_password
from core.accounts.permissions import BUILT_IN_ROLES
from core.database.connection import fetch
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.locale import gettext as _
from core.locale.languages import NAMES

if TYPE_CHECKING:
    from core.plugins.context import Context

SHORTEST_PASSWORD = 8
THEMES = ("auto", "light", "dark")

# Letters, digits and what logins are made of elsewhere: e-mail addresses, and numbers such as 112-233-445 95.
_USERNAME = re.compile(r"[^\W_](?:[\w.@+ -]{0,62}[\w])?")


async def create_user(
    ctx: Context, username: str, name: str, password: str, roles: Sequence[str], *, timezone: str | None = None
) -> User:
    """Adds a person who may log in.

    Args:
        ctx: The tenant.
        username: What is typed at login; upper and lower case are the same.
        name: What other people see.
        password: At least 8 characters; a demo installation, which nobody else can reach, takes any.
        roles: Keys of the roles to work in, at least one.
        timezone: An IANA name; None is the tenant's.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        Conflict: The username is taken.
        NotFound: There is no such role.
    """
    username, name = username.strip().casefold(), name.strip()
    wrong: dict[str, str] = {}
    if not _USERNAME.fullmatch(username):
        wrong["username"] = _("Use 1 to 64 letters, digits, spaces or any of . @ + - _")
    if not 1 <= len(name) <= 200:
        wrong["name"] = _("Enter a name of at most 200 characters.")
    if not roles:
        wrong["roles"] = _("Choose at least one role.")
    if problem := _password_problem(ctx, password):
        wrong["password"] = problem
    if wrong:
        raise InvalidInput(_("The user cannot be created."), fields=wrong)
    password_hash = await hash_password(password)
    async with transaction():
        try:
            user = await User.create(username=username, name=name, password_hash=password_hash, timezone=timezone)
        except IntegrityError as error:
            raise Conflict(_("There is a user named %(username)s already.") % {"username": username}) from error
        await _grant(user.id, roles)
    return user


async def set_password(ctx: Context, user_id: int, password: str) -> None:
    """Replaces a password and ends the user's logins everywhere.

    Raises:
        InvalidInput: The password is too short.
        NotFound: There is no such user.
    """
    if problem := _password_problem(ctx, password):
        raise InvalidInput(_("The password cannot be used."), fields={"password": problem})
    password_hash = await hash_password(password)
    async with transaction():
        if not await User.filter(id=user_id).update(password_hash=password_hash):
            raise NotFound(_("There is no such user."))
        await end_sessions(ctx, user_id)


async def deactivate_user(ctx: Context, user_id: int) -> None:
    """Refuses further logins and ends those there are; what the user has done stays.

    Raises:
        NotFound: There is no such user.
    """
    async with transaction():
        if not await User.filter(id=user_id).update(active=False):
            raise NotFound(_("There is no such user."))
        await end_sessions(ctx, user_id)


async def end_sessions(ctx: Context, user_id: int) -> None:
    """Logs the user out everywhere; open pages notice at once."""
    sessions = await fetch(
        "DELETE FROM core_session WHERE tenant_id = $1 AND user_id = $2 RETURNING id", ctx.tenant.id, user_id
    )
    await ctx.publish(*(f"session:{row['id']}" for row in sessions))


async def set_roles(ctx: Context, user_id: int, roles: Sequence[str]) -> None:
    """Makes these the roles that the user may work in; a login in another one has to choose anew.

    Raises:
        InvalidInput: No role is given.
        NotFound: There is no such user or role.
    """
    if not roles:
        raise InvalidInput(_("Choose at least one role."), fields={"roles": _("Choose at least one role.")})
    async with transaction():
        if not await User.filter(id=user_id).exists():
            raise NotFound(_("There is no such user."))
        await UserRole.filter(user_id=user_id).delete()
        await _grant(user_id, roles)
        sessions = await LoginSession.filter(user_id=user_id).values_list("id", flat=True)
        await ctx.publish(*(f"session:{session}" for session in sessions))


async def _grant(user_id: int, keys: Iterable[str]) -> None:
    wanted = list(dict.fromkeys(keys))
    found = {role.key: role.id for role in await Role.filter(key__in=wanted)}
    for key in wanted:
        if key not in found:
            raise NotFound(_("There is no role named %(role)s.") % {"role": key})
        await UserRole.create(user_id=user_id, role_id=found[key])


async def ensure_built_in_roles(ctx: Context) -> None:
    """Gives a tenant the roles that every tenant has; changes nothing when they are there."""
    async with transaction():
        there = {role.key for role in await Role.filter(tenant_id=ctx.tenant.id, built_in=True)}
        await Role.bulk_create(
            [Role(key=key, name=name, built_in=True) for key, name in BUILT_IN_ROLES.items() if key not in there]
        )


async def set_language(ctx: Context, user_id: int, language: str) -> None:
    """Sets the language of the user's pages.

    Raises:
        InvalidInput: There is no such language.
    """
    if language not in NAMES:
        raise InvalidInput(_("There is no such language."), fields={"language": _("There is no such language.")})
    await User.filter(id=user_id).update(language=language)


async def set_theme(ctx: Context, user_id: int, theme: str) -> None:
    """Sets the look of the user's pages: `light`, `dark`, or `auto` for what the device prefers.

    Raises:
        InvalidInput: There is no such theme.
    """
    if theme not in THEMES:
        raise InvalidInput(_("There is no such theme."), fields={"theme": _("There is no such theme.")})
    await User.filter(id=user_id).update(theme=theme)


def _password_problem(ctx: Context, password: str) -> str | None:
    if len(password) > 1000:
        return _("Use at most 1000 characters.")
    if len(password) < SHORTEST_PASSWORD and not ctx.installation.demo:
        return _("Use at least %(number)d characters.") % {"number": SHORTEST_PASSWORD}
    return None
