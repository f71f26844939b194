"""Deletes what a plugin keeps of a tenant."""

from __future__ import annotations

from collections.abc import Iterable

from tortoise import Tortoise
from tortoise.models import Model

from core.audit.log import record as record_change
from core.audit.log import record_of
from core.database.connection import execute, fetch
from core.database.transaction import transaction
from core.database.undoing import drop_tables
from core.errors import Conflict
from core.locale import gettext as _
from core.plugins.context import SYSTEM, Context, Platform
from core.plugins.discovery import PluginRecord
from core.plugins.enablement import changed
from core.tenancy.models import TenantModel
from core.tenant_plugins.choice import TOPIC, locked

# Core's rows that belong to a plugin, those first that point at others. $2 is the plugin.
_OF_CORE = {
    "core_form_draft": "starts_with(form, $2::text || ':')",
    "core_form_file": "starts_with(form, $2::text || ':')",
    "core_form_submission": "starts_with(form, $2::text || ':')",
    "core_form_definition": "starts_with(form, $2::text || ':')",
    "core_lookup_entry": "starts_with(lookup, $2::text || '.')",
    "core_job": "starts_with(name, $2::text || '.')",
    "core_plugin_issue": "plugin = $2::text",
    "core_tenant_plugin": "plugin = $2::text",
}


async def purge_plugin(platform: Platform, ctx: Context, name: str) -> dict[str, int]:
    """Deletes all rows that a plugin has of the tenant, its settings, forms, lookups, jobs and issues. For good.

    Returns:
        The number of rows that were deleted, by table; tables without any are left out.

    Raises:
        Conflict: The plugin is on, or its tables are not known, since it did not load.
    """
    record = platform.registry.get(name)
    async with transaction():
        state = await locked(platform, ctx)
        if name in state.chosen or name in state.draining:
            raise Conflict(
                _("The plugin %s is on.") % name, mend=_("Switch it off before you delete its data."), code="plugin_on"
            )
        if record is None or not (record.ready or record.contributions.models):
            raise Conflict(
                _("The plugin %s did not load, so nobody knows its tables.") % name,
                mend=_("Mend it, or let whoever runs this installation drop its tables."),
            )
        counts: dict[str, int] = {}
        for table in _tables(record):
            counts[table] = await execute(f'DELETE FROM "{table}" WHERE tenant_id = $1', ctx.tenant.id)  # noqa: S608
        for table, whose in _OF_CORE.items():
            counts[table] = await execute(f"DELETE FROM {table} WHERE tenant_id = $1 AND {whose}", ctx.tenant.id, name)  # noqa: S608
        counts = {table: count for table, count in counts.items() if count}
        await changed(ctx.tenant.id)
        await record_change(
            ctx, "core.plugin_purged", subject=f"core:plugin:{name}", subject_name=name, after={"deleted": counts}
        )
        await ctx.publish(TOPIC)
    return counts


async def refuse_in_use(name: str) -> None:
    """Raises `Conflict` when any tenant has the plugin on."""
    rows = await fetch(
        "SELECT slug FROM core_tenant_plugin AS chosen JOIN core_tenant ON core_tenant.id = chosen.tenant_id "
        "WHERE plugin = $1 AND (enabled OR draining_since IS NOT NULL) ORDER BY slug LIMIT 6",
        name,
    )
    if rows:
        listed = ", ".join(row["slug"] for row in rows[:5]) + (" and others" if len(rows) > 5 else "")
        raise Conflict(f"The plugin {name!r} is on for {listed}.", mend="Switch it off there first.")


async def purge_everywhere(name: str) -> dict[str, int]:
    """Drops a plugin's tables, and deletes what core keeps of it for any tenant, whether it still loads or not.

    Returns:
        The number of core's rows that were deleted, by table; tables without any are left out.

    Raises:
        Conflict: A tenant has it on, or another plugin's table points at one of its.
    """
    async with transaction():
        await refuse_in_use(name)
        tables = await drop_tables(name)
        counts: dict[str, int] = {}
        for table, whose in [*_OF_CORE.items(), ("core_schedule", "starts_with(job, $1::text || '.')")]:
            counts[table] = await execute(f"DELETE FROM {table} WHERE {whose.replace('$2', '$1')}", name)  # noqa: S608
        counts = {table: count for table, count in counts.items() if count}
        after = {"tables": tables, "deleted": counts}
        await record_of(None, SYSTEM, "core.plugin_purged", f"core:plugin:{name}", name, {}, after)
    return counts


def _tables(record: PluginRecord) -> list[str]:
    """The plugin's tables that hold rows of tenants, those first that point at others."""
    apps = dict((Tortoise.apps or {}).items())
    models = [model for model in apps.get(record.name, {}).values() if issubclass(model, TenantModel)]
    ordered: list[type[Model]] = []

    def add(model: type[Model], path: tuple[type[Model], ...]) -> None:
        # Tables that point at each other come in any order: what hangs on a row goes with it, unless the plugin's
        # models say that it must not, and then the purge is refused as a whole.
        if model in ordered or model in path:
            return
        for other in models:
            if model in _targets(other):
                add(other, (*path, model))
        ordered.append(model)

    for model in models:
        add(model, ())
    return [model._meta.db_table for model in ordered]


def _targets(model: type[Model]) -> Iterable[type[Model]]:
    keys = model._meta.fk_fields | model._meta.o2o_fields
    return [model._meta.fields_map[key].related_model for key in sorted(keys)]  # type: ignore[attr-defined]
