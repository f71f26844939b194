"""Finds plugins: folders first, then installed distributions. Reads manifests; imports nothing."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from importlib.metadata import entry_points
from pathlib import Path

from core.plugins.contributions import Contributions
from core.plugins.manifest import Manifest, ManifestError, read_manifest

ENTRY_POINT_GROUP = "switchroom.plugins"


class PluginState(Enum):
    """How far a plugin has come in this process."""

    DISCOVERED = "discovered"
    LOADED = "loaded"
    READY = "ready"
    BLOCKED = "blocked"
    INCOMPATIBLE = "incompatible"
    BROKEN = "broken"
    NEEDS_MIGRATION = "needs_migration"


@dataclass
class PluginRecord:
    """One plugin as this process knows it.

    Attributes:
        origin: The folder, or the distribution, that it comes from.
        module: The name of the package that holds `plugin.py`.
        reason: Why it is in a state other than ready, in a sentence.
    """

    name: str
    origin: str
    folder: Path
    module: str
    manifest: Manifest | None = None
    state: PluginState = PluginState.DISCOVERED
    reason: str = ""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    plugin: object | None = None
    contributions: Contributions = field(default_factory=Contributions)

    @property
    def version(self) -> str:
        """The version that the manifest names."""
        return self.manifest.version if self.manifest else "?"

    @property
    def ready(self) -> bool:
        """Whether tenants may use it."""
        return self.state is PluginState.READY

    def fail(self, state: PluginState, reason: str) -> None:
        """Puts the plugin aside, with the reason that is shown."""
        self.state = state
        self.reason = reason
        self.since = datetime.now(UTC)


def discover(folders: Iterable[tuple[Path, str]]) -> list[PluginRecord]:
    """Every plugin there is, in the order of names.

    Args:
        folders: Pairs of a folder that holds one folder per plugin, and the package that these are imported from.

    Returns:
        One record per name. Of two with the same name the first stays, marked broken and naming both origins.
    """
    found: dict[str, PluginRecord] = {}
    for record in [*_in_folders(folders), *_installed()]:
        first = found.setdefault(record.name, record)
        if first is not record:
            first.fail(PluginState.BROKEN, f"Two plugins have this name: {first.origin} and {record.origin}.")
    return [found[name] for name in sorted(found)]


def _in_folders(folders: Iterable[tuple[Path, str]]) -> Iterable[PluginRecord]:
    for parent, package in folders:
        for manifest in sorted(parent.glob("*/manifest.yaml")):
            folder = manifest.parent
            yield _record(folder, f"{package}.{folder.name}", str(folder))


def _installed() -> Iterable[PluginRecord]:
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        distribution = point.dist.name if point.dist else point.value
        try:
            spec = importlib.util.find_spec(point.module)
        except (ImportError, ValueError):
            spec = None
        if spec is None or not spec.submodule_search_locations:
            record = PluginRecord(point.name, distribution, Path(), point.module)
            record.fail(PluginState.BROKEN, f"The package {point.module!r} of {distribution} cannot be found.")
            yield record
        else:
            yield _record(Path(next(iter(spec.submodule_search_locations))), point.module, distribution)


def _record(folder: Path, module: str, origin: str) -> PluginRecord:
    record = PluginRecord(folder.name, origin, folder, module)
    try:
        record.manifest = read_manifest(folder / "manifest.yaml")
    except ManifestError as error:
        record.fail(PluginState.BROKEN, str(error))
        return record
    if record.manifest.name != folder.name:
        record.fail(PluginState.BROKEN, f"The manifest names {record.manifest.name!r}, the folder {folder.name!r}.")
    elif not record.manifest.compatible:
        record.fail(PluginState.INCOMPATIBLE, f"It was written for API {record.manifest.api}.")
    return record
