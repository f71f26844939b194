"""What plugins contribute: typed values, checked when a plugin is registered or a page is put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from litestar.types import ControllerRouterHandler
from pydantic import BaseModel

from core.accounts.permissions import Permission


@dataclass(frozen=True)
class Routes:
    """The handlers of a plugin.

    Attributes:
        pages: Mounted at `/p/<plugin>`, for users who are logged in. Each names a `permission`.
        public: Mounted at `/<public_prefix>/<tenant>`, for anybody. Each is marked `public=True`.
    """

    pages: Sequence[ControllerRouterHandler] = ()
    public: Sequence[ControllerRouterHandler] = ()


class Slot(Enum):
    """Where a panel stands in the workspace."""

    SIDE = "side"
    """The right column, as a tab."""
    DOCK = "dock"
    """Bottom right, over every page; stays while the main area changes."""


@dataclass(frozen=True)
class Panel:
    """A fragment of the workspace that the page loads from its own address, so that a failing one harms no other.

    Attributes:
        id: Unique within the plugin.
        url: Where the fragment is loaded from.
        topics: Live topics that make the page load it again.
        permission: Shown only with this permission.
    """

    id: str
    title: str
    url: str
    slot: Slot = Slot.SIDE
    topics: tuple[str, ...] = ()
    permission: str | None = None
    icon: str = "file-text"
    order: int = 100


@dataclass(frozen=True)
class NavItem:
    """An entry of the left navigation.

    Attributes:
        icon: The name of a Tabler icon.
        section: `work` or `administration`.
    """

    id: str
    title: str
    url: str
    icon: str
    permission: str | None = None
    order: int = 100
    section: str = "work"


@dataclass(frozen=True)
class Asset:
    """A module or a style sheet of the plugin's `static/dist/` that every page of the workspace loads.

    Attributes:
        file: The name of the bundled file, such as `softphone.js`.
    """

    file: str


@dataclass(frozen=True)
class Provider:
    """An implementation of a capability (a protocol of `switchroom.capabilities`)."""

    protocol: type
    implementation: Any


@dataclass(frozen=True)
class Models:
    """The tables of a plugin.

    Attributes:
        modules: Modules that hold its models.
        migrations: The package that holds its migrations.
    """

    modules: tuple[str, ...]
    migrations: str


@dataclass(frozen=True)
class PluginSettings:
    """The settings of a plugin.

    Attributes:
        tenant: What each tenant may set.
        installation: What only `settings.yaml` may set, under `plugins.settings.<name>`.
    """

    tenant: type[BaseModel] | None = None
    installation: type[BaseModel] | None = None


@dataclass
class Contributions:
    """All that one plugin has contributed at start."""

    routes: list[Routes] = field(default_factory=list)
    models: Models | None = None
    jobs: list[Any] = field(default_factory=list)
    permissions: list[Permission] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    settings: PluginSettings = field(default_factory=PluginSettings)


__all__ = [
    "Asset",
    "Contributions",
    "Models",
    "NavItem",
    "Panel",
    "Permission",
    "PluginSettings",
    "Provider",
    "Routes",
    "Slot",
]
