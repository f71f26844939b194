"""The current tenant of a task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.errors import SwitchroomError


class NoTenant(SwitchroomError):
    """Rows of tenants were asked for while no tenant was current: a defect in the calling code."""

    code = "no_tenant"
    status = 500


@dataclass(frozen=True)
class TenantRef:
    """What is needed of a tenant everywhere: a value, not a row."""

    id: int
    slug: str
    name: str
    language: str = "en"
    timezone: str = "UTC"
    enablement_version: int = 1

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's IANA time zone."""
        return ZoneInfo(self.timezone)


_current: ContextVar[TenantRef | None] = ContextVar("current_tenant", default=None)


def current_tenant() -> TenantRef:
    """The tenant whose rows this task works with.

    Raises:
        NoTenant: No tenant is current.
    """
    tenant = _current.get()
    if tenant is None:
        raise NoTenant("No tenant is current here.", mend="Run the code inside tenant_scope().")
    return tenant


def current_tenant_or_none() -> TenantRef | None:
    """The current tenant, if there is one."""
    return _current.get()


@contextmanager
def tenant_scope(tenant: TenantRef) -> Iterator[TenantRef]:
    """Makes `tenant` current for the block."""
    token = _current.set(tenant)
    try:
        yield tenant
    finally:
        _current.reset(token)
