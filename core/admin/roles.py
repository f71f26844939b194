"""Roles: what each allows, at a glance, and roles of the tenant's own."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, post

from core.accounts.authority import Authority
from core.accounts.own_roles import RoleView, all_roles, create_role, delete_role, get_role, people_in, save_role
from core.accounts.permissions import MANAGE_ROLES, Permission
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page, at_address, authority_of, text, texts
from core.admin.plugin_names import plugin_title
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.web.identity import Identity
from core.web.rendering import page, with_toast


@dataclass(frozen=True)
class Group:
    """The rights that one plugin, or core, declares."""

    plugin: str
    title: str
    permissions: tuple[Permission, ...]


@get("/admin/roles", permission=MANAGE_ROLES)
async def roles_page(ctx: Context, user: SignedIn, identity: Identity, platform: Platform) -> Page:
    """Who may do what."""
    authority = authority_of(identity, ctx, user)
    roles = await all_roles(ctx)
    return await page(
        "admin/roles.html",
        title=_("Roles and permissions"),
        roles=[(role, authority.of_role(role)) for role in roles],
        groups=_groups(authority, platform),
    )


@get("/admin/roles/new", permission=MANAGE_ROLES)
async def new_role(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity, platform: Platform) -> Page:
    """The form for a role: empty, or with what another one allows."""
    authority = authority_of(identity, ctx, user)
    copied = request.query_params.get("copy", "")
    source = await get_role(ctx, int(copied)) if copied.isdecimal() and len(copied) < 19 else None
    name = _("Copy of %(name)s") % {"name": _(source.name)} if source else ""
    return await _form(
        authority, platform, None, name, authority.of_role(source) if source else frozenset(), title=_("Add a role")
    )


@post("/admin/roles", permission=MANAGE_ROLES, status_code=200)
async def create(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity, platform: Platform) -> Page:
    """Makes a role.

    Raises:
        InvalidInput: The name cannot be used: the page marks the field.
    """
    form = await request.form()
    authority = authority_of(identity, ctx, user)
    wanted = _known(authority, texts(form, "permissions"))
    authority.check_rights(wanted)
    role_id = await create_role(ctx, text(form, "name"), wanted)
    shown = await _role_page(ctx, authority, platform, role_id)
    return with_toast(at_address(shown, f"/admin/roles/{role_id}"), _("The role is ready. Give it to people now."))


@get("/admin/roles/{role_id:int}", permission=MANAGE_ROLES)
async def role_page(ctx: Context, user: SignedIn, identity: Identity, platform: Platform, role_id: int) -> Page:
    """One role."""
    return await _role_page(ctx, authority_of(identity, ctx, user), platform, role_id)


@post("/admin/roles/{role_id:int}", permission=MANAGE_ROLES, status_code=200)
async def save(
    request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity, platform: Platform, role_id: int
) -> Page:
    """Renames a role, or changes what it allows.

    Raises:
        InvalidInput: The name cannot be used: the page marks the field.
        Conflict: The role is built in.
    """
    form = await request.form()
    authority = authority_of(identity, ctx, user)
    role = await get_role(ctx, role_id)
    wanted = _known(authority, texts(form, "permissions"))
    shown = {permission.name for permission in authority.permissions.known(authority.enabled)}
    # Rights of plugins that are off at present are not on the page, and stay.
    kept = set(role.permissions) - shown
    authority.check_rights(authority.of_role(role) ^ wanted)
    await save_role(ctx, role_id, text(form, "name"), wanted | kept)
    return with_toast(await _role_page(ctx, authority, platform, role_id), _("The role is saved."))


@post("/admin/roles/{role_id:int}/delete", permission=MANAGE_ROLES, status_code=200)
async def delete(ctx: Context, user: SignedIn, identity: Identity, platform: Platform, role_id: int) -> Page:
    """Removes a role.

    Raises:
        RoleInUse: Somebody has it.
        Conflict: The role is built in.
    """
    authority = authority_of(identity, ctx, user)
    authority.check_rights(authority.of_role(await get_role(ctx, role_id)))
    await delete_role(ctx, role_id)
    roles = [(role, authority.of_role(role)) for role in await all_roles(ctx)]
    shown = await page(
        "admin/roles.html", title=_("Roles and permissions"), roles=roles, groups=_groups(authority, platform)
    )
    return with_toast(at_address(shown, "/admin/roles"), _("The role is deleted."))


def _known(authority: Authority, names: list[str]) -> frozenset[str]:
    return authority.permissions.of_own(names, authority.enabled)


def _groups(authority: Authority, platform: Platform) -> list[Group]:
    declared = authority.permissions.by_plugin(authority.enabled)
    return [Group(name, plugin_title(platform, name), permissions) for name, permissions in declared.items()]


async def _role_page(ctx: Context, authority: Authority, platform: Platform, role_id: int) -> Page:
    role = await get_role(ctx, role_id)
    return await _form(
        authority,
        platform,
        role,
        role.name,
        authority.of_role(role),
        title=_(role.name),
        people=await people_in(ctx, role_id),
    )


async def _form(
    authority: Authority,
    platform: Platform,
    role: RoleView | None,
    name: str,
    allowed: frozenset[str],
    *,
    title: str,
    people: list[tuple[int, str]] | None = None,
) -> Page:
    return await page(
        "admin/role_form.html",
        title=title,
        role=role,
        name=name,
        allowed=allowed,
        groups=_groups(authority, platform),
        out_of_reach=authority.lacking(
            permission.name for permission in authority.permissions.known(authority.enabled)
        ),
        people=people or [],
    )


HANDLERS = [roles_page, new_role, create, role_page, save, delete]
