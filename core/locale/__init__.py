"""The languages of the interface: the active one of a task, and what to write in it.

Code writes English. `gettext` and `ngettext` answer in the language of the task they are called in; `mark` marks a text
that is translated later, where it is shown. Translations are read from `.po` files at start; nothing is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import GNUTranslations, NullTranslations

ENGLISH = NullTranslations()

_active: ContextVar[tuple[str, NullTranslations]] = ContextVar("active_language", default=("en", ENGLISH))


def gettext(message: str) -> str:
    """The text in the active language, or as it is."""
    return _active.get()[1].gettext(message) if message else ""


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form that fits the number, in the active language."""
    return _active.get()[1].ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """Like `gettext`, for a word that means different things in different places."""
    return _active.get()[1].pgettext(context, message)


def mark(message: str) -> str:
    """Marks a text for translation and gives it back: what shows it calls `gettext`."""
    return message


def active_language() -> str:
    """The code of the active language, such as `ru`."""
    return _active.get()[0]


@contextmanager
def speaking(language: str, translations: NullTranslations | GNUTranslations) -> Iterator[None]:
    """Makes a language active for the block."""
    token = _active.set((language, translations))
    try:
        yield
    finally:
        _active.reset(token)
