"""Switches plugins on for a tenant: all that is asked for, or nothing."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from core.audit.log import record as record_change
from core.database.transaction import transaction
from core.errors import Conflict, Forbidden, SwitchroomError
from core.locale import gettext as _
from core.plugins.context import ActorKind, Context, Platform
from core.plugins.discovery import PluginRecord
from core.plugins.enablement import requirements, store_choice
from core.plugins.one_plugin import ask
from core.tenancy.context import tenant_scope
from core.tenant_plugins.choice import TOPIC, installed, is_on, locked, refuse_unready, what_failed
from core.tenant_plugins.settings import Values, accepted, check_settings, store_accepted

log = structlog.get_logger(__name__)

MAY_ENABLE_RESTRICTED = frozenset({ActorKind.OPERATOR, ActorKind.SYSTEM})


async def enable_plugin(platform: Platform, ctx: Context, name: str, *, settings: Values | None = None) -> None:
    """Switches a plugin on for the tenant; live in all processes with the next request. One that is on stays so.

    Call it outside of any transaction: the plugin may ask other systems whether its settings work.

    Args:
        platform: The installation.
        ctx: The tenant, and who does it.
        name: The plugin.
        settings: Settings to begin with, as for `save_plugin_settings`; None leaves what is stored, or the defaults.

    Raises:
        NotFound: No such plugin is installed.
        Forbidden: Only the vendor may switch it on.
        Conflict: It is not ready, something that it requires is off, or it could not prepare itself.
        InvalidInput: Settings are missing or cannot be used; names each.
    """
    record = installed(platform, name)
    state = await platform.enablement.read(ctx.tenant.id)
    off = [needed.name for needed in _closure(platform, record)[:-1] if not is_on(state, needed.name)]
    if off:
        raise Conflict(
            _("The plugin %(plugin)s needs %(missing)s, which is off.") % {"plugin": name, "missing": ", ".join(off)},
            mend=_("Switch that on first, or both together."),
            code="requires_plugins",
        )
    await _switch_on(platform, ctx, [record], {name: settings})


async def enable_with_requirements(
    platform: Platform, ctx: Context, name: str, *, settings: Values | None = None
) -> list[str]:
    """Like `enable_plugin`, with all that the plugin requires; all of it or nothing.

    Returns:
        The plugins that were off and are on now, those that others need first.
    """
    record = installed(platform, name)
    state = await platform.enablement.read(ctx.tenant.id)
    off = [needed for needed in _closure(platform, record) if needed is record or not is_on(state, needed.name)]
    return await _switch_on(platform, ctx, off, {name: settings})


async def enable_what_can_be(platform: Platform, ctx: Context, names: list[str]) -> dict[str, str]:
    """Switches on those plugins of a list that can be, with what they require; gives why the others are not."""
    refused: dict[str, str] = {}
    for name in names:
        try:
            await enable_with_requirements(platform, ctx, name)
        except SwitchroomError as error:
            refused[name] = str(error)
            log.warning("plugin_not_enabled", plugin=name, tenant=ctx.tenant.slug, reason=str(error))
    return refused


async def _switch_on(
    platform: Platform, ctx: Context, records: list[PluginRecord], given: Mapping[str, Values | None]
) -> list[str]:
    """Switches plugins on that are off, those that others need first, in one transaction."""
    state = await platform.enablement.read(ctx.tenant.id)
    for record in records:
        if is_on(state, record.name) and given.get(record.name) is None:
            continue
        refuse_unready(record)
        _refuse_restricted(ctx, record)
        await check_settings(platform, ctx, record, accepted(platform, state, record, given.get(record.name))[0])
    async with transaction():
        state = await locked(platform, ctx)
        switched: list[str] = []
        for record in records:
            values = given.get(record.name)
            settings, sealed = accepted(platform, state, record, values)
            if settings is not None and values is not None:
                await store_accepted(ctx, record, state, settings, sealed, values)
            if is_on(state, record.name):
                continue
            off = [name for name in requirements(record) if not is_on(state, name) and name not in switched]
            if off:
                raise Conflict(_("The plugin %s has just been switched off.") % off[0])
            await store_choice(ctx.tenant.id, record.name, str(ctx.actor), enabled=True)
            await record_change(
                ctx, "core.plugin_enabled", subject=f"core:plugin:{record.name}", subject_name=record.name,
                before={"enabled": False}, after={"enabled": True},
            )  # fmt: skip
            await _let_prepare(platform, ctx, record)
            switched.append(record.name)
        await ctx.publish(TOPIC)
    return switched


async def _let_prepare(platform: Platform, ctx: Context, record: PluginRecord) -> None:
    """Tells the plugin, in the transaction that switches it on, and turns what it raises into a refusal."""
    enablement = await platform.enablement.read(ctx.tenant.id)
    fresh = Context(platform, ctx.tenant, ctx.actor, enablement, record.name)
    try:
        with tenant_scope(ctx.tenant):
            await ask(platform.registry, record, "plugin_enabled", ctx=fresh)
    except (Exception, SystemExit) as error:
        log.exception("plugin_enable_failed", plugin=record.name, tenant=ctx.tenant.slug)
        raise Conflict(
            _("The plugin %(plugin)s was not switched on, since it could not prepare itself: %(error)s")
            % {"plugin": record.name, "error": what_failed(error)},
            code="plugin_failed",
        ) from error


def _closure(platform: Platform, record: PluginRecord) -> list[PluginRecord]:
    """All that a plugin requires, those that others need first, and itself at the end."""
    needed: dict[str, PluginRecord] = {}

    def add(one: PluginRecord) -> None:
        for name in requirements(one):
            if name not in needed:
                add(installed(platform, name))
        needed[one.name] = one

    # A circle of plugins that need each other is broken, and broken ones are not followed.
    refuse_unready(record)
    add(record)
    return list(needed.values())


def _refuse_restricted(ctx: Context, record: PluginRecord) -> None:
    if record.manifest and record.manifest.restricted and ctx.actor.kind not in MAY_ENABLE_RESTRICTED:
        raise Forbidden(
            _("The plugin %s can be switched on by the vendor alone.") % record.name,
            mend=_("Ask whoever runs this installation."),
        )
