"""Protocols by which plugins use each other."""

from core.capabilities import AfterContactWork, QueueDirectory

__all__ = ["AfterContactWork", "QueueDirectory"]
