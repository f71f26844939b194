"""Checks a login: organisation, username and password, under the limit on wrong passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.accounts.login_limit import count_attempt, forget_attempts
from core.accounts.passwords import hash_password, needs_rehash, password_matches
from core.database.connection import execute, fetch_row
from core.errors import SwitchroomError
from core.locale import gettext as _
from core.settings import Login

if TYPE_CHECKING:
    from core.plugins.context import Context


class LoginFailed(SwitchroomError):
    """Organisation, username and password do not belong together; which of them is wrong is not said."""

    code = "login_failed"
    status = 401


async def check_login(limits: Login, tenant: str, username: str, password: str, address: str) -> tuple[int, int]:
    """Tells who logs in.

    Takes about as long, counts, and fails with the same words whether or not organisation and user exist.

    Args:
        limits: The limit on wrong passwords.
        tenant: The slug of the organisation.
        username: As it was typed.
        password: As it was typed.
        address: The client's address.

    Returns:
        The ids of the tenant and of the user.

    Raises:
        LoginFailed: They do not belong together, or the user or the organisation is switched off.
        LoginLimited: Too many wrong passwords before; this one has not been looked at.
    """
    tenant, username = tenant.strip().casefold(), username.strip().casefold()
    await count_attempt(limits, tenant, username, address)
    row = await fetch_row(
        "SELECT person.id, person.tenant_id, person.password_hash FROM core_user AS person "
        "JOIN core_tenant AS tenant ON tenant.id = person.tenant_id "
        "WHERE tenant.slug = $1 AND person.username = $2 AND person.active AND NOT tenant.suspended",
        tenant,
        username,
    )
    if not await password_matches(password[:1000], row["password_hash"] if row else None) or row is None:
        raise LoginFailed(_("Login and password do not match."), mend=_("Check both and try again."))
    await forget_attempts(tenant, username, address)
    if needs_rehash(row["password_hash"]):
        await execute("UPDATE core_user SET password_hash = $2 WHERE id = $1", row["id"], await hash_password(password))
    return row["tenant_id"], row["id"]


async def adopt_language(ctx: Context, user_id: int, language: str) -> None:
    """Keeps the language that somebody has chosen on the login page, if the person has never chosen one inside."""
    await execute(
        "UPDATE core_user SET language = $3 WHERE tenant_id = $1 AND id = $2 AND language IS NULL",
        ctx.tenant.id,
        user_id,
        language,
    )
