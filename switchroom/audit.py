"""The audit log: what an administrator changed, with before and after. Never hand it a secret."""

from core.audit.log import record

__all__ = ["record"]
