"""Fixtures of several files."""

from tests.core.workshop import workshop

__all__ = ["workshop"]
