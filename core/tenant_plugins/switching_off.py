"""Switches plugins off for a tenant, without breaking the interactions that they carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from core.audit.log import record as record_change
from core.database.connection import execute, fetch_value
from core.database.transaction import after_commit, transaction
from core.errors import Conflict
from core.jobs.registry import job
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.enablement import Enablement, changed, store_choice
from core.plugins.one_plugin import ask
from core.tenancy.context import tenant_scope
from core.tenant_plugins.choice import TOPIC, locked, required_by

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=5)
"""How often a plugin that is being switched off is looked at, while interactions that it carries go on."""


async def disable_plugin(platform: Platform, ctx: Context, name: str) -> None:
    """Switches a plugin off for the tenant; its data stays. One that is off stays so.

    A plugin that carries interactions which go on, such as calls, stays until the last of them has ended, and takes no
    new ones: `TenantPluginView.draining`.

    Raises:
        Conflict: A plugin that is on requires it.
    """
    async with transaction():
        state = await locked(platform, ctx)
        if name not in state.chosen:
            return
        users = required_by(platform, state, name)
        if users:
            raise Conflict(
                _("The plugin %(plugin)s is needed by %(users)s.") % {"plugin": name, "users": ", ".join(users)},
                mend=_("Switch that off first."),
                code="required_by_plugins",
            )
        await record_change(
            ctx, "core.plugin_disabled", subject=f"core:plugin:{name}", subject_name=name,
            before={"enabled": True}, after={"enabled": False},
        )  # fmt: skip
        if name in state.plugins and await _carries(platform, ctx, name):
            await _drain(ctx, name)
        else:
            await _switch_off(platform, ctx, state, name)
        await ctx.publish(TOPIC)


@job("core.finish_switching_off", attempts=1000)
async def finish_switching_off(ctx: Context, plugin: str) -> None:
    """Switches a plugin off whose interactions went on when it was to be, once they have ended."""
    platform = ctx._platform
    async with transaction():
        state = await locked(platform, ctx)
        choice = state.choices.get(plugin)
        if choice is None or not choice.draining:
            return
        if await _carries(platform, ctx, plugin) or await _has_work(ctx, plugin):
            await ctx.enqueue(finish_switching_off, at=datetime.now(UTC) + LOOK_AGAIN, key=plugin, plugin=plugin)
            return
        await _switch_off(platform, ctx, state, plugin)
        await ctx.publish(TOPIC)


async def _drain(ctx: Context, name: str) -> None:
    await execute(
        "UPDATE core_tenant_plugin SET enabled = false, draining_since = now(), changed_by = $3, changed_at = now() "
        "WHERE tenant_id = $1 AND plugin = $2",
        ctx.tenant.id,
        name,
        str(ctx.actor),
    )
    await changed(ctx.tenant.id)
    await ctx.enqueue(finish_switching_off, at=datetime.now(UTC) + LOOK_AGAIN, key=name, plugin=name)


async def _switch_off(platform: Platform, ctx: Context, state: Enablement, name: str) -> None:
    """Switches a plugin off in the current transaction, and tells it once that has committed."""
    await store_choice(ctx.tenant.id, name, str(ctx.actor), enabled=False)
    record = platform.registry.get(name)
    if record is None or name not in state.plugins:
        return
    # The plugin still sees what it had: its settings, and the capabilities of others.
    last = Context(platform, ctx.tenant, ctx.actor, state, name)

    async def tell_plugin() -> None:
        try:
            with tenant_scope(ctx.tenant):
                await ask(platform.registry, record, "plugin_disabled", ctx=last)
        except (Exception, SystemExit):
            log.exception("plugin_disable_failed", plugin=name, tenant=ctx.tenant.slug)

    await after_commit(tell_plugin)


async def _carries(platform: Platform, ctx: Context, name: str) -> bool:
    """Whether interactions of the plugin's channels go on."""
    record = platform.registry.get(name)
    channels = [channel.name for channel in record.contributions.channels] if record else []
    # Index core_interaction_live.
    return bool(channels) and await fetch_value(
        "SELECT EXISTS (SELECT FROM core_interaction "
        "WHERE tenant_id = $1 AND channel = ANY($2::text[]) AND state NOT IN ('ended', 'closed'))",
        ctx.tenant.id,
        channels,
    )


async def _has_work(ctx: Context, name: str) -> bool:
    """Whether jobs of the plugin are due: what follows the end of an interaction."""
    found: bool = await fetch_value(
        "SELECT EXISTS (SELECT FROM core_job WHERE state IN ('due', 'sent') AND due_at <= now() "
        "AND tenant_id = $1 AND starts_with(name, $2::text || '.'))",
        ctx.tenant.id,
        name,
    )
    return found
