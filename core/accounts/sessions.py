"""Logins that last: a row in the database, known to the browser by a random token, and read once per request."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from core.accounts.login_limit import forget_old_limits
from core.accounts.models import LoginSession, Role, UserRole
from core.database.connection import execute, fetch, fetch_row
from core.database.transaction import transaction
from core.errors import Forbidden, NotFound, SwitchroomError
from core.locale import gettext as _
from core.settings import Sessions
from core.tenancy.context import TenantRef

if TYPE_CHECKING:
    from core.plugins.context import Context

SEEN_EVERY = timedelta(minutes=1)


class NotSignedIn(SwitchroomError):
    """Nobody is logged in, or no longer."""

    code = "not_signed_in"
    status = 401

    def __init__(self) -> None:
        super().__init__(_("You are not logged in, or no longer."), mend=_("Log in."))


class RoleNotChosen(SwitchroomError):
    """The user has several roles and has not said which one to work in."""

    code = "role_not_chosen"
    status = 403

    def __init__(self) -> None:
        super().__init__(_("You have not chosen a role yet."), mend=_("Choose the role to work in."))


@dataclass(frozen=True)
class RoleRef:
    """A role that a user may work in.

    Attributes:
        name: In English for a built-in one: shown through `gettext`.
    """

    key: str
    name: str


@dataclass(frozen=True)
class StoredSession:
    """A login as it is stored. What the role allows depends on the tenant's plugins and is computed by who knows them.

    Attributes:
        id: 0 for a program that shows a token.
        role: None until one of several has been chosen, or when the chosen one has been taken away.
        own_permissions: The list of a tenant's own role; None for a built-in role, or no role.
        token_id: The API token that a program has shown.
    """

    id: int
    tenant: TenantRef
    user_id: int
    username: str
    name: str
    role: RoleRef | None
    own_permissions: tuple[str, ...] | None
    several_roles: bool
    language: str
    zone: ZoneInfo
    theme: str
    token_id: int | None = None


@dataclass(frozen=True)
class SignedIn:
    """The person behind a request.

    Attributes:
        id: The user's id.
        role: The role in use; None until one has been chosen.
        permissions: What the role allows in this tenant.
        several_roles: Whether there is another role to change to.
        zone: The time zone in which this person reads times.
        theme: `light`, `dark` or `auto`.
        session_id: 0 for a program that has shown a token.
        token_id: The API token that a program has shown; None for a person who has logged in.
    """

    id: int
    username: str
    name: str
    role: RoleRef | None
    permissions: frozenset[str]
    several_roles: bool
    tenant: TenantRef
    language: str
    zone: ZoneInfo
    theme: str
    session_id: int
    token_id: int | None = None

    def may(self, permission: str) -> bool:
        """Whether the role in use carries the permission."""
        return permission in self.permissions


async def open_session(ctx: Context, user_id: int) -> str:
    """Starts a login of a user whose password was right, and gives the token for the browser.

    A user with one role works in it at once; one with several has to choose.

    Raises:
        Forbidden: The user has no role.
    """
    limits = ctx.installation.sessions
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    async with transaction():
        roles = await UserRole.filter(user_id=user_id).limit(2).values_list("role_id", flat=True)
        if not roles:
            raise Forbidden(_("You have no role yet."), mend=_("Ask your administrator for one."))
        await LoginSession.create(
            token_digest=_digest(token),
            user_id=user_id,
            role_id=roles[0] if len(roles) == 1 else None,
            seen_at=now,
            expires_at=now + timedelta(hours=limits.lifetime_hours),
        )
        await LoginSession.filter(expires_at__lt=now).delete()
    await forget_old_limits(ctx.installation.login)
    return token


_READ = """
SELECT session.id AS session_id, session.seen_at, person.id AS user_id, person.username, person.name AS user_name,
    person.language AS user_language, person.timezone AS user_timezone, person.theme,
    role.key AS role_key, role.name AS role_name, role.built_in, role.permissions,
    (SELECT count(*) FROM core_user_role WHERE user_id = person.id) AS roles,
    tenant.id, tenant.slug, tenant.name, tenant.language, tenant.timezone, tenant.enablement_version
FROM core_session AS session
JOIN core_user AS person ON person.id = session.user_id AND person.active
JOIN core_tenant AS tenant ON tenant.id = session.tenant_id AND NOT tenant.suspended
LEFT JOIN core_user_role AS granted ON granted.user_id = person.id AND granted.role_id = session.role_id
LEFT JOIN core_role AS role ON role.id = granted.role_id
WHERE session.token_digest = $1 AND session.expires_at > now() AND session.seen_at > now() - make_interval(mins => $2)
"""


async def read_session(token: str, limits: Sessions) -> StoredSession | None:
    """The login behind a token, or None when there is none, it has ended, or nobody has seen it for too long."""
    row = await fetch_row(_READ, _digest(token), limits.idle_minutes)
    if row is None:
        return None
    if row["seen_at"] < datetime.now(UTC) - SEEN_EVERY:
        await keep_sessions([row["session_id"]])
    return _session(row)


def _session(row: dict[str, Any]) -> StoredSession:
    names = ("id", "slug", "name", "language", "timezone", "enablement_version")
    tenant = TenantRef(**{name: row[name] for name in names})
    stored = None if row["role_key"] is None or row["built_in"] else tuple(json.loads(row["permissions"]))
    return StoredSession(
        id=row["session_id"],
        tenant=tenant,
        user_id=row["user_id"],
        username=row["username"],
        name=row["user_name"],
        role=RoleRef(row["role_key"], row["role_name"]) if row["role_key"] else None,
        own_permissions=stored,
        several_roles=row["roles"] > 1,
        language=row["user_language"] or tenant.language,
        zone=ZoneInfo(row["user_timezone"] or tenant.timezone),
        theme=row["theme"],
    )


async def keep_sessions(session_ids: Collection[int]) -> set[int]:
    """Notes that these logins are in use, and gives those that still hold."""
    rows = await fetch(
        "UPDATE core_session SET seen_at = now() WHERE id = ANY($1::bigint[]) AND expires_at > now() RETURNING id",
        list(session_ids),
    )
    return {row["id"] for row in rows}


async def close_session(ctx: Context, session_id: int) -> None:
    """Logs out; the other tabs of the login notice at once."""
    await execute("DELETE FROM core_session WHERE tenant_id = $1 AND id = $2", ctx.tenant.id, session_id)
    await ctx.publish(f"session:{session_id}")


async def in_use_elsewhere(ctx: Context, user: SignedIn) -> bool:
    """Whether the person has another login with an open page."""
    found = await fetch_row(
        "SELECT FROM core_session WHERE tenant_id = $1 AND user_id = $2 AND id <> $3 "
        "AND seen_at > now() - make_interval(secs => $4) LIMIT 1",
        ctx.tenant.id,
        user.id,
        user.session_id,
        2 * SEEN_EVERY.total_seconds(),
    )
    return found is not None


async def roles_of(ctx: Context, user_id: int) -> list[RoleRef]:
    """The roles that a user may work in, in the order they were made."""
    rows = await fetch(
        "SELECT role.key, role.name FROM core_user_role AS granted JOIN core_role AS role ON role.id = granted.role_id "
        "WHERE granted.tenant_id = $1 AND granted.user_id = $2 ORDER BY role.id",
        ctx.tenant.id,
        user_id,
    )
    return [RoleRef(**row) for row in rows]


async def change_role(ctx: Context, user: SignedIn, key: str) -> None:
    """Lets the person go on in another role, without a new login; the other tabs of the login notice at once.

    Raises:
        NotFound: The user has no such role.
    """
    async with transaction():
        role = await Role.filter(
            key=key, id__in=await UserRole.filter(user_id=user.id).values_list("role_id", flat=True)
        ).first()
        if role is None:
            raise NotFound(_("You have no such role."))
        await LoginSession.filter(id=user.session_id).update(role_id=role.id)
        await ctx.publish(f"session:{user.session_id}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
