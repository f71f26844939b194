"""Tables of plugins. Every model is a `TenantModel`, or says that it is a `GlobalModel`."""

from core.tenancy.models import GlobalModel, TenantModel

__all__ = ["GlobalModel", "TenantModel"]
