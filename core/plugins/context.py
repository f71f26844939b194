"""What a piece of work happens in: the tenant, who acts, and the services of the platform."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from core.accounts.permissions import Permissions
from core.database.connection import fetch_row
from core.database.transaction import after_commit
from core.errors import NotFound
from core.jobs import outbox
from core.jobs.registry import Event, Job, JobRegistry
from core.live.hub import LiveHub
from core.plugins.contributions import ChannelType, FormAction, FormComponent, Lookup
from core.plugins.dispatch import Calls, Dispatcher, Outcome, Plan
from core.plugins.enablement import Enablement, EnablementCache, tenant_settings
from core.plugins.issue_log import IssueLog
from core.plugins.issues import Kind, Place, note
from core.plugins.registry import PluginRegistry
from core.settings import Settings, secret_key, validate_plugin_settings
from core.tenancy.context import TenantRef, tenant_scope

P = TypeVar("P")

CORE = "core"


class ActorKind(StrEnum):
    """Who does something."""

    USER = "user"
    OPERATOR = "operator"
    """Somebody of the vendor."""
    CUSTOMER = "customer"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """Who does something, as it is written into fact rows.

    Attributes:
        user_id: Of a user of the tenant.
        operator_id: Of somebody of the vendor.
        name: Of an operator, for the audit log.
    """

    kind: ActorKind
    user_id: int | None = None
    operator_id: int | None = None
    name: str = ""

    def __str__(self) -> str:
        number = self.user_id or self.operator_id
        return f"{self.kind}:{number}" if number else str(self.kind)


SYSTEM = Actor(ActorKind.SYSTEM)
CUSTOMER = Actor(ActorKind.CUSTOMER)


@dataclass(frozen=True)
class Platform:
    """The services of one application instance.

    Attributes:
        plugin_state: What plugins keep for this process, by names that begin with theirs, such as connections and tasks
            that `plugin_startup` has made. Never what tenants know: that is in rows.
    """

    settings: Settings
    registry: PluginRegistry
    dispatcher: Dispatcher
    enablement: EnablementCache
    jobs: JobRegistry
    live: LiveHub
    issues: IssueLog
    plugin_state: dict[str, Any] = field(default_factory=dict, compare=False)

    def derived_secret(self, purpose: str) -> str:
        """A secret for one purpose that all processes of the installation agree on, without storing it."""
        key = secret_key(self.settings).get_secret_value().encode()
        return hmac.new(key, purpose.encode(), hashlib.sha256).hexdigest()

    @asynccontextmanager
    async def context(self, tenant: TenantRef, actor: Actor = SYSTEM) -> AsyncIterator[Context]:
        """Makes the tenant current for the block and gives a context of core."""
        with tenant_scope(tenant):
            yield Context(self, tenant, actor, await self.enablement.of(tenant))

    async def tenant(self, *, slug: str | None = None, tenant_id: int | None = None) -> TenantRef:
        """A tenant that is not suspended, by its slug or its id.

        Raises:
            NotFound: There is none.
        """
        row = await fetch_row(
            "SELECT id, slug, name, language, timezone, enablement_version FROM core_tenant "
            "WHERE (id = $1 OR slug = $2) AND NOT suspended",
            tenant_id,
            slug,
        )
        if row is None:
            raise NotFound("There is no such organisation.")
        return TenantRef(**row)


@dataclass(frozen=True)
class Context:
    """One tenant, one actor, and, for a plugin's code, that plugin.

    Everything that is done for a tenant takes one of these first. It is a value: cheap to make and never changed.
    """

    _platform: Platform
    tenant: TenantRef
    actor: Actor
    _enablement: Enablement
    plugin: str = CORE
    _bound: dict[str, Context] = field(default_factory=dict, init=False, repr=False, compare=False)
    _calls: dict[Plan, Calls] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def enabled_plugins(self) -> frozenset[str]:
        """The plugins that are on for the tenant."""
        return self._enablement.plugins

    @property
    def suspended_plugins(self) -> Mapping[str, str]:
        """The plugins that the tenant has chosen and that yet do not work, each with the reason."""
        return self._enablement.suspended

    @property
    def settings(self) -> Any:
        """The plugin's settings for this tenant: an instance of the schema that it registered, read once per change."""
        record = self._platform.registry.get(self.plugin)
        return tenant_settings(record, self._enablement) if record else None

    @property
    def installation(self) -> Settings:
        """The settings of the installation."""
        return self._platform.settings

    @property
    def installation_settings(self) -> Any:
        """The plugin's own section of settings.yaml: an instance of the schema that it registered."""
        record = self._platform.registry.get(self.plugin)
        schema: type[BaseModel] | None = record.contributions.settings.installation if record else None
        if schema is None:
            return None
        return validate_plugin_settings(self._platform.settings, self.plugin, schema)

    def derived_secret(self, purpose: str) -> str:
        """A secret for one purpose that all processes of the installation agree on."""
        return self._platform.derived_secret(purpose)

    @property
    def log(self) -> Any:
        """A logger that names tenant and plugin."""
        return structlog.get_logger("switchroom").bind(tenant=self.tenant.slug, plugin=self.plugin)

    def for_plugin(self, name: str) -> Context:
        """The same work, done by a plugin; the same value each time."""
        bound = self._bound.get(name)
        if bound is None:
            # Every hook of every page makes these: a third of the time of `dataclasses.replace`.
            bound = object.__new__(Context)
            bound.__dict__.update(self.__dict__, plugin=name, _bound={}, _calls={})
            self._bound[name] = bound
        return bound

    def acting_as(self, actor: Actor) -> Context:
        """The same work, done by somebody else."""
        return replace(self, actor=actor)

    async def enqueue(self, job: Job, *, at: datetime | None = None, key: str | None = None, **arguments: Any) -> None:
        """Stores a job together with the current transaction.

        Args:
            job: What to do.
            at: When; None is as soon as the transaction has committed.
            key: Of several waiting rows of this tenant and job with one key, one is kept: the earliest.
            arguments: JSON values for the job's function; ids rather than content.
        """
        wanted = key or ("once" if job.coalesce else None)
        await outbox.enqueue(outbox.Entry(job.name, self.tenant.id, arguments, at, wanted))

    async def emit(self, event: Event, **arguments: Any) -> None:
        """Stores each job that asked for this event, for the plugins that are on."""
        for job in self._platform.jobs.listening_to(event):
            if job.plugin == CORE or job.plugin in self.enabled_plugins:
                await self.enqueue(job, **arguments)

    async def publish(self, *topics: str) -> None:
        """Tells the tabs that show these topics that they have changed, once the transaction has committed."""
        await self._platform.live.publish(self.tenant.id, *topics)

    def listened(self, hook: str) -> bool:
        """Whether any plugin of the tenant implements the hook: saves finding out what to tell when nobody listens."""
        return self._platform.dispatcher.listened(hook, self)

    async def notify(self, hook: str, **arguments: Any) -> None:
        """Calls a notifying hook once the current transaction has committed."""
        if not self.listened(hook):
            return

        async def tell() -> None:
            await self._platform.dispatcher.notify(hook, self, **arguments)

        await after_commit(tell)

    def collect(self, hook: str, **arguments: Any) -> Awaitable[list[Any]]:
        """The answers of all enabled plugins to a collecting hook."""
        return self._platform.dispatcher.collect(hook, self, **arguments)

    async def outcomes(self, hook: str, **arguments: Any) -> list[Outcome]:
        """What became of each enabled plugin's implementation of a collecting hook, those that failed among them."""
        return await self._platform.dispatcher.outcomes(hook, self, **arguments)

    async def tell(self, hook: str, **arguments: Any) -> None:
        """Calls a notifying hook at once, in the caller's transaction: a plugin that must not fail undoes it."""
        await self._platform.dispatcher.notify(hook, self, **arguments)

    async def first(self, hook: str, **arguments: Any) -> Any:
        """The first answer that is not None, or None."""
        return await self._platform.dispatcher.first(hook, self, **arguments)

    async def veto(self, hook: str, **arguments: Any) -> None:
        """Asks all enabled plugins whether something may happen.

        Raises:
            Refused: At least one objects; the message gives every reason.
        """
        await self._platform.dispatcher.veto(hook, self, **arguments)

    def calls_of(self, plan: Plan) -> Calls:
        """What a hook calls, each with the context of its plugin; for the call loop."""
        calls = self._calls.get(plan)
        if calls is None:
            calls = self._calls[plan] = [(call, self.for_plugin(name)) for name, call in plan.steps]
        return calls

    @property
    def permissions(self) -> Permissions:
        """All rights that core and plugins declare."""
        return Permissions({record.name: record.contributions.permissions for record in self._platform.registry.ready})

    @property
    def parked_hooks(self) -> Mapping[tuple[str, str], datetime]:
        """The hooks of plugins that have failed too often for this tenant: (plugin, hook) and until when they rest."""
        return self._enablement.parked

    def note_issue(self, kind: Kind, place: str, error: BaseException | str, incident: str = "") -> None:
        """Says that something of this plugin has failed here; see `core.plugins.issues.note`."""
        note(self._platform, self.tenant.id, self.plugin, kind, place, error, incident)

    def note_answer(self, hook: str) -> None:
        """Says that a hook of this plugin that was parked has answered; for the call loop."""
        self._platform.issues.note_answer(Place(self.tenant.id, self.plugin, Kind.HOOK, hook))

    @property
    def plugin_state(self) -> dict[str, Any]:
        """What plugins keep for this process, by their names; see `Platform`."""
        return self._platform.plugin_state

    @asynccontextmanager
    async def in_tenant(self, tenant: TenantRef) -> AsyncIterator[Context]:
        """The same plugin and actor in another tenant: for `tenant_cloned`, which reads the original's rows."""
        async with self._platform.context(tenant, self.actor) as other:
            yield other.for_plugin(self.plugin)

    @property
    def channels(self) -> Mapping[str, ChannelType]:
        """The channels on which interactions may begin, by name: those of the tenant's plugins."""
        return {
            channel.name: channel
            for record in self._platform.registry.ready
            if record.name in self.enabled_plugins and record.name not in self._enablement.draining
            for channel in record.contributions.channels
        }

    @property
    def known_channels(self) -> Mapping[str, ChannelType]:
        """Every channel of the installation by name; of plugins that are off too, whose interactions may be there."""
        ready = self._platform.registry.ready
        return {channel.name: channel for record in ready for channel in record.contributions.channels}

    @property
    def form_components(self) -> list[FormComponent]:
        """The kinds of questions that plugins add; of plugins that are off too, since answers to them may be stored."""
        return [each for record in self._platform.registry.ready for each in record.contributions.form_components]

    @property
    def form_actions(self) -> Mapping[str, FormAction]:
        """What buttons of forms can have done by the tenant's plugins: `<plugin>.<name>` → what it is."""
        return {
            f"{record.name}.{action.name}": action
            for record in self._platform.registry.ready
            if record.name in self.enabled_plugins
            for action in record.contributions.form_actions
        }

    @property
    def lookups(self) -> list[tuple[Lookup, str]]:
        """The lookups of the tenant's plugins, each with the plugin that declares it."""
        return [
            (lookup, record.name)
            for record in self._platform.registry.ready
            if record.name in self.enabled_plugins
            for lookup in record.contributions.lookups
        ]

    def capability(self, protocol: type[P]) -> P | None:
        """An implementation of a protocol by a plugin that is on for this tenant, or None."""
        for record in self._platform.registry.ready:
            if record.name not in self.enabled_plugins:
                continue
            for provider in record.contributions.providers:
                if provider.protocol is protocol:
                    implementation: P = provider.implementation
                    return implementation
        return None
