"""What all components have in common, and how the text of an answer is cleaned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import ClassVar, Literal

from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from core.forms.answers import Key, Value
from core.forms.conditions import Condition
from core.forms.markdown import markdown
from core.forms.operations import added
from core.forms.reader import Reader
from core.forms.text import Text
from core.locale import gettext as _

LONGEST_TEXT = 20_000
"""Characters that the longest answer may have."""

_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


Operand = Literal["text", "number", "yes_no", "switch", "list", "computed", "table", "money", "joined", "files"]

AsTyped = Literal["anywhere", "chosen"]


class UnusableError(Exception):
    """An answer that cannot be used; the text says why, in the active language."""


@dataclass(frozen=True)
class TemplateFile:
    """Where the markup of a plugin's kind of question is.

    Attributes:
        folder: The plugin's `templates/`.
        name: The file in it.
    """

    folder: Path
    name: str


class Component(BaseModel):
    """Anything on a page of a form.

    Attributes:
        key: Unique within the form.
        shown_if: Shown only while this holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: ClassVar[TemplateFile | None] = None
    """Set for a plugin's kind when the plugin is loaded; core's kinds are macros of `forms/components.html`."""

    operand: ClassVar[Operand | None] = None
    """What its answer is in an expression, for the browser too, which has but texts; None cannot be asked for."""

    as_typed: ClassVar[AsTyped | None] = None
    """How the text of an answer stands in the markup: as it is, or by what it chooses; None where nobody can tell."""

    key: Key
    shown_if: Condition | None = None

    @classmethod
    def kind_name(cls) -> str:
        """What `kind` says in the JSON of a form."""
        field = cls.model_fields.get("kind")
        return str(field.default) if field is not None else ""


class StaticText(Component):
    """Words that ask nothing."""

    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["static_text"] = "static_text"
    text: Text


class RichText(Component):
    """Words that ask nothing, with headings, lists, links and emphasis, written in Markdown."""

    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["rich_text"] = "rich_text"
    text: Text

    @property
    def html(self) -> Markup:
        """The words as markup, in the active language."""
        return markdown(str(self.text))


class Question(Component):
    """A component that is answered.

    Attributes:
        help: A sentence below the label.
        required: Must be answered whenever it is shown.
        required_if: Must be answered while this holds.
    """

    operand: ClassVar[Operand | None] = "text"

    label: Text
    help: Text | None = None
    required: bool = False
    required_if: Condition | None = None

    @property
    def initial(self) -> Value:
        """The answer that is there before anybody has answered."""
        return None

    @property
    def blank(self) -> Value:
        """The answer of whoever leaves it blank."""
        return None

    @property
    def missing(self) -> str:
        """What is said when it must be answered and is not."""
        return _("This must be answered.")

    def answers(self, value: Value) -> bool:
        """Whether this value is enough where the question must be answered."""
        return value is not None

    def gather(self, texts: Sequence[str]) -> str:
        """One text out of all that a browser sends under the question's name.

        Raises:
            UnusableError: There are more than the question has fields.
        """
        if len(texts) > 1:
            raise UnusableError(_("Give one answer."))
        return texts[0] if texts else ""

    def parse(self, text: str, reader: Reader) -> Value:
        """The typed answer in a text that is not blank.

        Raises:
            UnusableError: It is none.
        """
        raise NotImplementedError

    def show(self, value: Value, reader: Reader) -> str:
        """The text that gives this answer when it is parsed."""
        return "" if value is None else str(value)

    def texts(self, value: Value, reader: Reader) -> list[str]:
        """What a browser would send for an answer that a program gives as a JSON value."""
        return [
            "yes" if each is True else "no" if each is False else str(each)
            for each in (value if isinstance(value, list) else [value])
            if each is not None
        ]

    def admits(self, value: Value) -> bool:
        """Whether the answer can ever be this one, so that a condition may ask for it."""
        return isinstance(value, str)

    def in_expression(self, value: Value, reader: Reader) -> Value:
        """The answer as expressions see it, which is as the browser can see it too."""
        return value

    @property
    def scores(self) -> Mapping[str, float]:
        """What choosing an answer counts, by its text; empty where answers count nothing."""
        return {}

    @property
    def not_applicable(self) -> frozenset[str]:
        """The texts that say that the question does not apply."""
        return frozenset()

    def score(self, value: Value) -> int | float | None:
        """What an answer counts; None for one that counts nothing."""
        texts = ["yes" if value is True else "no" if value is False else value]
        known = [
            self.scores[each]
            for each in (value if isinstance(value, list) else texts)
            if isinstance(each, str) and each in self.scores
        ]
        return reduce(added, known) if known else None

    def chosen(self, text: str) -> list[str]:
        """The parts of a text that holds several answers, one a line."""
        return [line.strip() for line in text.split("\n") if line.strip()]


def clean(text: str) -> str:
    """The text with Unix line ends, without characters that nobody types and PostgreSQL does not store."""
    if not _UNCLEAN.search(text):
        return text
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", unix).encode("utf-8", "replace").decode("utf-8")


def within(text: str, longest: int) -> str | None:
    """The text, or None for an empty one.

    Raises:
        UnusableError: It is longer than that.
    """
    if len(text) > longest:
        raise UnusableError(
            _("This has %(length)s characters; at most %(longest)s fit.") % {"length": len(text), "longest": longest}
        )
    return text or None
