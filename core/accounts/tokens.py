"""API tokens: by one of them a program acts as a user, in one of the user's roles.

The token itself is shown once; what is stored is a digest. It ends when it is revoked or expires, when its user is
switched off or loses the role, and when the organisation is suspended.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from core.accounts.models import ApiToken, Role, User, UserRole
from core.accounts.sessions import RoleRef, StoredSession
from core.audit.log import record
from core.database.connection import execute, fetch, fetch_row
from core.database.transaction import transaction
from core.errors import InvalidInput, NotFound, SwitchroomError
from core.locale import gettext as _
from core.tenancy.context import TenantRef

if TYPE_CHECKING:
    from core.plugins.context import Context

PREFIX = "swr_"
"""How every token begins, so that people and scanners for leaked secrets recognise one."""

HINT_LENGTH = 4
USED_EVERY = timedelta(minutes=1)


class WrongToken(SwitchroomError):
    """The token is none, or no longer; which of them is not said."""

    code = "wrong_token"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            _("This token is not valid, or no longer."), mend=_("Ask your administrator for another token.")
        )


@dataclass(frozen=True)
class TokenView:
    """A token as its administrator sees it.

    Attributes:
        hint: Its last characters.
        user_id: As whom it acts.
        user_name: What people call that user.
        role: The key of the role in which it acts.
        role_name: In English for a built-in one: shown through `gettext`.
        works: Whether it would be accepted now, as far as user and role go; it may still have expired.
        expires_at: None is never.
        used_at: To the minute; None for one that was never used.
    """

    id: int
    name: str
    hint: str
    user_id: int
    user_name: str
    role: str
    role_name: str
    works: bool
    created_by: int | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


_TOKENS = """
SELECT token.id, token.name, token.hint, token.user_id, person.name AS user_name, role.key AS role,
    role.name AS role_name, person.active AND granted.id IS NOT NULL AS works,
    token.created_by, token.created_at, token.expires_at, token.used_at
FROM core_api_token AS token
JOIN core_user AS person ON person.id = token.user_id
JOIN core_role AS role ON role.id = token.role_id
LEFT JOIN core_user_role AS granted ON granted.user_id = token.user_id AND granted.role_id = token.role_id
WHERE token.tenant_id = $1
"""


async def create_token(
    ctx: Context, *, name: str, user_id: int, role: str, expires_at: datetime | None
) -> tuple[str, TokenView]:
    """Makes a token, and gives it with what is known of it. Nothing can show the token again.

    Args:
        ctx: The tenant, and who makes it.
        name: What it is for, at most 100 characters.
        user_id: As whom it acts.
        role: The key of one of that user's roles.
        expires_at: When it ends; None is never.

    Raises:
        InvalidInput: A value cannot be used; names the field.
    """
    name = name.strip()
    wrong: dict[str, str] = {}
    if not 1 <= len(name) <= 100:
        wrong["name"] = _("Enter a name of at most 100 characters.")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        wrong["expires_at"] = _("Choose a moment that is still to come.")
    text = PREFIX + secrets.token_urlsafe(32)
    async with transaction():
        user = await User.filter(id=user_id, active=True).first()
        if user is None:
            wrong["user_id"] = _("There is no such user.")
        granted = await UserRole.filter(user_id=user_id).values_list("role_id", flat=True)
        chosen = await Role.filter(key=role, id__in=granted).first()
        if user is not None and chosen is None:
            wrong["role"] = _("The user has no such role.")
        if wrong or user is None or chosen is None:
            raise InvalidInput(_("The token cannot be created."), fields=wrong)
        row = await ApiToken.create(
            name=name,
            token_digest=_digest(text),
            hint=text[-HINT_LENGTH:],
            user_id=user.id,
            role_id=chosen.id,
            created_by=ctx.actor.user_id,
            expires_at=expires_at,
        )
        after = {"hint": row.hint, "user": user.name, "role": role, "expires_at": expires_at}
        await record(ctx, "core.token_created", subject=_subject(row.id), subject_name=name, after=after)
        await ctx.publish("tokens")
        return text, await get_token(ctx, row.id)


async def tokens(ctx: Context, *, before_id: int | None = None, limit: int = 200) -> list[TokenView]:
    """The tokens of the tenant, the newest first, from the one before `before_id` on."""
    rows = await fetch(
        f"{_TOKENS} AND ($2::bigint IS NULL OR token.id < $2) ORDER BY token.id DESC LIMIT $3",
        ctx.tenant.id,
        before_id,
        limit,
    )
    return [TokenView(**row) for row in rows]


async def get_token(ctx: Context, token_id: int) -> TokenView:
    """One token.

    Raises:
        NotFound: The tenant has none of that id.
    """
    row = await fetch_row(f"{_TOKENS} AND token.id = $2", ctx.tenant.id, token_id)
    if row is None:
        raise NotFound(_("There is no such token."))
    return TokenView(**row)


async def revoke_token(ctx: Context, token_id: int) -> None:
    """Ends a token, with the next request of whoever holds it.

    Raises:
        NotFound: The tenant has none of that id.
    """
    async with transaction():
        token = await get_token(ctx, token_id)
        await ApiToken.filter(id=token_id).delete()
        before = {"hint": token.hint, "user": token.user_name, "role": token.role}
        await record(ctx, "core.token_revoked", subject=_subject(token.id), subject_name=token.name, before=before)
        await ctx.publish("tokens")


# By the unique index of token_digest: the tenant is not known before.
_READ = """
SELECT token.id AS token_id, token.used_at, person.id AS user_id, person.username, person.name AS user_name,
    person.language AS user_language, person.timezone AS user_timezone, person.theme,
    role.key AS role_key, role.name AS role_name, role.built_in, role.permissions,
    tenant.id, tenant.slug, tenant.name, tenant.language, tenant.timezone, tenant.enablement_version
FROM core_api_token AS token
JOIN core_user AS person ON person.id = token.user_id AND person.active
JOIN core_tenant AS tenant ON tenant.id = token.tenant_id AND NOT tenant.suspended
JOIN core_user_role AS granted ON granted.user_id = person.id AND granted.role_id = token.role_id
JOIN core_role AS role ON role.id = granted.role_id
WHERE token.token_digest = $1 AND (token.expires_at IS NULL OR token.expires_at > now())
"""


async def read_token(text: str) -> StoredSession | None:
    """As whom a token acts, or None when it is none, has ended, or its user may no longer use it."""
    if not text.startswith(PREFIX):
        return None
    row = await fetch_row(_READ, _digest(text))
    if row is None:
        return None
    if row["used_at"] is None or row["used_at"] < datetime.now(UTC) - USED_EVERY:
        await execute(
            "UPDATE core_api_token SET used_at = now() WHERE tenant_id = $1 AND id = $2", row["id"], row["token_id"]
        )
    return _acting(row)


def _acting(row: dict[str, Any]) -> StoredSession:
    names = ("id", "slug", "name", "language", "timezone", "enablement_version")
    tenant = TenantRef(**{name: row[name] for name in names})
    return StoredSession(
        id=0,
        tenant=tenant,
        user_id=row["user_id"],
        username=row["username"],
        name=row["user_name"],
        role=RoleRef(row["role_key"], row["role_name"]),
        own_permissions=None if row["built_in"] else tuple(json.loads(row["permissions"])),
        several_roles=False,
        language=row["user_language"] or tenant.language,
        zone=ZoneInfo(row["user_timezone"] or tenant.timezone),
        theme=row["theme"],
        token_id=row["token_id"],
    )


def _subject(token_id: int) -> str:
    return f"core:token:{token_id}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
