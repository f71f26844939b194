"""The roles of a tenant: the built-in ones to look at, and its own to make, change and delete."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.accounts.models import Role
from core.audit.log import record
from core.database.connection import fetch, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.jobs.registry import Event
from core.locale import gettext as _

if TYPE_CHECKING:
    from core.plugins.context import Context

LONGEST_NAME = 100
SHOWN_USERS = 20
"""How many of the people who keep a role from being deleted are named."""


class RoleInUse(Conflict):
    """People have the role.

    Attributes:
        users: Pairs of an id and a name, of the first who have it.
    """

    code = "role_in_use"

    def __init__(self, users: list[tuple[int, str]], count: int) -> None:
        named = ", ".join(name for _id, name in users)
        more = _(" and %(number)s more") % {"number": count - len(users)} if count > len(users) else ""
        super().__init__(
            _("The role is in use by %(people)s.") % {"people": named + more},
            mend=_("Give these people another role first."),
        )
        self.users = users


@dataclass(frozen=True)
class RoleView:
    """A role of a tenant.

    Attributes:
        name: In English for a built-in one: shown through `gettext`.
        permissions: The list of an own role. What a built-in one allows is computed: see `core.accounts.permissions`.
        people: How many users have it.
    """

    id: int
    key: str
    name: str
    built_in: bool
    permissions: tuple[str, ...]
    people: int


_ROLES = """
SELECT role.id, role.key, role.name, role.built_in, role.permissions,
    (SELECT count(*) FROM core_user_role AS granted WHERE granted.role_id = role.id) AS people
FROM core_role AS role WHERE role.tenant_id = $1 ORDER BY role.built_in DESC, role.id
"""


async def all_roles(ctx: Context) -> list[RoleView]:
    """Every role of the tenant: the built-in ones first, then its own in the order they were made."""
    # Index core_user_role_of_role counts the people of each.
    rows = await fetch(_ROLES, ctx.tenant.id)
    return [RoleView(**{**row, "permissions": tuple(json.loads(row["permissions"]))}) for row in rows]


async def get_role(ctx: Context, role_id: int) -> RoleView:
    """One role.

    Raises:
        NotFound: The tenant has no such role.
    """
    for role in await all_roles(ctx):
        if role.id == role_id:
            return role
    raise NotFound(_("There is no such role."))


async def people_in(ctx: Context, role_id: int, limit: int = SHOWN_USERS) -> list[tuple[int, str]]:
    """Ids and names of users who have a role, by name, at most `limit`."""
    rows = await fetch(
        "SELECT person.id, person.name FROM core_user_role AS granted JOIN core_user AS person "
        "ON person.id = granted.user_id WHERE granted.tenant_id = $1 AND granted.role_id = $2 "
        "ORDER BY lower(person.name), person.id LIMIT $3",
        ctx.tenant.id,
        role_id,
        limit,
    )
    return [(row["id"], row["name"]) for row in rows]


async def create_role(ctx: Context, name: str, permissions: Iterable[str]) -> int:
    """Makes a role of the tenant's own, and gives its id.

    Args:
        ctx: The tenant.
        name: What people read; unlike that of any other role of the tenant.
        permissions: Names of rights that there are; whether the person may give them is for the caller to ask.

    Raises:
        InvalidInput: The name cannot be used.
    """
    name, allowed = name.strip(), sorted(set(permissions))
    async with transaction():
        await _check_name(ctx, name, None)
        role = await Role.create(key=await _free_key(ctx, name), name=name, permissions=allowed)
        await record(
            ctx,
            "core.role_created",
            subject=f"core:role:{role.id}",
            subject_name=name,
            after={"name": name, "permissions": allowed},
        )
    role_id: int = role.id
    return role_id


async def save_role(ctx: Context, role_id: int, name: str, permissions: Iterable[str]) -> None:
    """Changes a role of the tenant's own; in force with each person's next request.

    Raises:
        InvalidInput: The name cannot be used.
        Conflict: The role is built in.
        NotFound: The tenant has no such role.
    """
    name, allowed = name.strip(), sorted(set(permissions))
    async with transaction():
        role = await _own(role_id)
        await _check_name(ctx, name, role_id)
        before = {"name": role.name, "permissions": sorted(role.permissions)}
        after = {"name": name, "permissions": allowed}
        if before == after:
            return
        role.name, role.permissions = name, allowed
        await role.save(update_fields=["name", "permissions"])
        await ctx.emit(Event.RIGHTS_CHANGED)
        await record(
            ctx,
            "core.role_changed",
            subject=f"core:role:{role_id}",
            subject_name=name,
            before=before,
            after=after,
        )
        await ctx.publish("roles")


async def delete_role(ctx: Context, role_id: int) -> None:
    """Removes a role that nobody has.

    Raises:
        RoleInUse: Somebody has it.
        Conflict: The role is built in.
        NotFound: The tenant has no such role.
    """
    async with transaction():
        role = await _own(role_id)
        # Granting it needs the row that is locked here, so nobody gets the role after this look.
        if users := await people_in(ctx, role_id):
            count = await fetch_value("SELECT count(*) FROM core_user_role WHERE role_id = $1", role_id)
            raise RoleInUse(users, count)
        await role.delete()
        await record(
            ctx,
            "core.role_deleted",
            subject=f"core:role:{role_id}",
            subject_name=role.name,
            before={"name": role.name, "permissions": sorted(role.permissions)},
        )


async def _own(role_id: int) -> Role:
    role = await Role.filter(id=role_id).select_for_update().first()
    if role is None:
        raise NotFound(_("There is no such role."))
    if role.built_in:
        raise Conflict(_("A built-in role cannot be changed."), mend=_("Copy it, and change the copy."))
    return role


async def _check_name(ctx: Context, name: str, role_id: int | None) -> None:
    problem = ""
    if not 1 <= len(name) <= LONGEST_NAME:
        problem = _("Give the role a name of at most 100 characters.")
    elif name.casefold() in {
        other
        for role in await all_roles(ctx)
        if role.id != role_id
        for other in (role.name.casefold(), _(role.name).casefold())
    }:
        problem = _("There is a role of this name already.")
    if problem:
        raise InvalidInput(_("The role was not saved."), fields={"name": problem})


async def _free_key(ctx: Context, name: str) -> str:
    """A word for commands and programs, made of the name: letters without their accents, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:34] or "role"
    taken = {role.key for role in await all_roles(ctx)}
    return next(
        key for number in range(1, len(taken) + 2) if (key := stem if number == 1 else f"{stem}-{number}") not in taken
    )
