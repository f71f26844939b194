"""What plugins contribute: typed values, checked when a plugin is registered or a page is put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from click import Command
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel

from core.accounts.permissions import Permission
from core.jobs.registry import Job, Schedule


@dataclass(frozen=True)
class Routes:
    """The handlers of a plugin.

    Attributes:
        pages: Mounted at `/p/<plugin>`, for users who are logged in. Each names a `permission`.
        public: Mounted at `/<public_prefix>/<tenant>`, for anybody. Each is marked `public=True`.
        api: Mounted at `/api/v1/<plugin>`, for programs and scripts of pages. Each names a `permission`.
    """

    pages: Sequence[ControllerRouterHandler] = ()
    public: Sequence[ControllerRouterHandler] = ()
    api: Sequence[ControllerRouterHandler] = ()


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
        shortcut: Keys that open it, such as `Alt+W`; of several entries with the same, the first is opened.
    """

    id: str
    title: str
    url: str
    icon: str
    permission: str | None = None
    order: int = 100
    section: str = "work"
    shortcut: str = ""


@dataclass(frozen=True)
class AdminPage:
    """A page of the tenant's administration, listed on `/admin`.

    Attributes:
        summary: One sentence: what is set there.
        permission: Shown only with this permission.
    """

    id: str
    title: str
    url: str
    icon: str
    summary: str = ""
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True)
class CardTab:
    """A tab of the card of an interaction's contact; its fragment is loaded from its own address when it is opened.

    Attributes:
        url: Where the fragment is loaded from.
        topics: Live topics that make the page load it again.
        permission: Shown only with this permission.
        in_journal: Whether agents open it from the journal of their day too, in a dialog without the rest of the card.
    """

    id: str
    title: str
    url: str
    icon: str = "file-text"
    topics: tuple[str, ...] = ()
    permission: str | None = None
    order: int = 100
    in_journal: bool = False


class Opens(Enum):
    """What a toolbar action does with its address."""

    PAGE = "page"
    """Goes there."""
    DIALOG = "dialog"
    """Loads a fragment from there into a dialog."""
    POST = "post"
    """Posts there; the answer is a message in passing."""


@dataclass(frozen=True)
class ToolbarAction:
    """A button above the card of an interaction, or of an agent on the page *Team*."""

    id: str
    title: str
    url: str
    icon: str
    opens: Opens = Opens.DIALOG
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True)
class Widget:
    """A card of the start page, loaded from its own address.

    Attributes:
        url: Where the fragment is loaded from.
        columns: How many of the start page's 3 columns it takes.
        topics: Live topics that make the page load it again.
        permission: Shown only with this permission.
    """

    id: str
    title: str
    url: str
    icon: str = "chart-bar"
    columns: int = 1
    topics: tuple[str, ...] = ()
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True)
class WorkspaceSection:
    """A part of the page *Single window*, on which an agent works all day; loaded from its own address.

    Attributes:
        url: Where the fragment is loaded from.
        columns: How many of the page's 2 columns it takes.
        topics: Live topics that make the page load it again.
        permission: Shown only with this permission.
    """

    id: str
    title: str
    url: str
    icon: str = "list"
    columns: int = 1
    topics: tuple[str, ...] = ()
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True)
class BarItem:
    """A button of the top bar with what hangs on it, such as a bell; loaded from its own address.

    Attributes:
        url: Where the fragment is loaded from.
        topics: Live topics that make the page load it again.
        permission: Shown only with this permission.
    """

    id: str
    title: str
    url: str
    topics: tuple[str, ...] = ()
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True)
class SearchHit:
    """Something that a search has found.

    Attributes:
        kind: What it is, in the reader's language, such as `Article`.
        detail: One line more.
    """

    title: str
    url: str
    kind: str
    icon: str = "search"
    detail: str = ""


@dataclass(frozen=True)
class Block:
    """Why something may not happen now, for the person who asked for it."""

    reason: str


@dataclass(frozen=True)
class SettingsProblem:
    """What is wrong with settings that fit the schema.

    Attributes:
        field: The key of the setting; empty when it is not one alone.
    """

    text: str
    field: str = ""


@dataclass(frozen=True)
class FieldGroup:
    """Questions that a plugin adds to a form of somebody else, below its own; they are answered with it.

    Attributes:
        key: Unique within the plugin. The keys of components must be unique within the group.
        title: A heading, translated.
        components: Values of `switchroom.forms`.
    """

    key: str
    title: str
    components: tuple[Any, ...]


@dataclass(frozen=True)
class ChannelType:
    """A way in which interactions come.

    Attributes:
        name: Stored with each interaction, such as `voice`.
        exclusive: Whether one takes the whole agent. Of others an agent may have several in hand, beside each other and
            beside one that is exclusive.
        capacity: Of one that is not exclusive, how many an agent may have in hand where his team says nothing.
        wrap_up: Whether after-contact work follows.
        media: Whether the agent's page has to bring something up first, such as sound. Where a team answers by itself,
            the page accepts what is offered on such a channel; on others nobody has to.
    """

    name: str
    title: str
    icon: str
    exclusive: bool = True
    capacity: int = 1
    wrap_up: bool = True
    media: bool = False


@dataclass(frozen=True)
class FormComponent:
    """A kind of question that a plugin adds to the form engine.

    Attributes:
        model: A subclass of `switchroom.forms.Question` with a `kind` that begins with `<plugin>_`.
        template: A template of the plugin, `<plugin>/<file>`, that writes the input; see the guide of forms.
    """

    model: type[Any]
    template: str


@dataclass(frozen=True)
class FormAction:
    """Something that a button of a form can have done, such as promising a callback.

    Attributes:
        name: Unique within the plugin; forms call it `<plugin>.<name>`.
        title: What the button does, for whoever builds a form; marked for translation.
        arguments: What it has to be told. The titles of the fields are marked for translation.
        run: Does it, in the transaction that saves the step: `await run(ctx, form, arguments)`, where `form` is a
            `FormRef`. Gives values by name, or None. Whatever it raises undoes the step and is told on the form; of
            `InvalidInput` the `fields` that are arguments are told at the questions which they came from.
        gives: The names of the values that it gives, each with what it is, marked for translation.
        summary: One sentence more, marked for translation.
        timeout: Seconds that it may take.
    """

    name: str
    title: str
    arguments: type[BaseModel]
    run: Callable[..., Awaitable[Mapping[str, Any] | None]]
    gives: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    timeout: float = 5.0


@dataclass(frozen=True)
class Lookup:
    """A list of named values that the tenant's administrator keeps.

    Attributes:
        name: `<plugin>.<what>`.
        fields: A schema of what each entry has besides code, names and order; None for nothing.
        initial: Entries that a new tenant starts with: code → English text, translated when shown.
        initial_values: What those of them have that differ from the schema's defaults.
        above: The field of the schema that holds the code of the entry to which one belongs, where the list is a tree.
            It must be an entry that there is, and not one that belongs to this one; empty is the top.
    """

    name: str
    title: str
    summary: str = ""
    fields: type[BaseModel] | None = None
    initial: tuple[tuple[str, str], ...] = ()
    initial_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    above: str = ""


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
        version: Of the tenant's schema; raise it when stored settings have to be changed.
        migrate: Brings stored settings of an older version to this one: `migrate(old_version, values) -> values`.
            Fields of the type `pydantic.SecretStr` are encrypted at rest, and never shown again.
    """

    tenant: type[BaseModel] | None = None
    installation: type[BaseModel] | None = None
    version: int = 1
    migrate: Callable[[int, dict[str, Any]], dict[str, Any]] | None = None


@dataclass
class Contributions:
    """All that one plugin has contributed at start."""

    routes: list[Routes] = field(default_factory=list)
    models: Models | None = None
    jobs: list[Job] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    permissions: list[Permission] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    channels: list[ChannelType] = field(default_factory=list)
    form_components: list[FormComponent] = field(default_factory=list)
    form_actions: list[FormAction] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    settings: PluginSettings = field(default_factory=PluginSettings)


__all__ = [
    "AdminPage",
    "Asset",
    "Block",
    "CardTab",
    "ChannelType",
    "Contributions",
    "FieldGroup",
    "FormAction",
    "FormComponent",
    "Lookup",
    "Models",
    "NavItem",
    "Opens",
    "Panel",
    "Permission",
    "PluginSettings",
    "Provider",
    "Routes",
    "SearchHit",
    "SettingsProblem",
    "Slot",
    "ToolbarAction",
    "Widget",
]
