"""Keeps foreign keys inside the tenant, in the database itself.

The ORM's own check would not see hand-written SQL, joins or instances fetched earlier. So each foreign key from one
tenant's table to another becomes composite: (tenant_id, target_id) → (tenant_id, id).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from core.database.connection import execute_script, fetch
from core.tenancy.models import TenantModel


async def enforce_tenant_keys(models: Iterable[type[Model]]) -> None:
    """Adds the missing composite keys of these models; changes nothing when all are there."""
    existing = {row["conname"] for row in await fetch("SELECT conname FROM pg_constraint WHERE conname LIKE 'tk\\_%'")}
    statements: list[str] = []
    tenant_models = [model for model in models if issubclass(model, TenantModel)]
    for model in tenant_models:
        table = model._meta.db_table
        for field_name in sorted(model._meta.fk_fields | model._meta.o2o_fields):
            field = model._meta.fields_map[field_name]
            if not isinstance(field, ForeignKeyFieldInstance) or not issubclass(field.related_model, TenantModel):
                continue
            target = field.related_model._meta.db_table
            column = model._meta.fields_db_projection[str(field.source_field)]
            unique, foreign = _name("u", target), _name("f", table, column)
            if unique not in existing:
                existing.add(unique)
                statements.append(f'ALTER TABLE "{target}" ADD CONSTRAINT "{unique}" UNIQUE (tenant_id, id)')
            if foreign not in existing:
                existing.add(foreign)
                statements.append(
                    f'ALTER TABLE "{table}" ADD CONSTRAINT "{foreign}" FOREIGN KEY (tenant_id, "{column}") '
                    f'REFERENCES "{target}" (tenant_id, id) ON DELETE {_on_delete(field, column)} DEFERRABLE'
                )
    # unique keys first: a foreign key needs the key that it points at
    for statement in sorted(statements, key=lambda text: " FOREIGN KEY " in text):
        await execute_script(statement)
    await _index_tenants([model._meta.db_table for model in tenant_models])


_WITHOUT_INDEX = """
SELECT table_.relname AS name FROM pg_class AS table_ JOIN pg_attribute AS column_
ON column_.attrelid = table_.oid AND column_.attname = 'tenant_id'
WHERE table_.relnamespace = current_schema()::regnamespace AND table_.relname = ANY($1::text[])
AND NOT EXISTS (SELECT FROM pg_index AS index_ WHERE index_.indrelid = table_.oid AND index_.indpred IS NULL
    AND index_.indkey[0] = column_.attnum) ORDER BY table_.relname
"""


async def _index_tenants(tables: list[str]) -> None:
    """Lets the rows of one tenant be found in each table without a look at those of all others.

    Exporting, measuring and deleting a tenant go through all its tables, also those that nothing else reads so.
    """
    for row in await fetch(_WITHOUT_INDEX, tables):
        await execute_script(f'CREATE INDEX "{_name("i", row["name"])}" ON "{row["name"]}" (tenant_id)')


def _name(kind: str, *parts: str) -> str:
    """A constraint name within PostgreSQL's 63 bytes, the same for the same parts."""
    text = "_".join(parts)
    if len(text) > 50:
        text = f"{text[:40]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return f"tk_{kind}_{text}"


def _on_delete(field: ForeignKeyFieldInstance[Model], column: str) -> str:
    action = str(field.on_delete)
    return f'SET NULL ("{column}")' if action == "SET NULL" else action
