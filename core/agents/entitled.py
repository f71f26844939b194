"""Who may do something: the people to whom it can be given."""

from __future__ import annotations

from core.database.connection import fetch
from core.plugins.context import Context

# Index core_user_role_of_role. A built-in role allows what is declared, one of the tenant's own what it stores.
_WHO_MAY = """
SELECT person.id, person.name FROM core_user AS person
WHERE person.tenant_id = $1 AND person.active AND ($4::bigint IS NULL OR person.id = $4) AND EXISTS (
    SELECT FROM core_user_role AS granted JOIN core_role AS role ON role.id = granted.role_id
    WHERE granted.user_id = person.id AND (
        CASE WHEN role.built_in THEN role.key = ANY($2::text[]) ELSE role.permissions @> to_jsonb($3::text) END))
ORDER BY lower(person.name), person.id
"""


async def people_who_may(ctx: Context, permission: str, user_id: int | None = None) -> dict[int, str]:
    """The people who have a right in any of their roles, by name: user id → name. Accounts that are off do not count.

    Args:
        ctx: The tenant.
        permission: The name of the right.
        user_id: Looks at this one alone.
    """
    declared = next((item for item in ctx.permissions.known(ctx.enabled_plugins) if item.name == permission), None)
    if declared is None:
        return {}
    rows = await fetch(_WHO_MAY, ctx.tenant.id, list(declared.roles), permission, user_id)
    return {row["id"]: row["name"] for row in rows}
