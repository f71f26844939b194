"""The limits on wrong passwords and wrong API tokens, in rows that all processes share.

Passwords are limited per account and per client address, tokens per client address alone.

A try is counted before its password is looked at and forgotten when it was right, so that many tries at the same moment
are limited like those one after the other. Half-way to the limit an account is slowed: each further try has to wait
twice as long. At the limit it is locked. Accounts that do not exist are counted alike.
"""

from __future__ import annotations

import hashlib

from core.database.connection import execute, fetch_row, fetch_value
from core.errors import TooManyRequests
from core.locale import ngettext
from core.settings import Login


class LoginLimited(TooManyRequests):
    """Too many wrong passwords; whether this one was right has not been looked at."""

    code = "login_limited"

    def __init__(self, seconds: int) -> None:
        message = ngettext(
            "Too many wrong passwords. Try again in %(seconds)d second.",
            "Too many wrong passwords. Try again in %(seconds)d seconds.",
            seconds,
        )
        super().__init__(message % {"seconds": seconds}, retry_after=seconds)


class TokenLimited(TooManyRequests):
    """Too many wrong API tokens from one address."""

    code = "token_limited"

    def __init__(self, seconds: int) -> None:
        message = ngettext(
            "Too many wrong tokens. Try again in %(seconds)d second.",
            "Too many wrong tokens. Try again in %(seconds)d seconds.",
            seconds,
        )
        super().__init__(message % {"seconds": seconds}, retry_after=seconds)


def account_key(tenant: str, username: str) -> str:
    """What is counted for an account."""
    return _digest("account", tenant.casefold(), username.casefold())


def address_key(address: str) -> str:
    """What is counted for a client address."""
    return _digest("address", address)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


# One statement, so that of two tries at once the second sees the first. `old` starts a new count when the window is
# over, or when a lock has been sat out.
_COUNT = """
INSERT INTO core_login_limit AS old (key, attempts, window_started_at, blocked_until)
VALUES ($1, 1, now(), CASE WHEN $2 <= 1 THEN now() + make_interval(secs => $5) END)
ON CONFLICT (key) DO UPDATE SET (attempts, window_started_at, blocked_until) = (
    SELECT count, CASE WHEN count = 1 THEN now() ELSE old.window_started_at END,
        CASE WHEN count >= $2 THEN now() + make_interval(secs => $5)
            WHEN count >= $3 THEN now() + make_interval(secs => least(power(2, count - $3), $5)) END
    FROM (SELECT CASE WHEN old.attempts >= $2 OR old.window_started_at < now() - make_interval(secs => $4)
        THEN 1 ELSE old.attempts + 1 END AS count) AS next
)
WHERE old.blocked_until IS NULL OR old.blocked_until <= now()
RETURNING attempts
"""


async def count_attempt(limits: Login, tenant: str, username: str, address: str) -> None:
    """Counts a try before its password is looked at.

    Raises:
        LoginLimited: The account or the address is slowed or locked; the try is not counted.
    """
    per_account, per_address = limits.attempts_per_account, limits.attempts_per_address
    for key, limit, slow_from in (
        (address_key(address), per_address, per_address),
        (account_key(tenant, username), per_account, per_account // 2 + 1),
    ):
        if seconds := await _count(key, limit, slow_from, limits):
            raise LoginLimited(seconds)


async def count_wrong_token(limits: Login, address: str) -> None:
    """Counts an API token that was wrong. Right ones are accepted from any address: nobody guesses one.

    Raises:
        TokenLimited: As many as passwords may be wrong have been wrong before.
    """
    limit = limits.attempts_per_address
    if seconds := await _count(_digest("token", address), limit, limit, limits):
        raise TokenLimited(seconds)


async def _count(key: str, limit: int, slow_from: int, limits: Login) -> int:
    """Counts one try; gives the seconds to wait instead when there have been too many, else 0."""
    counted = await fetch_value(_COUNT, key, limit, slow_from, float(limits.window_seconds), float(limits.lock_seconds))
    if counted is None:
        row = await fetch_row(
            "SELECT ceil(extract(epoch FROM blocked_until - now()))::int AS seconds FROM core_login_limit "
            "WHERE key = $1",
            key,
        )
        return max(1, row["seconds"] or 0) if row else 1
    return 0


async def forget_attempts(tenant: str, username: str, address: str) -> None:
    """The password was right: the account starts anew, and the try does not count against the address."""
    await execute("DELETE FROM core_login_limit WHERE key = $1", account_key(tenant, username))
    await execute(
        "UPDATE core_login_limit SET attempts = attempts - 1, blocked_until = NULL WHERE key = $1 AND attempts > 0",
        address_key(address),
    )


async def forget_old_limits(limits: Login) -> int:
    """Deletes rows that say nothing any more, and gives their number."""
    return await execute(
        "DELETE FROM core_login_limit WHERE window_started_at < now() - make_interval(secs => $1) "
        "AND coalesce(blocked_until, now()) <= now()",
        float(limits.window_seconds),
    )
