"""Finds users for the administration, page by page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.accounts.sessions import RoleRef
from core.database.connection import fetch
from core.errors import NotFound
from core.locale import gettext as _

if TYPE_CHECKING:
    from core.plugins.context import Context

PAGE = 50


@dataclass(frozen=True)
class Person:
    """A user, as the administration sees one.

    Attributes:
        sort_name: The name by which users are ordered; with the id it is the key of the next page.
        language: None is the tenant's, as is `timezone`.
        seen_at: When the last of the logins that still hold was in use; None when there is none.
        logins: How many logins hold.
    """

    id: int
    username: str
    name: str
    sort_name: str
    active: bool
    language: str | None
    timezone: str | None
    created_at: datetime
    seen_at: datetime | None
    logins: int
    roles: tuple[RoleRef, ...]

    @property
    def role_keys(self) -> frozenset[str]:
        """The keys of the roles."""
        return frozenset(role.key for role in self.roles)


@dataclass(frozen=True)
class Filter:
    """Which users are wanted.

    Attributes:
        words: Part of the name or of the login; upper and lower case are the same.
        role: The key of a role; empty is any.
        active: Whether the account is on; None is both.
    """

    words: str = ""
    role: str = ""
    active: bool | None = True


_PEOPLE = """
SELECT person.id, person.username, person.name, lower(person.name) AS sort_name, person.active, person.language,
    person.timezone, person.created_at,
    (SELECT max(session.seen_at) FROM core_session AS session
     WHERE session.user_id = person.id AND session.expires_at > now()) AS seen_at,
    (SELECT count(*) FROM core_session AS session
     WHERE session.user_id = person.id AND session.expires_at > now()) AS logins,
    (SELECT coalesce(json_agg(json_build_array(role.key, role.name) ORDER BY role.id), '[]')::text
     FROM core_user_role AS granted JOIN core_role AS role ON role.id = granted.role_id
     WHERE granted.user_id = person.id) AS roles
FROM core_user AS person WHERE person.tenant_id = $1
"""

# Index core_user_by_name: the tenant's users in order, from the key of the page on; what does not fit is passed over.
_FIND = (
    _PEOPLE
    + """
AND ($2::text = '' OR strpos(lower(person.name), $2) > 0 OR strpos(person.username, $2) > 0)
AND ($3::boolean IS NULL OR person.active = $3)
AND ($4::text = '' OR EXISTS (SELECT FROM core_user_role AS granted JOIN core_role AS role ON role.id = granted.role_id
     WHERE granted.user_id = person.id AND role.key = $4))
AND ($6::bigint IS NULL OR (lower(person.name), person.id) > ($5::text, $6::bigint))
ORDER BY lower(person.name), person.id LIMIT $7
"""
)


async def find_people(
    ctx: Context, wanted: Filter, *, after: tuple[str, int] | None = None, limit: int = PAGE
) -> list[Person]:
    """Users by name, at most `limit`.

    Args:
        ctx: The tenant.
        wanted: Which.
        after: `sort_name` and id of the last one of the page before.
        limit: How many.
    """
    rows = await fetch(
        _FIND,
        ctx.tenant.id,
        wanted.words.strip().lower(),
        wanted.active,
        wanted.role,
        after[0] if after else "",
        after[1] if after else None,
        limit,
    )
    return [_person(row) for row in rows]


async def get_person(ctx: Context, user_id: int) -> Person:
    """One user.

    Raises:
        NotFound: The tenant has no such user.
    """
    rows = await fetch(_PEOPLE + "AND person.id = $2", ctx.tenant.id, user_id)
    if not rows:
        raise NotFound(_("There is no such user."))
    return _person(rows[0])


def _person(row: dict[str, Any]) -> Person:
    return Person(**{**row, "roles": tuple(RoleRef(key, name) for key, name in json.loads(row["roles"]))})
