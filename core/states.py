"""State machines as tables of allowed transitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from core.errors import Conflict

S = TypeVar("S", bound=StrEnum)


class IllegalTransition(Conflict):
    """The thing is in a state from which this cannot happen."""

    code = "illegal_transition"


@dataclass(frozen=True)
class Machine(Generic[S]):
    """One state machine.

    Attributes:
        subject: What is in these states, as fact rows name it.
        transitions: For each state, those that may follow it.
    """

    subject: str
    transitions: Mapping[S, frozenset[S]]

    def check(self, old: S, new: S) -> None:
        """Raises `IllegalTransition` unless `new` may follow `old`."""
        if new not in self.transitions[old]:
            raise IllegalTransition(f"This {self.subject} is {old.replace('_', ' ')}, so it cannot become {new}.")

    @property
    def final(self) -> frozenset[S]:
        """The states that nothing follows."""
        return frozenset(state for state, following in self.transitions.items() if not following)
