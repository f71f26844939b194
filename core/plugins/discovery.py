"""Finds plugins: folders first, then installed distributions. Reads manifests; imports nothing."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from importlib.metadata import entry_points
from pathlib import Path

from core.plugins.contributions import Contributions
from core.plugins.manifest import API_VERSION, Manifest, ManifestError, read_manifest

ENTRY_POINT_GROUP = "switchroom.plugins"

BUNDLED = "plugins."
"""What the modules of bundled plugins begin with."""


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
        since: When it came into that state.
        warnings: What works now and will not with a later version, each a sentence.
        on_change: Called when the state has changed.
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
    warnings: list[str] = field(default_factory=list)
    on_change: Callable[[], None] | None = None

    @property
    def version(self) -> str:
        """The version that the manifest names."""
        return self.manifest.version if self.manifest else "?"

    @property
    def bundled(self) -> bool:
        """Whether it comes with Switchroom itself."""
        return self.module.startswith(BUNDLED)

    @property
    def ready(self) -> bool:
        """Whether tenants may use it."""
        return self.state is PluginState.READY

    def fail(self, state: PluginState, reason: str) -> None:
        """Puts the plugin aside, with the reason that is shown."""
        self.enter(state, reason)

    def enter(self, state: PluginState, reason: str = "") -> None:
        """Brings the plugin into a state, as of now."""
        self.state = state
        self.reason = reason
        self.since = datetime.now(UTC)
        if self.on_change is not None:
            self.on_change()


def discover(folders: Iterable[tuple[Path, str]]) -> list[PluginRecord]:
    """Every plugin there is, in the order of names.

    Args:
        folders: Pairs of a folder that holds one folder per plugin, and the package that these are imported from.

    Returns:
        One record per name. Of two with the same name the first stays, marked broken and naming both origins: nobody
        knows which was meant. A bundled one stays as it is, and the other is a record of its own, broken.
    """
    found: dict[str, PluginRecord] = {}
    refused: list[PluginRecord] = []
    for record in [*_in_folders(folders), *_installed()]:
        first = found.setdefault(record.name, record)
        if first is record:
            continue
        if first.bundled:
            record.fail(PluginState.BROKEN, "A plugin of Switchroom itself has this name. Choose another one.")
            refused.append(record)
        else:
            first.fail(PluginState.BROKEN, f"Two plugins have this name: {first.origin} and {record.origin}.")
    return [*(found[name] for name in sorted(found)), *refused]


def _in_folders(folders: Iterable[tuple[Path, str]]) -> Iterable[PluginRecord]:
    for parent, package in folders:
        for manifest in sorted(parent.glob("*/manifest.yaml")):
            folder = manifest.parent
            yield _record(folder, f"{package}.{folder.name}", str(folder), folder.name)


def _installed() -> Iterable[PluginRecord]:
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        distribution = point.dist.name if point.dist else point.value
        try:
            spec = importlib.util.find_spec(point.module)
        except (Exception, SystemExit):  # noqa: BLE001 - the record says that it cannot be found
            # Packages around the plugin's are imported by that, and may raise anything.
            spec = None
        if spec is None or not spec.submodule_search_locations:
            record = PluginRecord(point.name, distribution, Path(), point.module)
            record.fail(PluginState.BROKEN, f"The package {point.module!r} of {distribution} cannot be found.")
            yield record
        else:
            yield _record(Path(next(iter(spec.submodule_search_locations))), point.module, distribution, point.name)


def _record(folder: Path, module: str, origin: str, name: str) -> PluginRecord:
    record = PluginRecord(name, origin, folder, module)
    try:
        record.manifest = read_manifest(folder / "manifest.yaml")
    except ManifestError as error:
        record.fail(PluginState.BROKEN, str(error))
        return record
    if record.manifest.name != name:
        named = "folder" if folder.name == name else "entry point"
        record.fail(PluginState.BROKEN, f"The manifest names {record.manifest.name!r}, the {named} {name!r}.")
    elif not record.manifest.compatible:
        record.fail(PluginState.INCOMPATIBLE, f"It was written for API {record.manifest.api}; this is {API_VERSION}.")
    return record
