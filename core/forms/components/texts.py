"""Questions that are answered with text: a line, several lines, a list of lines, a secret."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import AnyHttpUrl, Field, TypeAdapter, ValidationError
from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import LONGEST_TEXT, AsTyped, Operand, Question, UnusableError, clean, within
from core.forms.reader import Reader
from core.forms.text import Storable
from core.locale import gettext as _

# What browsers take for an address of mail, with a dot required in the part after the @.
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_WEB_ADDRESS = TypeAdapter(AnyHttpUrl)

REMOVE = "\x7f"
"""The text of a secret that is to be removed. Nobody can type it: `clean` takes it out of what is typed."""

REMOVED = ""
"""The answer to a secret that is to be removed."""


class TextLine(Question):
    """One line of text.

    Attributes:
        format: What the text must be: an address of mail, or one of the web.
    """

    as_typed: ClassVar[AsTyped | None] = "anywhere"

    kind: Literal["text"] = "text"
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 200
    default: Annotated[Storable, Field(max_length=LONGEST_TEXT)] | None = None
    format: Literal["email", "url"] | None = None

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        line = within(clean(text).replace("\n", " ").strip(), self.max_length)
        if line is not None and self.format == "email" and not EMAIL.fullmatch(line):
            raise UnusableError(_("Give an e-mail address, such as name@example.com."))
        if line is not None and self.format == "url" and not _is_web_address(line):
            raise UnusableError(_("Give a web address that begins with https:// or http://."))
        return line


class LongText(Question):
    """Text of several lines."""

    as_typed: ClassVar[AsTyped | None] = "anywhere"

    kind: Literal["long_text"] = "long_text"
    rows: Annotated[int, Field(ge=2, le=30)] = 4
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 4000
    default: Annotated[Storable, Field(max_length=LONGEST_TEXT)] | None = None

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        return within(clean(text).strip(), self.max_length)


class TextList(Question):
    """Several texts, one a line.

    Attributes:
        max_items: How many there may be.
        max_length: Characters that each may have.
    """

    operand: ClassVar[Operand | None] = "list"
    as_typed: ClassVar[AsTyped | None] = "anywhere"

    kind: Literal["text_list"] = "text_list"
    rows: Annotated[int, Field(ge=2, le=30)] = 4
    max_items: Annotated[int, Field(ge=1, le=1000)] = 100
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 200
    default: tuple[Storable, ...] = ()

    @property
    @override
    def initial(self) -> Value:
        return list(self.default) or None

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        lines = self.chosen(clean(text))
        if len(lines) > self.max_items:
            raise UnusableError(
                _("These are %(count)s lines; at most %(most)s fit.") % {"count": len(lines), "most": self.max_items}
            )
        for line in lines:
            within(line, self.max_length)
        return lines or None

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "\n".join(str(each) for each in value) if isinstance(value, list) else ""

    @override
    def admits(self, value: Value) -> bool:
        return False


class Secret(Question):
    """A password or a key: typed, but never shown again, and kept in no draft.

    The page says whether one is set (`render_form(…, secrets_set=…)`). Left blank, the answer is missing from the
    answers, which means that the one that is set stays. The form's answers are for settings, which encrypt it:
    `submit_form` refuses a form that asks for a secret.

    Attributes:
        removable: Whether the one that is set can be removed; the answer is `REMOVED` then.
    """

    operand: ClassVar[Operand | None] = None
    as_typed: ClassVar[AsTyped | None] = "anywhere"

    kind: Literal["secret"] = "secret"
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 1000
    removable: bool = False

    @override
    def gather(self, texts: Sequence[str]) -> str:
        typed = [text for text in texts[:1] if text.strip()]
        if typed:
            return typed[0]
        return REMOVE if self.removable and "remove" in texts[1:] else ""

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if text == REMOVE:
            return REMOVED
        return within(clean(text).replace("\n", "").strip(), self.max_length)

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return ""

    @override
    def admits(self, value: Value) -> bool:
        return False


def _is_web_address(text: str) -> bool:
    try:
        return bool(_WEB_ADDRESS.validate_python(text).host)
    except ValidationError:
        return False
