"""The marker for hook implementations, and the contracts of hooks."""

from core.plugins.contracts import Contract, Fail, Mode, Scope, hookimpl, hookspec

__all__ = ["Contract", "Fail", "Mode", "Scope", "hookimpl", "hookspec"]
