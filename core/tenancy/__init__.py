"""Tenants: who they are, which one is current, and the models whose rows belong to one."""

from core.tenancy.context import TenantRef, current_tenant, tenant_scope
from core.tenancy.models import GlobalModel, Tenant, TenantModel

__all__ = ["GlobalModel", "Tenant", "TenantModel", "TenantRef", "current_tenant", "tenant_scope"]
