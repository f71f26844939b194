"""Users: found, added and changed."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from litestar import get, post

from core.accounts import users
from core.accounts.directory import PAGE, Filter, Person, find_people, get_person
from core.accounts.own_roles import RoleView, all_roles
from core.accounts.permissions import HANDLE_INTERACTIONS, MANAGE_USERS
from core.accounts.sessions import SignedIn
from core.accounts.zones import zones
from core.admin.answers import AnyRequest, Page, at_address, authority_of, text, texts
from core.agents.enrolment import follow_roles
from core.agents.teams import all_teams, move_agents, team_of
from core.audit.reading import Wanted, find_entries
from core.database.transaction import transaction
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.audit_words import line_of
from core.web.identity import Identity
from core.web.rendering import fragment, page, with_toast

STATES = {"active": True, "off": False, "all": None}
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of passwords that are made: none that is taken for another."""
LATEST_CHANGES = 5


@get("/admin/users", permission=MANAGE_USERS)
async def users_page(request: AnyRequest, ctx: Context) -> Page:
    """The users that fit the filter; the page keeps it in its address."""
    wanted, values = _filter(request)
    found = await find_people(ctx, wanted, limit=PAGE + 1)
    return await page(
        "admin/users.html",
        title=_("Users"),
        people=found[:PAGE],
        more=_next(found, values),
        roles=await all_roles(ctx),
        values=values,
    )


@get("/admin/users/more", permission=MANAGE_USERS)
async def more_users(request: AnyRequest, ctx: Context) -> Page:
    """The next page of the list, from the key of the last one shown on."""
    wanted, values = _filter(request)
    last = request.query_params.get("last", "")
    after = (request.query_params.get("after", ""), int(last)) if last.isdecimal() and len(last) < 19 else None
    found = await find_people(ctx, wanted, after=after, limit=PAGE + 1)
    return fragment("admin/people.html", people=found[:PAGE], more=_next(found, values))


@get("/admin/users/new", permission=MANAGE_USERS)
async def new_user(ctx: Context, user: SignedIn, identity: Identity) -> Page:
    """The form for a colleague."""
    return await page(
        "admin/user_new.html",
        title=_("Add a colleague"),
        roles=await _role_choices(ctx, user, identity),
        teams=await all_teams(ctx),
        zones=zones(),
    )


@post("/admin/users", permission=MANAGE_USERS, status_code=200)
async def create(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity) -> Page:
    """Adds the colleague, and shows the password once where one was made.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    typed = text(form, "password")
    password = typed or new_password()
    wanted = texts(form, "roles")
    await authority_of(identity, ctx, user).check_roles(ctx, wanted)
    async with transaction():
        created = await users.create_user(
            ctx,
            text(form, "username"),
            text(form, "name"),
            password,
            wanted,
            timezone=text(form, "timezone") or None,
            language=text(form, "language") or None,
        )
        await _follow_roles(ctx, user, identity, created.id, text(form, "team"))
    shown = await _user_page(ctx, user, identity, created.id, password="" if typed else password)
    path = f"/admin/users/{created.id}"
    return with_toast(at_address(shown, path), _("%(name)s can log in now.") % {"name": created.name})


@get("/admin/users/{user_id:int}", permission=MANAGE_USERS)
async def user_page(ctx: Context, user: SignedIn, identity: Identity, user_id: int) -> Page:
    """One user."""
    return await _user_page(ctx, user, identity, user_id)


@post("/admin/users/{user_id:int}", permission=MANAGE_USERS, status_code=200)
async def save(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity, user_id: int) -> Page:
    """Saves name, zone, language, roles and team, all or nothing.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
        LockedOut: Nobody, or not the person who asks, could administer the organisation afterwards.
    """
    form = await request.form()
    wanted = texts(form, "roles")
    person = await get_person(ctx, user_id)
    authority = authority_of(identity, ctx, user)
    await authority.check_user(ctx, user_id)
    await authority.check_roles(ctx, person.role_keys ^ set(wanted))
    async with transaction():
        await users.change_user(
            ctx,
            user_id,
            name=text(form, "name"),
            timezone=text(form, "timezone") or None,
            language=text(form, "language") or None,
        )
        await users.set_roles(ctx, user_id, wanted)
        await _follow_roles(ctx, user, identity, user_id, text(form, "team"))
    return with_toast(await _user_page(ctx, user, identity, user_id), _("The user is saved."))


@post("/admin/users/{user_id:int}/password", permission=MANAGE_USERS, status_code=200)
async def reset_password(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity, user_id: int) -> Page:
    """Sets the password that was typed, or makes one and shows it once; ends the user's logins.

    Raises:
        InvalidInput: The password is too short.
    """
    await authority_of(identity, ctx, user).check_user(ctx, user_id)
    typed = text(await request.form(), "password")
    password = typed or new_password()
    await users.set_password(ctx, user_id, password)
    shown = await _user_page(ctx, user, identity, user_id, password="" if typed else password)
    return with_toast(shown, _("The new password holds from now on."))


@post("/admin/users/{user_id:int}/deactivate", permission=MANAGE_USERS, status_code=200)
async def deactivate(ctx: Context, user: SignedIn, identity: Identity, user_id: int) -> Page:
    """Switches the account off.

    Raises:
        LockedOut: It is one's own, or the last administrator's.
    """
    await authority_of(identity, ctx, user).check_user(ctx, user_id)
    await users.deactivate_user(ctx, user_id)
    return with_toast(await _user_page(ctx, user, identity, user_id), _("The account is switched off."))


@post("/admin/users/{user_id:int}/reactivate", permission=MANAGE_USERS, status_code=200)
async def reactivate(ctx: Context, user: SignedIn, identity: Identity, user_id: int) -> Page:
    """Switches the account on again."""
    await authority_of(identity, ctx, user).check_user(ctx, user_id)
    await users.reactivate_user(ctx, user_id)
    return with_toast(await _user_page(ctx, user, identity, user_id), _("The account is switched on."))


@post("/admin/users/{user_id:int}/logout", permission=MANAGE_USERS, status_code=200)
async def log_out(ctx: Context, user: SignedIn, identity: Identity, user_id: int) -> Page:
    """Ends all logins of the user."""
    await authority_of(identity, ctx, user).check_user(ctx, user_id)
    await users.log_out_everywhere(ctx, user_id)
    return with_toast(await _user_page(ctx, user, identity, user_id), _("The user is logged out everywhere."))


def new_password() -> str:
    """A password that is read aloud and typed without mistakes: three groups of four."""
    return "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(3))


def _filter(request: AnyRequest) -> tuple[Filter, dict[str, str]]:
    query = request.query_params
    values = {"words": query.get("words", "")[:100], "role": query.get("role", ""), "state": query.get("state", "")}
    if values["state"] not in STATES:
        values["state"] = "active"
    return Filter(values["words"], values["role"], STATES[values["state"]]), values


def _next(found: list[Person], values: dict[str, str]) -> str:
    """The address of the next page, or an empty string."""
    if len(found) <= PAGE:
        return ""
    last = found[PAGE - 1]
    return "/admin/users/more?" + urlencode({**values, "after": last.sort_name, "last": last.id})


async def _follow_roles(ctx: Context, user: SignedIn, identity: Identity, user_id: int, team: str) -> None:
    """Who may take calls is an agent from now on, so that a team can be chosen before the first login."""
    if await follow_roles(ctx, authority_of(identity, ctx, user), user_id) and team.isdecimal() and len(team) < 19:
        await move_agents(ctx, [user_id], int(team))


async def _role_choices(ctx: Context, user: SignedIn, identity: Identity) -> list[tuple[RoleView, bool, bool]]:
    """Each role, whether the person may give it, and whether it makes an agent."""
    authority = authority_of(identity, ctx, user)
    return [
        (role, authority.may_give(role), HANDLE_INTERACTIONS in authority.of_role(role))
        for role in await all_roles(ctx)
    ]


async def _user_page(ctx: Context, user: SignedIn, identity: Identity, user_id: int, *, password: str = "") -> Page:
    person = await get_person(ctx, user_id)
    return await page(
        "admin/user.html",
        title=person.name,
        person=person,
        password=password,
        roles=await _role_choices(ctx, user, identity),
        teams=await all_teams(ctx),
        team=await team_of(ctx, user_id),
        zones=zones(),
        changes=[
            line_of(entry, {})
            for entry in await find_entries(ctx.tenant.id, Wanted(subject=f"core:user:{user_id}"), limit=LATEST_CHANGES)
        ],
    )


HANDLERS = [
    users_page,
    more_users,
    new_user,
    create,
    user_page,
    save,
    reset_password,
    deactivate,
    reactivate,
    log_out,
]
