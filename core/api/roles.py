"""Roles, and the rights that there are."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, patch, post
from litestar.params import JSONBody
from pydantic import Field

from core.accounts.own_roles import RoleView, all_roles, create_role, delete_role, get_role, save_role
from core.accounts.permissions import MANAGE_ROLES
from core.accounts.sessions import SignedIn
from core.api.rights import authority_of
from core.api.shapes import Answer, Given, Id
from core.database.transaction import transaction
from core.errors import InvalidInput
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.identity import Identity

RightName = Annotated[str, Field(min_length=1, max_length=100)]


class Role(Answer):
    """A set of rights that users work with."""

    id: int
    key: str
    """What names the role in requests; it never changes."""
    name: str
    built_in: bool
    """Whether every organisation has it; such a role cannot be changed."""
    permissions: list[str]
    """What it allows with the plugins that are on."""
    people: int
    """How many users have it."""


class Roles(Answer):
    """All roles: the built-in ones first, then the organisation's own in the order they were made."""

    items: list[Role]


class Right(Answer):
    """A named right, which roles carry and requests need."""

    name: str
    """`<plugin>.<what>`."""
    plugin: str
    """Who declares it: `core` or a plugin."""
    title: str
    """What it allows."""
    explanation: str
    roles: list[str]
    """Keys of the built-in roles that carry it."""


class Rights(Answer):
    """All rights that can be given with the plugins that are on."""

    items: list[Right]


class NewRole(Given):
    """A role to make."""

    name: Annotated[str, Field(max_length=100)]
    """Unlike that of any other role."""
    permissions: Annotated[list[RightName], Field(max_length=1000)]
    """Names of rights."""


class ChangedRole(Given):
    """What is to be changed of a role; what is left out stays as it is."""

    name: Annotated[str, Field(max_length=100)] = Field(default_factory=str)
    permissions: Annotated[list[RightName], Field(max_length=1000)] = Field(default_factory=list)


@get("/roles", permission=MANAGE_ROLES, tags=["roles"])
async def list_roles(ctx: Context, user: SignedIn, identity: Identity) -> Roles:
    """Lists all roles."""
    return Roles(items=[_shown(role, ctx, user, identity) for role in await all_roles(ctx)])


@post("/roles", permission=MANAGE_ROLES, idempotent=True, tags=["roles"])
async def make_role(ctx: Context, user: SignedIn, identity: Identity, data: JSONBody[NewRole]) -> Role:
    """Makes a role. Nobody can give a right of administration that he does not have himself."""
    _check_rights(ctx, user, identity, data.permissions)
    async with transaction():
        role_id = await create_role(ctx, data.name, data.permissions)
        return _shown(await get_role(ctx, role_id), ctx, user, identity)


@get("/roles/{role_id:int}", permission=MANAGE_ROLES, tags=["roles"])
async def get_one_role(ctx: Context, user: SignedIn, identity: Identity, role_id: Id) -> Role:
    """Gives one role."""
    return _shown(await get_role(ctx, role_id), ctx, user, identity)


@patch("/roles/{role_id:int}", permission=MANAGE_ROLES, tags=["roles"])
async def change_role(
    ctx: Context, user: SignedIn, identity: Identity, role_id: Id, data: JSONBody[ChangedRole]
) -> Role:
    """Changes a role of the organisation's own; in force with each person's next request."""
    given = data.model_fields_set
    async with transaction():
        role = await get_role(ctx, role_id)
        permissions = data.permissions if "permissions" in given else list(role.permissions)
        if "permissions" in given and not role.built_in:
            _check_rights(ctx, user, identity, data.permissions)
            authority_of(identity, ctx, user).check_rights(set(role.permissions) ^ set(permissions))
        await save_role(ctx, role_id, data.name if "name" in given else role.name, permissions)
        return _shown(await get_role(ctx, role_id), ctx, user, identity)


@delete("/roles/{role_id:int}", permission=MANAGE_ROLES, tags=["roles"])
async def remove_role(ctx: Context, user: SignedIn, identity: Identity, role_id: Id) -> None:
    """Deletes a role of the organisation's own that nobody has."""
    role = await get_role(ctx, role_id)
    authority_of(identity, ctx, user).check_rights(role.permissions)
    await delete_role(ctx, role_id)


@get("/permissions", permission=MANAGE_ROLES, tags=["roles"])
async def list_permissions(ctx: Context, identity: Identity) -> Rights:
    """Lists the rights that roles can carry: core's first, then those of each plugin that is on."""
    declared = identity.permissions.by_plugin(ctx.enabled_plugins)
    return Rights(
        items=[
            Right(
                name=right.name,
                plugin=plugin,
                title=_(right.title),
                explanation=_(right.explanation) if right.explanation else "",
                roles=list(right.roles),
            )
            for plugin, rights in declared.items()
            for right in rights
        ]
    )


HANDLERS = [list_roles, make_role, get_one_role, change_role, remove_role, list_permissions]


def _shown(role: RoleView, ctx: Context, user: SignedIn, identity: Identity) -> Role:
    allowed = authority_of(identity, ctx, user).of_role(role)
    name = _(role.name) if role.built_in else role.name
    return Role(
        id=role.id, key=role.key, name=name, built_in=role.built_in, permissions=sorted(allowed), people=role.people
    )


def _check_rights(ctx: Context, user: SignedIn, identity: Identity, names: list[str]) -> None:
    there = {right.name for right in identity.permissions.known(ctx.enabled_plugins)}
    if unknown := sorted(set(names) - there):
        text = _("There is no right named %(name)s.") % {"name": unknown[0]}
        raise InvalidInput(_("The role was not saved."), fields={"permissions": text})
    authority_of(identity, ctx, user).check_rights(names)
