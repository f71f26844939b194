"""The plugins of the installation, as its processes see them: where they agree, and where they do not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from core.database.connection import fetch
from core.plugins.context import Platform
from core.plugins.discovery import PluginRecord, PluginState
from core.vendor.processes import PluginInProcess, plugins_in_processes


@dataclass(frozen=True)
class InstalledPlugin:
    """A plugin of the installation.

    Attributes:
        record: As this process knows it; None when only others have it.
        elsewhere: Processes that see it otherwise than this one.
        tenants: How many have it on.
        needed_by: Plugins that require it.
        warnings: What of it will not work in a later version.
    """

    name: str
    record: PluginRecord | None
    elsewhere: tuple[PluginInProcess, ...]
    tenants: int
    needed_by: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Whether it is ready everywhere, or was blocked on purpose."""
        return not self.elsewhere and (self.record is None or self.record.ready or self.blocked_on_purpose)

    @property
    def blocked_on_purpose(self) -> bool:
        """Whether settings.yaml keeps it from loading."""
        record = self.record
        return record is not None and record.state is PluginState.BLOCKED and "settings.yaml" in record.reason


async def plugins_of_installation(platform: Platform) -> list[InstalledPlugin]:
    """Every plugin that any process of the installation knows, by name."""
    seen: dict[str, list[PluginInProcess]] = defaultdict(list)
    for each in await plugins_in_processes():
        seen[each.plugin].append(each)
    counted = await fetch("SELECT plugin, count(*) AS tenants FROM core_tenant_plugin WHERE enabled GROUP BY plugin")
    tenants = {row["plugin"]: row["tenants"] for row in counted}
    records = {record.name: record for record in platform.registry.records}
    return [
        InstalledPlugin(
            name=name,
            record=records.get(name),
            elsewhere=tuple(each for each in seen[name] if _differs(each, records.get(name))),
            tenants=tenants.get(name, 0),
            needed_by=tuple(sorted(other.name for other in records.values() if name in _requires(other))),
            warnings=tuple(records[name].warnings) if name in records else (),
        )
        for name in sorted(records.keys() | seen.keys())
    ]


def _differs(there: PluginInProcess, here: PluginRecord | None) -> bool:
    return here is None or (there.state, there.version) != (here.state.value, here.version)


def _requires(record: PluginRecord) -> tuple[str, ...]:
    return record.manifest.requires if record.manifest else ()
