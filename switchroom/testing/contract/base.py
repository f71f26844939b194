"""What the parts of the contract share: the plugin, what its author may say of it, and where it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import pytest

from core.database.connection import fetch
from core.interactions.rows import SegmentView, open_segment
from core.plugins.context import Context
from core.plugins.contributions import ChannelType
from core.plugins.discovery import PluginRecord
from core.tenancy.context import TenantRef
from switchroom.testing.app import App
from switchroom.testing.enabling import ready, switch_on
from switchroom.testing.people import Agent, add_person_who_may, all_permissions, put_to_work

NO_DEFAULT_PLUGINS = {"SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT": "[]"}


def refuse(title: str, findings: list[str]) -> None:
    """Fails the test when something was found: the title, and one line for each finding."""
    if findings:
        _fail("\n".join([title, *(f"  - {finding}" for finding in findings)]))


def _fail(text: str) -> NoReturn:
    pytest.fail(text, pytrace=False)


@dataclass(frozen=True)
class Place:
    """A tenant that has the plugin, and somebody who may do everything there.

    Attributes:
        agent: The one who may do everything, at work.
    """

    app: App
    tenant: TenantRef
    agent: Agent


class ContractBase:
    """What an author says of the plugin. Only `plugin` must be said; the rest has defaults.

    Attributes:
        plugin: Its name.
        settings: What a tenant sets, where the defaults of the schema do not suffice.
        stored_settings: Version → settings as that version of the plugin stored them, for each before the present one.
        path_values: Parameter of a path → the value with which the page is opened, where it is none of `arrange`'s.
    """

    plugin: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, Any]] = {}
    stored_settings: ClassVar[Mapping[int, Mapping[str, Any]]] = {}
    path_values: ClassVar[Mapping[str, object]] = {}

    pytestmark: ClassVar[Any] = pytest.mark.anyio

    async def arrange(self, ctx: Context) -> Mapping[str, object] | None:
        """Makes rows as the plugin's own services make them, so that its pages have something to show.

        Gives the values of parameters of paths and of jobs, by name, that these rows are found by. A parameter that is
        not given is taken from any row of the tenant: `queue_id` from the first of `<plugin>_queue` or `core_queue`.
        """
        return None

    def hook_arguments(self, hook: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with which a hook is tried: changes those that would not mean anything to the plugin."""
        return arguments

    def job_arguments(self, job: str) -> Mapping[str, object] | None:
        """The arguments with which a job is tried; None takes them from `arrange` and from the tenant's rows."""
        return None

    @pytest.fixture
    def anyio_backend(self) -> str:
        """The contract runs on asyncio, as the server does."""
        return "asyncio"

    @pytest.fixture
    def switchroom_settings(self, switchroom_settings: Mapping[str, str]) -> Mapping[str, str]:
        """Tenants have the plugins that a test switches on, and no other."""
        return {**switchroom_settings, **NO_DEFAULT_PLUGINS}

    @pytest.fixture
    def record(self, app: App) -> PluginRecord:
        """The plugin as the application knows it."""
        assert self.plugin, 'Say which plugin it is: `plugin = "…"` in the class.'
        try:
            return ready(app.plugins, self.plugin)
        except LookupError as error:
            _fail(str(error))

    @pytest.fixture
    async def place(self, app: App, record: PluginRecord) -> Place:
        """A tenant with the plugin."""
        return await self.make_place(app, "acme")

    async def make_place(self, app: App, slug: str) -> Place:
        """A tenant with the plugin, an agent who may do everything, and a channel by which customers come."""
        tenant = await app.create_tenant(slug)
        for name in _with_channel(app, self.plugin):
            tenant = await switch_on(app.platform, tenant, name)
        tenant = await switch_on(app.platform, tenant, self.plugin, self.settings or None)
        everything = await all_permissions(app.platform, tenant)
        person = await add_person_who_may(app.platform, tenant, "anna", *everything)
        return Place(app, tenant, await put_to_work(person))

    async def conversation(self, place: Place, ctx: Context) -> SegmentView | None:
        """What the agent handles at the moment; None where customers cannot come."""
        segment = await open_segment(ctx, agent_id=place.agent.id)
        if segment is None and ctx.channels:
            return await place.agent.answers(channel=next(iter(ctx.channels)))
        return segment

    async def values_for(self, place: Place, names: list[str], given: Mapping[str, object] | None) -> dict[str, object]:
        """A value for each parameter; fails where none can be found."""
        found: dict[str, object] = {}
        for name in names:
            if name in (given or {}):
                found[name] = (given or {})[name]
            elif name in self.path_values:
                found[name] = self.path_values[name]
            elif name == "tenant":
                found[name] = place.tenant.slug
            else:
                found[name] = await self._row_named(place.tenant, name)
        return found

    async def _row_named(self, tenant: TenantRef, parameter: str) -> object:
        stem = parameter.removesuffix("_id")
        tables = {
            row["table_name"]
            for row in await fetch(
                "SELECT table_name FROM information_schema.columns "
                "WHERE table_schema = 'public' AND column_name = 'tenant_id'"
            )
        }
        for table in (f"{self.plugin}_{stem}", f"core_{stem}"):
            if table in tables:
                rows = await fetch(
                    f'SELECT id FROM "{table}" WHERE tenant_id = $1 ORDER BY id LIMIT 1',  # noqa: S608 - a table's name
                    tenant.id,
                )
                if rows:
                    return rows[0]["id"]
        _fail(
            f"The contract cannot guess a value for {parameter!r}: there is no row of {self.plugin}_{stem} or "
            f"core_{stem}. Make one in arrange(), and let it return {{{parameter!r}: …}}."
        )


def _with_channel(app: App, plugin: str) -> list[str]:
    """A plugin that brings a channel, unless this one does: interactions come by one, best by one of calls."""

    def channels(record: PluginRecord) -> list[ChannelType]:
        return record.contributions.channels

    own = app.plugins.get(plugin)
    if own is not None and channels(own):
        return []
    bringing = [record for record in app.plugins.ready if channels(record)]
    bringing.sort(key=lambda record: not any(channel.exclusive for channel in channels(record)))
    return [record.name for record in bringing][:1]
