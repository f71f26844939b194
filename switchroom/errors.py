"""Errors that pages and the API show to a person."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, StartupError, SwitchroomError, TooManyRequests

__all__ = ["Conflict", "Forbidden", "InvalidInput", "NotFound", "StartupError", "SwitchroomError", "TooManyRequests"]
