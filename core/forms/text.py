"""A text in several languages."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, RootModel

from core.locale import active_language, gettext

FALLBACK = "en"

LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Storable = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Any text but one that PostgreSQL does not store."""

Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class Text(RootModel[Annotated[dict[LanguageTag, Words], Field(min_length=1)]]):
    """What a person reads, by language: `{"en": "Comment", "ru": "Комментарий"}`.

    `str()` gives it in the active language.
    """

    model_config = ConfigDict(frozen=True)

    @classmethod
    def of(cls, **words: str) -> Self:
        """Makes one: `Text.of(en="Comment", ru="Комментарий")`."""
        return cls(words)

    @classmethod
    def translated(cls, message: str) -> Self:
        """Makes one of an English text that is in the catalogues: in English, and in the active language."""
        return cls({active_language(): gettext(message), FALLBACK: message})

    def in_language(self, language: str) -> str:
        """The text in a language, else in its parent (`pt` for `pt-BR`), else in English, else in the first by its tag.

        Not in the one that was written first: the database keeps no order, and what was asked is shown as it was.
        """
        for wanted in (language, language.partition("-")[0], FALLBACK):
            if wanted in self.root:
                return self.root[wanted]
        return self.root[min(self.root)]

    def __str__(self) -> str:
        return self.in_language(active_language())
