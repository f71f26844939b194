"""What services that change a tenant's plugins share: the lock, and what is refused."""

from __future__ import annotations

from core.database.connection import fetch_value
from core.errors import Conflict, NotFound, SwitchroomError
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.discovery import PluginRecord
from core.plugins.enablement import Enablement, requirements

TOPIC = "plugins"
"""The live topic of pages that show which plugins a tenant has on."""


async def locked(platform: Platform, ctx: Context) -> Enablement:
    """The tenant's choice, which nobody else changes until this transaction ends."""
    # No stronger lock: rows of other tables that point at the tenant may still be written.
    found = await fetch_value("SELECT id FROM core_tenant WHERE id = $1 FOR NO KEY UPDATE", ctx.tenant.id)
    if found is None:
        raise NotFound(_("There is no such organisation."))
    return await platform.enablement.read(ctx.tenant.id)


def installed(platform: Platform, name: str) -> PluginRecord:
    """The plugin of that name, in whatever state; raises `NotFound`."""
    record = platform.registry.get(name)
    if record is None:
        raise NotFound(_("There is no plugin %s.") % name, mend=_("Install it and start the server again."))
    return record


def refuse_unready(record: PluginRecord) -> None:
    """Raises `Conflict`, with the reason, when no tenant may use the plugin."""
    if not record.ready:
        raise Conflict(
            _("The plugin %(plugin)s cannot be used: %(reason)s")
            % {"plugin": record.name, "reason": record.reason or record.state.value},
            code="plugin_not_ready",
        )


def is_on(state: Enablement, name: str) -> bool:
    """Whether the plugin works for the tenant, and is not about to go."""
    return name in state.plugins and name not in state.draining


def required_by(platform: Platform, state: Enablement, name: str) -> tuple[str, ...]:
    """The plugins that need it and are on, or chosen."""
    return tuple(
        record.name
        for record in platform.registry.records
        if name in requirements(record) and (record.name in state.chosen or record.name in state.draining)
    )


def what_failed(error: BaseException) -> str:
    """What went wrong, for an administrator; more is in the log."""
    return str(error) if isinstance(error, SwitchroomError) else f"{type(error).__name__}: {error}".rstrip(": ")
