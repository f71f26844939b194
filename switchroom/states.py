"""State machines as tables of allowed transitions."""

from core.states import IllegalTransition, Machine

__all__ = ["IllegalTransition", "Machine"]
