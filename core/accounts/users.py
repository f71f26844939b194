"""Users and their roles: each function is one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tortoise.exceptions import IntegrityError

from core.accounts.models import LoginSession, Role, User, UserRole
from core.accounts.passwords import hash_password
from core.accounts.permissions import ADMINISTRATOR, BUILT_IN_ROLES
from core.accounts.zones import is_zone
from core.audit.log import record
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.jobs.registry import Event
from core.locale import gettext as _
from core.locale.languages import NAMES

if TYPE_CHECKING:
    from core.plugins.context import Context

SHORTEST_PASSWORD = 8
THEMES = ("auto", "light", "dark")

# Letters, digits and what logins are made of elsewhere: e-mail addresses, and numbers such as 112-233-445 95.
_USERNAME = re.compile(r"[^\W_](?:[\w.@+ -]{0,62}[\w])?")


class LockedOut(Conflict):
    """The change would leave somebody, or the whole organisation, without administration."""

    code = "locked_out"


async def create_user(
    ctx: Context,
    username: str,
    name: str,
    password: str,
    roles: Sequence[str],
    *,
    timezone: str | None = None,
    language: str | None = None,
) -> User:
    """Adds a person who may log in.

    Args:
        ctx: The tenant.
        username: What is typed at login; upper and lower case are the same.
        name: What other people see.
        password: At least 8 characters; a demo installation, which nobody else can reach, takes any.
        roles: Keys of the roles to work in, at least one.
        timezone: An IANA name; None is the tenant's.
        language: A code of `core.locale.languages.NAMES`; None is the tenant's.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        Conflict: The username is taken.
        NotFound: There is no such role.
    """
    username, name = username.strip().casefold(), name.strip()
    wrong = _profile_problems(name, timezone, language)
    if not _USERNAME.fullmatch(username):
        wrong["username"] = _("Use 1 to 64 letters, digits, spaces or any of . @ + - _")
    if not roles:
        wrong["roles"] = _("Choose at least one role.")
    if problem := _password_problem(ctx, password):
        wrong["password"] = problem
    if wrong:
        raise InvalidInput(_("The user cannot be created."), fields=wrong)
    password_hash = await hash_password(password)
    profile: dict[str, Any] = {"name": name, "timezone": timezone, "language": language}
    async with transaction():
        try:
            user = await User.create(username=username, password_hash=password_hash, **profile)
        except IntegrityError as error:
            raise Conflict(_("There is a user named %(username)s already.") % {"username": username}) from error
        names = await _grant(user.id, roles)
        await _note(ctx, "core.user_created", user, after={"username": username, **profile, "roles": names})
    return user


async def change_user(
    ctx: Context, user_id: int, *, name: str, timezone: str | None = None, language: str | None = None
) -> None:
    """Changes what other people see of a user, and how the user reads times and texts.

    Args:
        ctx: The tenant.
        user_id: Which.
        name: At most 200 characters.
        timezone: An IANA name; None is the tenant's.
        language: A code of `core.locale.languages.NAMES`; None is the tenant's.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        NotFound: There is no such user.
    """
    name = name.strip()
    if wrong := _profile_problems(name, timezone, language):
        raise InvalidInput(_("The user was not saved."), fields=wrong)
    async with transaction():
        user = await _locked(user_id)
        before = {"name": user.name, "timezone": user.timezone, "language": user.language}
        after = {"name": name, "timezone": timezone, "language": language}
        if before != after:
            await user.update_from_dict(after).save(update_fields=list(after))
            await _note(ctx, "core.user_changed", user, before, after)


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
        user = await _locked(user_id)
        user.password_hash = password_hash
        await user.save(update_fields=["password_hash"])
        await end_sessions(ctx, user_id)
        await _note(ctx, "core.password_reset", user)


async def deactivate_user(ctx: Context, user_id: int) -> None:
    """Refuses further logins and ends those there are; what the user has done stays.

    Raises:
        LockedOut: It is the person who asks, or the last administrator.
        NotFound: There is no such user.
    """
    if ctx.actor.user_id == user_id:
        raise LockedOut(
            _("You cannot switch off your own account."), mend=_("Another administrator can do it for you.")
        )
    async with transaction():
        await _keep_an_administrator(ctx, user_id)
        user = await _locked(user_id)
        await _switch(ctx, user, active=False, action="core.user_deactivated")
        await end_sessions(ctx, user_id)


async def reactivate_user(ctx: Context, user_id: int) -> None:
    """Lets a user log in again, with the password and the roles from before.

    Raises:
        NotFound: There is no such user.
    """
    async with transaction():
        await _switch(ctx, await _locked(user_id), active=True, action="core.user_reactivated")


async def end_sessions(ctx: Context, user_id: int) -> int:
    """Logs the user out everywhere, and gives the number of logins; open pages notice at once."""
    sessions = await fetch(
        "DELETE FROM core_session WHERE tenant_id = $1 AND user_id = $2 RETURNING id", ctx.tenant.id, user_id
    )
    await ctx.publish(*(f"session:{row['id']}" for row in sessions))
    return len(sessions)


async def log_out_everywhere(ctx: Context, user_id: int) -> int:
    """Like `end_sessions`, asked for by an administrator.

    Raises:
        NotFound: There is no such user.
    """
    async with transaction():
        user = await _locked(user_id)
        count = await end_sessions(ctx, user_id)
        await _note(ctx, "core.user_logged_out", user, after={"logins": count})
    return count


async def set_roles(ctx: Context, user_id: int, roles: Sequence[str]) -> None:
    """Makes these the roles that the user may work in; a login in one that is taken away has to choose anew.

    Raises:
        InvalidInput: No role is given.
        LockedOut: Somebody takes the administration from himself, or from the last who has it.
        NotFound: There is no such user or role.
    """
    if not roles:
        raise InvalidInput(_("Choose at least one role."), fields={"roles": _("Choose at least one role.")})
    async with transaction():
        if ADMINISTRATOR not in roles:
            await _keep_an_administrator(ctx, user_id)
        user = await _locked(user_id)
        held = await Role.filter(id__in=await UserRole.filter(user_id=user_id).values_list("role_id", flat=True))
        before = {role.key: role.name for role in sorted(held, key=lambda role: role.id)}
        if set(before) == set(roles):
            return
        if ADMINISTRATOR in before and ADMINISTRATOR not in roles and ctx.actor.user_id == user_id:
            raise LockedOut(
                _("You cannot take the administration from yourself."),
                mend=_("Another administrator can do it for you."),
            )
        await UserRole.filter(user_id=user_id).delete()
        after = await _grant(user_id, roles)
        gone = [role.id for role in held if role.key not in roles]
        sessions = await LoginSession.filter(user_id=user_id, role_id__in=gone).values_list("id", flat=True)
        await ctx.publish("roles", *(f"session:{session}" for session in sessions))
        await ctx.emit(Event.RIGHTS_CHANGED)
        await _note(ctx, "core.user_roles_changed", user, {"roles": list(before.values())}, {"roles": after})


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


async def _grant(user_id: int, keys: Iterable[str]) -> list[str]:
    """Gives roles, and their names as they are stored."""
    wanted = list(dict.fromkeys(keys))
    found = {role.key: role for role in await Role.filter(key__in=wanted)}
    for key in wanted:
        if key not in found:
            raise NotFound(_("There is no role named %(role)s.") % {"role": key})
        await UserRole.create(user_id=user_id, role_id=found[key].id)
    return [found[key].name for key in wanted]


async def _locked(user_id: int) -> User:
    user = await User.filter(id=user_id).select_for_update().first()
    if user is None:
        raise NotFound(_("There is no such user."))
    return user


async def _switch(ctx: Context, user: User, *, active: bool, action: str) -> None:
    if user.active == active:
        return
    user.active = active
    await user.save(update_fields=["active"])
    await ctx.emit(Event.RIGHTS_CHANGED)
    await _note(ctx, action, user, {"active": not active}, {"active": active})


async def _keep_an_administrator(ctx: Context, user_id: int) -> None:
    """Refuses to take the administration from the last who has it.

    The role's row is locked first, so that of two administrators who remove each other at the same moment one stays.

    Raises:
        LockedOut: Nobody else could administer the organisation.
    """
    await execute(
        "SELECT FROM core_role WHERE tenant_id = $1 AND key = $2 FOR NO KEY UPDATE", ctx.tenant.id, ADMINISTRATOR
    )
    # Index core_user_role_of_role.
    administrators: list[int] = await fetch_value(
        "SELECT coalesce(array_agg(person.id), '{}') FROM core_role AS role "
        "JOIN core_user_role AS granted ON granted.role_id = role.id "
        "JOIN core_user AS person ON person.id = granted.user_id AND person.active "
        "WHERE role.tenant_id = $1 AND role.key = $2",
        ctx.tenant.id,
        ADMINISTRATOR,
    )
    if administrators == [user_id]:
        raise LockedOut(
            _("This is the last administrator of your organisation."),
            mend=_("Make somebody else an administrator first."),
        )


async def _note(
    ctx: Context,
    action: str,
    user: User,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await record(
        ctx, action, subject=f"core:user:{user.id}", subject_name=user.name, before=before or {}, after=after or {}
    )


def _profile_problems(name: str, timezone: str | None, language: str | None) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not 1 <= len(name) <= 200:
        wrong["name"] = _("Enter a name of at most 200 characters.")
    if timezone is not None and not is_zone(timezone):
        wrong["timezone"] = _("There is no such time zone.")
    if language is not None and language not in NAMES:
        wrong["language"] = _("There is no such language.")
    return wrong


def _password_problem(ctx: Context, password: str) -> str | None:
    if len(password) > 1000:
        return _("Use at most 1000 characters.")
    if len(password) < SHORTEST_PASSWORD and not ctx.installation.demo:
        return _("Use at least %(number)d characters.") % {"number": SHORTEST_PASSWORD}
    return None
