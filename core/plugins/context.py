"""What a piece of work happens in: the tenant, who acts, and the services of the platform."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from core.database.connection import fetch_row
from core.database.transaction import after_commit
from core.errors import NotFound
from core.jobs import outbox
from core.jobs.registry import Event, Job, JobRegistry
from core.live.hub import LiveHub
from core.plugins.dispatch import Dispatcher
from core.plugins.enablement import Enablement, EnablementCache, tenant_settings
from core.plugins.registry import PluginRegistry
from core.settings import Settings, secret_key, validate_plugin_settings
from core.tenancy.context import TenantRef, tenant_scope

P = TypeVar("P")

CORE = "core"


class ActorKind(StrEnum):
    """Who does something."""

    USER = "user"
    CUSTOMER = "customer"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """Who does something, as it is written into fact rows."""

    kind: ActorKind
    user_id: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.user_id}" if self.user_id else str(self.kind)


SYSTEM = Actor(ActorKind.SYSTEM)
CUSTOMER = Actor(ActorKind.CUSTOMER)


@dataclass(frozen=True)
class Platform:
    """The services of one application instance."""

    settings: Settings
    registry: PluginRegistry
    dispatcher: Dispatcher
    enablement: EnablementCache
    jobs: JobRegistry
    live: LiveHub

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

    @property
    def enabled_plugins(self) -> frozenset[str]:
        """The plugins that are on for the tenant."""
        return self._enablement.plugins

    @property
    def settings(self) -> Any:
        """The plugin's settings for this tenant: an instance of the schema that it registered."""
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

    @property
    def log(self) -> Any:
        """A logger that names tenant and plugin."""
        return structlog.get_logger("switchroom").bind(tenant=self.tenant.slug, plugin=self.plugin)

    def for_plugin(self, name: str) -> Context:
        """The same work, done by a plugin."""
        return replace(self, plugin=name)

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

    async def notify(self, hook: str, **arguments: Any) -> None:
        """Calls a notifying hook once the current transaction has committed."""

        async def tell() -> None:
            await self._platform.dispatcher.notify(hook, self, **arguments)

        await after_commit(tell)

    async def collect(self, hook: str, **arguments: Any) -> list[Any]:
        """The answers of all enabled plugins to a collecting hook."""
        return await self._platform.dispatcher.collect(hook, self, **arguments)

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
