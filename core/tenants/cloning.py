"""Makes a tenant as a copy of another: its people, roles, teams, lookups, forms, plugins and settings; never a secret.

People come without a password and without open logins: whoever administers the copy gives them one. What a tenant has
done (interactions, facts, audit log, keys of programs) is not copied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from core.audit.log import record_of
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.locale import gettext as _
from core.lookups.declared import PAUSE_REASONS
from core.plugins.context import Actor, Platform
from core.plugins.one_plugin import ask
from core.tenancy.context import TenantRef
from core.tenants.creation import NewTenant, add_tenant
from core.tenants.suspension import get_tenant

log = structlog.get_logger(__name__)

NO_PASSWORD = "!"  # noqa: S105 - no hash is written so: nothing that is typed fits
HOOK = "tenant_cloned"


@dataclass(frozen=True)
class Clone:
    """What came of it.

    Attributes:
        users: How many people were copied.
        plugins: Those that are on in the copy.
        left_off: Plugin → why it is off there although it is on in the original.
    """

    tenant: TenantRef
    users: int
    plugins: tuple[str, ...]
    left_off: Mapping[str, str]


async def clone_tenant(platform: Platform, source_id: int, new: NewTenant, actor: Actor) -> Clone:
    """Makes the copy in one transaction; then each plugin copies its part in one of its own.

    A plugin that fails at that stays off in the copy, with its reason.

    Args:
        platform: The installation.
        source_id: The original; it may be suspended.
        new: Name and short name of the copy; language and zone are the original's unless given.
        actor: Who asks for it.

    Raises:
        NotFound: There is no such original.
        InvalidInput: A value cannot be used.
        Conflict: The short name is taken.
    """
    source = (await get_tenant(source_id)).ref()
    async with transaction():
        copy = await add_tenant(platform, new.with_defaults(source.language, source.timezone))
        users = await _copy_people(source.id, copy.id)
        await _copy_rows("core_lookup_entry", source.id, copy.id)
        await _copy_forms(source.id, copy.id)
        await _name_new_teams(source.id, copy.id)
        await _copy_settings(source.id, copy.id)
        plugins = await _chosen(source.id)
        after = {"source": source.slug, "users": users, "plugins": plugins}
        await record_of(copy.id, actor, "core.tenant_cloned", f"core:tenant:{copy.id}", copy.slug, {}, after)
    left_off: dict[str, str] = {}
    for name in _in_order(platform, plugins):
        reason = await _copy_plugin(platform, name, source, copy.id, actor)
        if reason:
            left_off[name] = reason
    on = tuple(name for name in plugins if name not in left_off)
    return Clone(await platform.tenant(tenant_id=copy.id), users, on, left_off)


async def _copy_people(source_id: int, copy_id: int) -> int:
    users = await _copy_rows("core_user", source_id, copy_id, {"password_hash": f"'{NO_PASSWORD}'"})
    await _copy_rows("core_role", source_id, copy_id)
    await execute(
        "INSERT INTO core_user_role (tenant_id, user_id, role_id) SELECT $2, new_user.id, new_role.id "
        "FROM core_user_role AS held JOIN core_user AS person ON person.id = held.user_id "
        "JOIN core_role AS role ON role.id = held.role_id "
        "JOIN core_user AS new_user ON new_user.tenant_id = $2 AND new_user.username = person.username "
        "JOIN core_role AS new_role ON new_role.tenant_id = $2 AND new_role.key = role.key "
        "WHERE held.tenant_id = $1",
        source_id,
        copy_id,
    )
    await _copy_rows("core_team", source_id, copy_id)
    await _copy_team_rules(source_id, copy_id)
    await execute(
        "INSERT INTO core_agent "
        "(tenant_id, user_id, team_id, intent, do_not_disturb, occupancy, status, status_since) "
        "SELECT $2, new_user.id, new_team.id, 'pause', false, 'free', 'offline', now() "
        "FROM core_agent AS agent JOIN core_user AS person ON person.id = agent.user_id "
        "JOIN core_team AS team ON team.id = agent.team_id "
        "JOIN core_user AS new_user ON new_user.tenant_id = $2 AND new_user.username = person.username "
        "JOIN core_team AS new_team ON new_team.tenant_id = $2 AND new_team.name = team.name "
        "WHERE agent.tenant_id = $1",
        source_id,
        copy_id,
    )
    return users


async def _copy_team_rules(source_id: int, copy_id: int) -> None:
    """What holds for channels in each team."""
    await execute(
        "INSERT INTO core_team_channel (tenant_id, team_id, channel, offer_seconds, capacity, alone) "
        "SELECT $2, new_team.id, rule.channel, rule.offer_seconds, rule.capacity, rule.alone "
        "FROM core_team_channel AS rule JOIN core_team AS team ON team.id = rule.team_id "
        "JOIN core_team AS new_team ON new_team.tenant_id = $2 AND new_team.name = team.name "
        "WHERE rule.tenant_id = $1",
        source_id,
        copy_id,
    )


async def _copy_forms(source_id: int, copy_id: int) -> None:
    """The tenant's own forms with their versions, since settings of plugins may name them."""
    await _copy_rows("core_form_design", source_id, copy_id, {"changed_by_id": "NULL::bigint"})
    await execute(
        "INSERT INTO core_form_version (tenant_id, design_id, number, content, published_at) "
        "SELECT $2, copy.id, version.number, version.content, version.published_at "
        "FROM core_form_version AS version JOIN core_form_design AS design ON design.id = version.design_id "
        "JOIN core_form_design AS copy ON copy.tenant_id = $2 AND copy.name = design.name WHERE version.tenant_id = $1",
        source_id,
        copy_id,
    )


async def _name_new_teams(source_id: int, copy_id: int) -> None:
    """The reasons of a break that are for some teams name those of the copy."""
    rows = await fetch(
        "SELECT team.id, new_team.id AS new_id FROM core_team AS team "
        "JOIN core_team AS new_team ON new_team.tenant_id = $2 AND new_team.name = team.name WHERE team.tenant_id = $1",
        source_id,
        copy_id,
    )
    new_ids = {row["id"]: row["new_id"] for row in rows}
    entries = await fetch(
        "SELECT id, values FROM core_lookup_entry WHERE tenant_id = $1 AND lookup = $2", copy_id, PAUSE_REASONS.name
    )
    for entry in entries:
        values = json.loads(entry["values"])
        if values.get("teams"):
            values["teams"] = [new_ids[team] for team in values["teams"] if team in new_ids]
            await execute(
                "UPDATE core_lookup_entry SET values = $3::text::jsonb WHERE tenant_id = $1 AND id = $2",
                copy_id,
                entry["id"],
                json.dumps(values),
            )


async def _copy_rows(table: str, source_id: int, copy_id: int, instead: Mapping[str, str] | None = None) -> int:
    """Copies a tenant's rows with all columns that the table has now; `instead`: column → an expression of SQL."""
    columns = [
        row["name"]
        for row in await fetch(
            "SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 "
            "AND NOT attisdropped AND attname NOT IN ('id', 'tenant_id') ORDER BY attnum",
            table,
        )
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join((instead or {}).get(name, f'"{name}"') for name in columns)
    copied: int = await fetch_value(
        f'WITH copied AS (INSERT INTO "{table}" (tenant_id, {names}) '  # noqa: S608 - constants
        f'SELECT $2, {values} FROM "{table}" WHERE tenant_id = $1 ORDER BY id RETURNING id) '
        "SELECT count(*) FROM copied",
        source_id,
        copy_id,
    )
    return copied


async def _copy_settings(source_id: int, copy_id: int) -> None:
    """The settings of every plugin, switched off for now; a secret has to be given anew."""
    rows = await fetch(
        "SELECT plugin, settings, schema_version FROM core_tenant_plugin WHERE tenant_id = $1", source_id
    )
    for row in rows:
        await execute(
            "INSERT INTO core_tenant_plugin (tenant_id, plugin, enabled, settings, schema_version, changed_at) "
            "VALUES ($1, $2, false, $3::text::jsonb, $4, now())",
            copy_id,
            row["plugin"],
            json.dumps(without_sealed(json.loads(row["settings"]))),
            row["schema_version"],
        )


def without_sealed(value: Any) -> Any:
    """JSON values without those that are sealed, wherever they stand."""
    if isinstance(value, dict):
        return {key: without_sealed(inner) for key, inner in value.items() if not _is_sealed(inner)}
    return [without_sealed(inner) for inner in value if not _is_sealed(inner)] if isinstance(value, list) else value


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"encrypted"}


async def _chosen(tenant_id: int) -> list[str]:
    rows = await fetch(
        "SELECT plugin FROM core_tenant_plugin WHERE tenant_id = $1 AND enabled ORDER BY plugin", tenant_id
    )
    return [row["plugin"] for row in rows]


def _in_order(platform: Platform, plugins: list[str]) -> list[str]:
    """Those that are required come first; those that are not installed last."""
    known = [record.name for record in platform.registry.records if record.name in plugins]
    return known + [name for name in plugins if name not in known]


async def _copy_plugin(platform: Platform, name: str, source: TenantRef, copy_id: int, actor: Actor) -> str:
    """Switches a plugin on in the copy and lets it copy its part; gives why it stays off, or an empty text."""
    record = platform.registry.get(name)
    if record is None or not record.ready:
        return _("The plugin is not ready in this installation.")
    try:
        async with transaction():
            await execute(
                "UPDATE core_tenant_plugin SET enabled = true, changed_by = $3 WHERE tenant_id = $1 AND plugin = $2",
                copy_id,
                name,
                str(actor),
            )
            await execute("UPDATE core_tenant SET enablement_version = enablement_version + 1 WHERE id = $1", copy_id)
            copy = await platform.tenant(tenant_id=copy_id)
            enablement = await platform.enablement.read(copy_id)
            if name not in enablement.plugins:
                # Kept on: what it lacks, such as a secret, is said where its settings are.
                return enablement.suspended.get(name, "")
            async with platform.context(copy, actor) as ctx:
                hook = HOOK if _listens(platform, name) else "plugin_enabled"
                await ask(platform.registry, record, hook, ctx=ctx.for_plugin(name), source=source)
    except (Exception, SystemExit) as error:
        log.exception("tenant_clone_plugin_failed", plugin=name, source=source.slug, tenant=copy_id)
        return f"{type(error).__name__}: {error}"
    return ""


def _listens(platform: Platform, name: str) -> bool:
    """Whether the plugin copies its part; one that does not begins anew in the copy."""
    hook = getattr(platform.registry.manager.hook, HOOK)
    return any(implementation.plugin_name == name for implementation in hook.get_hookimpls())
