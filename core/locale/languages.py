"""Which languages there are, what is written in each, and which of them suits a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.locale import ENGLISH, speaking

NAMES = {"en": "English", "ru": "Русский"}
"""Every language of the interface by its own name."""

CORE_FOLDER = Path(__file__).parent


class Languages:
    """The translations of core and of the plugins of one application instance.

    Args:
        plugins: Pairs of a plugin's name and its folder. Core's texts win over a plugin's, an earlier plugin's over a
            later one's.
        default: The language where nothing else decides.
    """

    def __init__(self, plugins: Iterable[tuple[str, Path]] = (), default: str = "en") -> None:
        sources = [CORE_FOLDER, *(folder / "locale" for _name, folder in plugins)]
        self._default = default
        self._translations: dict[str, NullTranslations] = {"en": ENGLISH}
        for language in NAMES.keys() - {"en"}:
            merged: GNUTranslations | None = None
            for folder in reversed(sources):
                for file in sorted((folder / language / "LC_MESSAGES").glob("*.po")):
                    merged = _over(merged, read_translations(file))
            self._translations[language] = merged or ENGLISH

    @contextmanager
    def speaking(self, language: str) -> Iterator[None]:
        """Makes a language active for the block: itself, else its parent (`ru` for `ru-RU`), else the default."""
        known = (each for each in (language, language.partition("-")[0]) if each in self._translations)
        chosen = next(known, self._default)
        with speaking(chosen, self._translations[chosen]):
            yield

    def accepted(self, header: str | None) -> str | None:
        """The language that a browser's `Accept-Language` prefers of those that there are, if any."""
        for wanted in _by_preference(header or ""):
            if wanted.partition("-")[0] in NAMES:
                return wanted.partition("-")[0]
        return None


def read_translations(file: Path) -> GNUTranslations:
    """The content of one `.po` file, for you to read and not to change."""
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _read(file: Path, _changed: int) -> GNUTranslations:
    with file.open("rb") as source:
        catalogue = read_po(source)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _over(below: GNUTranslations | None, above: GNUTranslations) -> GNUTranslations:
    merged = copy(above)
    merged._catalog = {**(below._catalog if below else {}), **above._catalog}  # type: ignore[attr-defined]
    return merged


def _by_preference(header: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        language, _, quality = part.strip().partition(";q=")
        try:
            weighted.append((float(quality or 1), language.strip().lower()))
        except ValueError:
            continue
    return [language for weight, language in sorted(weighted, key=lambda pair: -pair[0]) if language and weight > 0]
