"""What a plugin's code works with: the context of one tenant, and the platform around it."""

from core.plugins.context import CUSTOMER, SYSTEM, Actor, ActorKind, Context, Platform
from core.tenancy.context import TenantRef

__all__ = ["CUSTOMER", "SYSTEM", "Actor", "ActorKind", "Context", "Platform", "TenantRef"]
