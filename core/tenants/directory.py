"""The tenants of the installation, found and counted for the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database.connection import fetch, fetch_value
from core.errors import NotFound
from core.locale import gettext as _

PAGE = 25


@dataclass(frozen=True)
class TenantEntry:
    """A tenant in a list.

    Attributes:
        state: `active`, `suspended` or `deleting`.
        plugins: Names of those that are chosen.
        users: How many may log in.
        online: How many agents are there now.
    """

    id: int
    slug: str
    name: str
    language: str
    timezone: str
    state: str
    created_at: datetime
    plugins: tuple[str, ...]
    users: int
    online: int


@dataclass(frozen=True)
class Found:
    """One page of a list.

    Attributes:
        total: How many there are on all pages.
        page: 1 is the first.
    """

    tenants: Sequence[TenantEntry]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE))


_STATE = """
CASE WHEN EXISTS (SELECT FROM core_tenant_work AS work WHERE work.tenant_id = tenant.id AND work.kind = 'delete'
    AND work.state <> 'done') THEN 'deleting' WHEN tenant.suspended THEN 'suspended' ELSE 'active' END
"""
_MATCHES = "($1 = '' OR tenant.slug ILIKE $1 OR tenant.name ILIKE $1)"

# Of the tenants of one page alone the rest is counted.
_COLUMNS = """
page.id, page.slug, page.name, page.language, page.timezone, page.state, page.created_at,
    (SELECT coalesce(array_agg(plugin ORDER BY plugin), '{}') FROM core_tenant_plugin
     WHERE tenant_id = page.id AND enabled) AS plugins,
    (SELECT count(*) FROM core_user WHERE tenant_id = page.id AND active) AS users,
    (SELECT count(*) FROM core_agent WHERE tenant_id = page.id AND connected_until > now()
     AND status <> 'offline') AS online
"""
_LIST = f"""
WITH page AS (
    SELECT tenant.*, {_STATE} AS state FROM core_tenant AS tenant
    WHERE {_MATCHES} AND ($2 = '' OR {_STATE} = $2) ORDER BY lower(tenant.name), tenant.id LIMIT $3 OFFSET $4
)
SELECT {_COLUMNS} FROM page ORDER BY lower(page.name), page.id
"""  # noqa: S608 - constants
_ONE = f"""
WITH page AS (SELECT tenant.*, {_STATE} AS state FROM core_tenant AS tenant WHERE id = $1) SELECT {_COLUMNS} FROM page
"""  # noqa: S608 - constants


async def find(words: str = "", *, state: str = "", page: int = 1) -> Found:
    """The tenants whose name or short name holds the words, by name.

    Args:
        words: Empty finds all.
        state: `active`, `suspended` or `deleting`; empty is any.
        page: 1 is the first; beyond the last one gives the last.
    """
    pattern = _pattern(words)
    total: int = await fetch_value(
        f"SELECT count(*) FROM core_tenant AS tenant WHERE {_MATCHES} AND ($2 = '' OR {_STATE} = $2)",  # noqa: S608
        pattern,
        state,
    )
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    rows = await fetch(_LIST, pattern, state, PAGE, (page - 1) * PAGE)
    return Found([_entry(row) for row in rows], total, page)


async def counted() -> dict[str, int]:
    """How many tenants there are in each state."""
    rows = await fetch(f"SELECT {_STATE} AS state, count(*) AS number FROM core_tenant AS tenant GROUP BY 1")  # noqa: S608
    return {"active": 0, "suspended": 0, "deleting": 0} | {row["state"]: row["number"] for row in rows}


async def find_one(tenant_id: int) -> TenantEntry:
    """One tenant.

    Raises:
        NotFound: There is none of that id.
    """
    rows = await fetch(_ONE, tenant_id)
    if not rows:
        raise NotFound(_("There is no such organisation."))
    return _entry(rows[0])


def _entry(row: dict[str, Any]) -> TenantEntry:
    return TenantEntry(**{**row, "plugins": tuple(row["plugins"])})


def _pattern(words: str) -> str:
    """Words as a pattern of ILIKE, with its own signs taken literally."""
    text = words.strip()[:100]
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return f"%{text}%" if text else ""
