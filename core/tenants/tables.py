"""The tables that hold rows of tenants, as the database knows them: those of plugins no longer installed as well."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.database.connection import fetch

# Tables with a column `tenant_id`; of the audit log and of this work what was done outlives the tenant.
KEPT = frozenset({"core_audit", "core_tenant_work"})

_TABLES = """
SELECT table_.relname AS name, greatest(table_.reltuples, 0)::bigint AS rows,
    coalesce(array_agg(DISTINCT target.relname) FILTER (WHERE target.oid <> table_.oid), '{}') AS refers_to
FROM pg_class AS table_
JOIN pg_attribute AS column_ ON column_.attrelid = table_.oid AND column_.attname = 'tenant_id'
    AND NOT column_.attisdropped
LEFT JOIN pg_constraint AS key ON key.conrelid = table_.oid AND key.contype = 'f'
LEFT JOIN pg_class AS target ON target.oid = key.confrelid
WHERE table_.relkind IN ('r', 'p') AND table_.relnamespace = current_schema()::regnamespace
GROUP BY table_.oid, table_.relname, table_.reltuples ORDER BY table_.relname
"""


@dataclass(frozen=True)
class TenantTable:
    """A table with rows of tenants.

    Attributes:
        rows: How many rows it has in all, as the database estimates.
        refers_to: The tables that its foreign keys point at.
    """

    name: str
    rows: int
    refers_to: frozenset[str]

    @property
    def quoted(self) -> str:
        """The name for use in a statement."""
        return '"' + self.name.replace('"', '""') + '"'


async def tenant_tables() -> list[TenantTable]:
    """Every table with rows of tenants, each before those that it refers to: the order in which rows can be deleted."""
    found = [TenantTable(row["name"], row["rows"], frozenset(row["refers_to"])) for row in await fetch(_TABLES)]
    return children_first(found)


def children_first(tables: list[TenantTable]) -> list[TenantTable]:
    """Sorts tables so that each comes before those it refers to; of a circle, in the order of names."""
    left = {table.name: table for table in tables}
    ordered: list[TenantTable] = []
    while left:
        referred = {name for table in left.values() for name in table.refers_to}
        free = [name for name in left if name not in referred] or [min(left)]
        ordered += [left.pop(name) for name in free]
    return ordered


async def estimated_rows(table: TenantTable, tenant_id: int) -> int:
    """How many rows a tenant has there, as the planner estimates from its statistics; no row is read."""
    plan = await fetch(f"EXPLAIN (FORMAT JSON) SELECT FROM {table.quoted} WHERE tenant_id = {int(tenant_id)}")
    return planned_rows(next(iter(plan[0].values())))


def planned_rows(plan: object) -> int:
    """The number of rows that a plan in JSON expects."""
    parsed = json.loads(plan) if isinstance(plan, str) else plan
    assert isinstance(parsed, list)  # noqa: S101 - EXPLAIN gives one plan in a list
    return int(parsed[0]["Plan"]["Plan Rows"])
