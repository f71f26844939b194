"""Users of the organisation."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from core.accounts import users
from core.accounts.directory import Filter, Person, find_people, get_person
from core.accounts.permissions import MANAGE_USERS
from core.accounts.sessions import SignedIn
from core.agents.enrolment import follow_roles
from core.agents.teams import move_agents, team_of
from core.api.paging import Cursor, Limit, Page, page_of, read_cursor
from core.api.rights import authority_of
from core.api.shapes import Answer, Flag, Given, Id, Reference, Time
from core.database.transaction import transaction
from core.errors import InvalidInput
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.identity import Identity

RoleKey = Annotated[str, Field(min_length=1, max_length=40)]


class UserRole(Answer):
    """A role that a user may work in."""

    key: str
    name: str


class UserSummary(Answer):
    """A person who may log in."""

    id: int
    username: str
    """What is typed at login."""
    name: str
    active: bool
    """Whether the account is on."""
    language: str | None
    """null is the organisation's."""
    timezone: str | None
    """An IANA name; null is the organisation's."""
    created_at: Time
    seen_at: Time | None
    """When the last of the logins that still hold was in use; null when there is none."""
    logins: int
    """How many logins hold."""
    roles: list[UserRole]


class User(UserSummary):
    """A person who may log in, with the team of an agent."""

    team_id: int | None
    """The team of an agent; null for somebody who is none."""


class NewUser(Given):
    """Somebody who is to log in."""

    username: Annotated[str, Field(max_length=64)]
    """1 to 64 letters, digits, spaces or any of `. @ + - _`; upper and lower case are the same."""
    name: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1000)]
    """At least 8 characters."""
    roles: Annotated[list[RoleKey], Field(max_length=100)]
    """Keys of roles, at least one."""
    language: Annotated[str, Field(max_length=12)] | None = None
    """null is the organisation's."""
    timezone: Annotated[str, Field(max_length=64)] | None = None
    """An IANA name; null is the organisation's."""
    team_id: Reference | None = None
    """The team, where one of the roles makes an agent; null is the first one."""


class ChangedUser(Given):
    """What is to be changed of a user; what is left out stays as it is."""

    name: Annotated[str, Field(max_length=200)] = Field(default_factory=str)
    language: Annotated[str, Field(max_length=12)] | None = None
    """null is the organisation's."""
    timezone: Annotated[str, Field(max_length=64)] | None = None
    """An IANA name; null is the organisation's."""
    active: Flag = Field(default_factory=bool)
    """Whether the account is on. Switching it off ends all logins and tokens of the user."""
    roles: Annotated[list[RoleKey], Field(max_length=100)] = Field(default_factory=list)
    """Keys of roles, at least one."""
    team_id: Reference = Field(default_factory=int)
    """The team of an agent."""


class NewPassword(Given):
    """A password."""

    password: Annotated[str, Field(max_length=1000)]
    """At least 8 characters."""


@get("/users", permission=MANAGE_USERS, tags=["users"])
async def list_users(
    ctx: Context,
    words: Annotated[str, QueryParameter(max_length=100, description="Part of the name or of the login.")] = "",
    role: Annotated[str, QueryParameter(max_length=40, description="The key of a role.")] = "",
    active: Annotated[bool | None, QueryParameter(description="Whether the account is on; both if left out.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[UserSummary]:
    """Lists the users by name."""
    after = read_cursor(cursor, str, int)
    found = await find_people(
        ctx, Filter(words, role, active), after=(after[0], after[1]) if after else None, limit=limit + 1
    )
    return page_of(UserSummary, found, limit, lambda person: (person.sort_name, person.id))


@post("/users", permission=MANAGE_USERS, idempotent=True, tags=["users"])
async def create_user(ctx: Context, user: SignedIn, identity: Identity, data: JSONBody[NewUser]) -> User:
    """Adds a user, who can log in at once."""
    authority = authority_of(identity, ctx, user)
    await authority.check_roles(ctx, data.roles)
    async with transaction():
        created = await users.create_user(
            ctx,
            data.username,
            data.name,
            data.password,
            data.roles,
            timezone=data.timezone,
            language=data.language,
        )
        if await follow_roles(ctx, authority, created.id) and data.team_id is not None:
            await move_agents(ctx, [created.id], data.team_id)
        return await _shown(ctx, created.id)


@get("/users/{user_id:int}", permission=MANAGE_USERS, tags=["users"])
async def get_user(ctx: Context, user_id: Id) -> User:
    """Gives one user."""
    return await _shown(ctx, user_id)


@patch("/users/{user_id:int}", permission=MANAGE_USERS, tags=["users"])
async def change_user(
    ctx: Context, user: SignedIn, identity: Identity, user_id: Id, data: JSONBody[ChangedUser]
) -> User:
    """Changes a user: all that is given, or nothing."""
    authority = authority_of(identity, ctx, user)
    person = await get_person(ctx, user_id)
    given = data.model_fields_set
    await authority.check_user(ctx, user_id)
    if "roles" in given:
        await authority.check_roles(ctx, person.role_keys ^ set(data.roles))
    async with transaction():
        await _change(ctx, person, data)
        is_agent = await follow_roles(ctx, authority, user_id)
        if "team_id" in given:
            if not is_agent and await team_of(ctx, user_id) is None:
                text = _("Only somebody who handles interactions is in a team.")
                raise InvalidInput(_("The user was not saved."), fields={"team_id": text})
            await move_agents(ctx, [user_id], data.team_id)
        return await _shown(ctx, user_id)


@put("/users/{user_id:int}/password", permission=MANAGE_USERS, status_code=204, tags=["users"])
async def set_user_password(
    ctx: Context, user: SignedIn, identity: Identity, user_id: Id, data: JSONBody[NewPassword]
) -> None:
    """Replaces a user's password, and ends the user's logins."""
    await authority_of(identity, ctx, user).check_user(ctx, user_id)
    await users.set_password(ctx, user_id, data.password)


@delete("/users/{user_id:int}/logins", permission=MANAGE_USERS, tags=["users"])
async def end_user_logins(ctx: Context, user: SignedIn, identity: Identity, user_id: Id) -> None:
    """Logs a user out everywhere; open pages notice at once. Tokens stay."""
    await authority_of(identity, ctx, user).check_user(ctx, user_id)
    await users.log_out_everywhere(ctx, user_id)


HANDLERS = [list_users, create_user, get_user, change_user, set_user_password, end_user_logins]


async def _change(ctx: Context, person: Person, data: ChangedUser) -> None:
    given = data.model_fields_set
    if given & {"name", "language", "timezone"}:
        kept = {name: getattr(data if name in given else person, name) for name in ("name", "language", "timezone")}
        await users.change_user(ctx, person.id, **kept)
    if "roles" in given:
        await users.set_roles(ctx, person.id, data.roles)
    if "active" in given:
        await (users.reactivate_user if data.active else users.deactivate_user)(ctx, person.id)


async def _shown(ctx: Context, user_id: int) -> User:
    person, team = await get_person(ctx, user_id), await team_of(ctx, user_id)
    summary = UserSummary.model_validate(person)
    return User(**summary.model_dump(), team_id=team.id if team else None)
