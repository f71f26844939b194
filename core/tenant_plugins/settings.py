"""Keeps what a tenant sets of a plugin, once the plugin has found that it works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from pydantic import BaseModel

from core.audit.log import record as record_change
from core.database.connection import fetch
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.contributions import SettingsProblem
from core.plugins.discovery import PluginRecord
from core.plugins.enablement import Enablement, shown_settings, store_settings
from core.plugins.one_plugin import ask
from core.plugins.settings import SECRET_SET, SECRET_UNSET, masked, secrets_of
from core.tenancy.context import tenant_scope
from core.tenant_plugins.choice import TOPIC, installed, locked, refuse_unready, what_failed

log = structlog.get_logger(__name__)

Values = Mapping[str, Any]


async def save_plugin_settings(platform: Platform, ctx: Context, name: str, values: Values) -> None:
    """Stores what the tenant sets of a plugin, on or off; live in all processes with the next request.

    Call it outside of any transaction: the plugin may ask other systems whether its settings work.

    Args:
        platform: The installation.
        ctx: The tenant, and who does it.
        name: The plugin.
        values: Field → JSON value, all that are to be set: a field that is left out has its default again. A secret
            that is left out or empty, or the marker that `shown_settings` gives, stays as it is; None removes it.

    Raises:
        NotFound: No such plugin is installed.
        Conflict: The plugin is not ready, so nobody knows what it accepts.
        InvalidInput: A field is unknown, or something cannot be used; names each.
    """
    record = installed(platform, name)
    refuse_unready(record)
    reader = platform.enablement.reader
    state = await platform.enablement.read(ctx.tenant.id)
    settings, _stored = reader.accept(record, _stored_values(state, name), values)
    await check_settings(platform, ctx, record, settings)
    async with transaction():
        state = await locked(platform, ctx)
        # Once more: another administrator may have stored another secret meanwhile.
        settings, sealed = reader.accept(record, _stored_values(state, name), values)
        await store_accepted(ctx, record, state, settings, sealed, values)
        await ctx.publish(TOPIC)


async def bring_settings_up_to_date(platform: Platform) -> None:
    """Brings stored settings of older versions to the plugins' own, and tries again those that could not be used.

    Whoever reads settings does so too; this is for tenants for whom nothing happens but by schedule.
    """
    for record in platform.registry.ready:
        rows = await fetch(
            "SELECT tenant_id FROM core_tenant_plugin "
            "WHERE plugin = $1 AND enabled AND (schema_version <> $2 OR suspended_reason <> '')",
            record.name,
            record.contributions.settings.version,
        )
        for row in rows:
            await platform.enablement.read(row["tenant_id"])


async def store_accepted(
    ctx: Context,
    record: PluginRecord,
    state: Enablement,
    settings: BaseModel,
    sealed: Values,
    given: Values,
) -> None:
    """Stores settings that were accepted, in the current transaction."""
    await store_settings(record, ctx.tenant.id, sealed, str(ctx.actor))
    renewed = {
        key: {"secret": "changed"}
        for key in secrets_of(type(settings))
        if given.get(key) not in (None, "", SECRET_SET, SECRET_UNSET)
    }
    await record_change(
        ctx, "core.plugin_settings_saved", subject=f"core:plugin:{record.name}", subject_name=record.name,
        before=shown_settings(record, state), after=masked(settings) | renewed,
    )  # fmt: skip


async def check_settings(platform: Platform, ctx: Context, record: PluginRecord, settings: BaseModel | None) -> None:
    """Asks the plugin whether its settings work."""
    if settings is None:
        return
    try:
        with tenant_scope(ctx.tenant):
            problems: list[SettingsProblem] = await ask(
                platform.registry, record, "settings_check", ctx=ctx.for_plugin(record.name), settings=settings
            )
    except (Exception, SystemExit) as error:
        log.exception("settings_check_failed", plugin=record.name, tenant=ctx.tenant.slug)
        raise Conflict(
            _("The plugin %(plugin)s could not check its settings: %(error)s")
            % {"plugin": record.name, "error": what_failed(error)},
            code="plugin_failed",
        ) from error
    if problems:
        general = " ".join(problem.text for problem in problems if not problem.field)
        fields: dict[str, str] = {}
        for problem in problems:
            if problem.field:
                fields[problem.field] = f"{fields.get(problem.field, '')} {problem.text}".strip()
        raise InvalidInput(general or _("These settings do not work."), fields=fields)


def accepted(
    platform: Platform, state: Enablement, record: PluginRecord, given: Values | None
) -> tuple[BaseModel | None, Values]:
    """The settings that a plugin is switched on with, and what to store of them."""
    if record.contributions.settings.tenant is None and not given:
        return None, {}
    stored = _stored_values(state, record.name)
    if given is not None:
        return platform.enablement.reader.accept(record, stored, given)
    settings = state.settings.get(record.name)
    if settings is not None:
        return settings, stored
    # They are unusable; the same check as for what people enter says which fields.
    own = {key: value for key, value in stored.items() if key not in secrets_of(_schema(record))}
    return platform.enablement.reader.accept(record, stored, own)


def _stored_values(state: Enablement, name: str) -> Values:
    choice = state.choices.get(name)
    return choice.values if choice else {}


def _schema(record: PluginRecord) -> type[BaseModel]:
    schema = record.contributions.settings.tenant
    assert schema is not None  # noqa: S101 - asked before
    return schema
