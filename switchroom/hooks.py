"""The marker for hook implementations, and the contracts of hooks."""

from core.plugins.contracts import Contract, Deprecation, Fail, Mode, Scope, hookimpl, hookspec

__all__ = ["Contract", "Deprecation", "Fail", "Mode", "Scope", "hookimpl", "hookspec"]
