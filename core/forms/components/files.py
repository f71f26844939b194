"""A question that is answered with files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import Operand, Question, UnusableError
from core.forms.files.accepted import SORTS, Accepted, for_browser, in_words
from core.forms.reader import Reader
from core.locale import gettext as _

_LONGEST_ID = 18


class File(Question):
    """Files that are sent while the form is filled in; the answer is a list of their ids, as texts.

    In an expression it is a list: `count(photos)`, `empty(photos)`.

    Attributes:
        accepts: Which sorts of files will do; what a file is, its content says.
        max_megabytes: How large each may be. The installation may allow less.
        max_files: How many there may be.
    """

    operand: ClassVar[Operand | None] = "files"

    kind: Literal["file"] = "file"
    accepts: Annotated[tuple[Accepted, ...], Field(min_length=1, max_length=len(SORTS))] = ("image", "pdf")
    max_megabytes: Annotated[int, Field(ge=1, le=1000)] = 10
    max_files: Annotated[int, Field(ge=1, le=20)] = 1

    @property
    @override
    def missing(self) -> str:
        return _("Add a file.")

    @property
    def accept(self) -> str:
        """Which files a browser offers to choose from."""
        return for_browser(self.accepts)

    @property
    def limits(self) -> str:
        """Which files will do, in words."""
        said = {"sorts": in_words(self.accepts), "most": self.max_megabytes, "files": self.max_files}
        if self.max_files == 1:
            return _("One file: %(sorts)s, up to %(most)s MB.") % said
        return _("Up to %(files)s files: %(sorts)s, up to %(most)s MB each.") % said

    def objection(self, media_type: str, size: int) -> str:
        """Why a file that is there will not do, or nothing: the question may have become stricter."""
        if not any(media_type in SORTS[sort] for sort in self.accepts):
            return _("Only %(sorts)s will do here.") % {"sorts": in_words(self.accepts)}
        if size > self.max_megabytes * 1_000_000:
            return _("This file is too large: at most %(most)s will do.") % {"most": f"{self.max_megabytes} MB"}
        return ""

    def ids(self, text: str) -> list[int]:
        """The ids in a text, without those that are none."""
        return [int(each) for each in dict.fromkeys(self.chosen(text)) if _is_id(each)]

    @override
    def gather(self, texts: Sequence[str]) -> str:
        return "\n".join(text for text in texts if text.strip())

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        given = list(dict.fromkeys(self.chosen(text)))
        if not all(map(_is_id, given)):
            raise UnusableError(_("These are no files. Add them again."))
        if len(given) > self.max_files:
            raise UnusableError(_("At most %(most)s files will do. Remove some.") % {"most": self.max_files})
        return given or None

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "\n".join(str(each) for each in value) if isinstance(value, list) else ""

    @override
    def admits(self, value: Value) -> bool:
        return False


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= len(text) <= _LONGEST_ID and not text.startswith("0")
