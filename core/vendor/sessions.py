"""Logins of operators: checked under the same limits as those of tenants, kept in rows of their own."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from core.accounts.login import LoginFailed
from core.accounts.login_limit import count_attempt, forget_attempts, forget_old_limits
from core.accounts.operators import SignedInOperator
from core.accounts.passwords import hash_password, needs_rehash, password_matches
from core.audit.log import record_of
from core.database.connection import execute, fetch_row
from core.database.transaction import transaction
from core.locale import gettext as _
from core.plugins.context import Actor, ActorKind
from core.settings import Sessions, Settings

SEEN_EVERY = timedelta(minutes=1)

_ACCOUNTS = "/vendor"
"""Stands where a tenant's slug stands in the count of wrong passwords; no slug begins so."""

_READ = """
SELECT session.id AS session_id, session.seen_at, operator.id, operator.username, operator.name, operator.language,
    operator.theme
FROM core_operator_session AS session
JOIN core_operator AS operator ON operator.id = session.operator_id AND operator.active
WHERE session.token_digest = $1 AND session.expires_at > now() AND session.seen_at > now() - make_interval(mins => $2)
"""


async def log_in(settings: Settings, username: str, password: str, address: str) -> str:
    """Checks username and password, and gives the token for the browser.

    Takes about as long, counts, and fails with the same words whether or not there is such an operator.

    Raises:
        LoginFailed: They do not belong together, or the operator is switched off.
        LoginLimited: Too many wrong passwords before; this one has not been looked at.
    """
    username = username.strip().casefold()
    await count_attempt(settings.login, _ACCOUNTS, username, address)
    row = await fetch_row(
        "SELECT id, name, password_hash FROM core_operator WHERE username = $1 AND active",
        username,
    )
    if not await password_matches(password[:1000], row["password_hash"] if row else None) or row is None:
        raise LoginFailed(_("Login and password do not match."), mend=_("Check both and try again."))
    await forget_attempts(_ACCOUNTS, username, address)
    if needs_rehash(row["password_hash"]):
        new = await hash_password(password)
        await execute("UPDATE core_operator SET password_hash = $2 WHERE id = $1", row["id"], new)
    token = await _open(settings.sessions, row["id"], row["name"])
    await forget_old_limits(settings.login)
    return token


async def _open(limits: Sessions, operator_id: int, name: str) -> str:
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    async with transaction():
        await execute(
            "INSERT INTO core_operator_session (token_digest, operator_id, created_at, seen_at, expires_at) "
            "VALUES ($1, $2, $3, $3, $4)",
            _digest(token),
            operator_id,
            now,
            now + timedelta(hours=limits.lifetime_hours),
        )
        await execute("DELETE FROM core_operator_session WHERE expires_at < $1", now)
        actor = Actor(ActorKind.OPERATOR, operator_id=operator_id, name=name)
        await record_of(None, actor, "core.operator_logged_in", f"core:operator:{operator_id}", name, {}, {})
    return token


async def read_session(token: str, limits: Sessions) -> SignedInOperator | None:
    """The operator behind a token, or None when there is none, the login has ended, or was idle for too long."""
    row = await fetch_row(_READ, _digest(token), limits.idle_minutes)
    if row is None:
        return None
    if row["seen_at"] < datetime.now(UTC) - SEEN_EVERY:
        await execute("UPDATE core_operator_session SET seen_at = now() WHERE id = $1", row["session_id"])
    return SignedInOperator(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        language=row["language"],
        theme=row["theme"],
        session_id=row["session_id"],
    )


async def log_out(operator: SignedInOperator) -> None:
    """Ends the login."""
    await execute("DELETE FROM core_operator_session WHERE id = $1", operator.session_id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
