"""A table that is filled in row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from core.forms.answers import Cell, Key, Row, Value
from core.forms.components.base import Operand, Question, UnusableError
from core.forms.components.choices import Option, Select
from core.forms.components.contacts import read_list
from core.forms.components.numbers import Number
from core.forms.components.texts import TextLine
from core.forms.problems import Unusable
from core.forms.reader import Reader
from core.forms.text import Text
from core.locale import gettext as _
from core.locale import ngettext


class Column(BaseModel):
    """What a table asks for in each row.

    Attributes:
        asks_for: A line of text, a number, or one of the options.
        required: Must be answered in each row that is not blank.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    label: Text
    asks_for: Literal["text", "number", "option"] = "text"
    options: Annotated[tuple[Option, ...], Field(max_length=200)] = ()
    required: bool = False

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if (self.asks_for == "option") != bool(self.options):
            raise Unusable({"options": _("Give options where one of them is asked for, and none elsewhere.")})
        self._question()
        return self

    def _question(self) -> Question:
        if self.asks_for == "number":
            return Number(key=self.key, label=self.label, whole=False)
        if self.asks_for == "option":
            return Select(key=self.key, label=self.label, options=self.options)
        return TextLine(key=self.key, label=self.label)

    def read(self, text: str, reader: Reader) -> Cell:
        """The typed answer in a cell.

        Raises:
            UnusableError: It is none.
        """
        question = self._question()
        value = question.parse(text, reader) if text.strip() else None
        if value is None and self.required:
            raise UnusableError(question.missing)
        return value if not isinstance(value, list | dict) else None

    def show(self, value: Value, reader: Reader) -> str:
        """The text that gives this answer when it is read."""
        return self._question().show(value, reader)


class Table(Question):
    """Rows of the same columns; the answer is a list of rows, each with the cells that were answered by their columns.

    In an expression: `count(goods)`, `sum(goods, 'price')`.

    Attributes:
        max_rows: How many there may be.
        min_rows: How many there must be, where there is one at all or the table is required.
    """

    operand: ClassVar[Operand | None] = "table"

    kind: Literal["table"] = "table"
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=12)]
    max_rows: Annotated[int, Field(ge=1, le=100)] = 20
    min_rows: Annotated[int, Field(ge=0, le=100)] = 0

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        keys = [column.key for column in self.columns]
        twice = next((number for number, key in enumerate(keys) if key in keys[:number]), None)
        if twice is not None:
            named = {"name": repr(keys[twice])}
            problem = _("Two columns are named %(name)s. Give one of them another name.") % named
            raise Unusable({f"columns.{twice}.key": problem})
        if self.min_rows > self.max_rows:
            raise Unusable({"min_rows": _("This is above the maximum. Lower it, or raise the maximum.")})
        return self

    @property
    @override
    def missing(self) -> str:
        return self._too_few if self.min_rows > 1 else super().missing

    @property
    def _too_few(self) -> str:
        return ngettext("At least %(least)d row.", "At least %(least)d rows.", self.min_rows) % {"least": self.min_rows}

    @property
    def columns_for_browser(self) -> list[tuple[str, str]]:
        """Name and what is asked for, of each column."""
        return [(column.key, column.asks_for) for column in self.columns]

    @override
    def gather(self, texts: Sequence[str]) -> str:
        if len(texts) > self.max_rows * len(self.columns):
            raise UnusableError(_("At most %(most)s rows fit.") % {"most": self.max_rows})
        return json.dumps(list(texts), ensure_ascii=False) if any(text.strip() for text in texts) else ""

    def rows(self, text: str) -> list[list[str]]:
        """The rows that are shown: those of a text as typed, and blank ones: one at least where it fits."""
        typed = [row for row in self._rows(text) if any(cell.strip() for cell in row)][: self.max_rows]
        blank = max(1, self.min_rows - len(typed))
        return [*typed, *([""] * len(self.columns) for _row in range(blank))][: self.max_rows]

    def _rows(self, text: str) -> Iterator[list[str]]:
        cells = read_list(text)
        for start in range(0, len(cells), len(self.columns)):
            row = cells[start : start + len(self.columns)]
            yield row + [""] * (len(self.columns) - len(row))

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        rows: list[Row] = []
        typed = [row for row in self._rows(text) if any(cell.strip() for cell in row)]
        if len(typed) > self.max_rows:
            raise UnusableError(_("At most %(most)s rows fit.") % {"most": self.max_rows})
        if 0 < len(typed) < self.min_rows:
            raise UnusableError(self._too_few)
        for number, row in enumerate(typed, start=1):
            cells = (
                (column.key, self._cell(number, column, cell, reader))
                for column, cell in zip(self.columns, row, strict=True)
            )
            rows.append({key: value for key, value in cells if value is not None})
        return rows or None

    @staticmethod
    def _cell(number: int, column: Column, text: str, reader: Reader) -> Cell:
        try:
            return column.read(text, reader)
        except UnusableError as error:
            named = {"number": number, "column": column.label, "problem": error}
            raise UnusableError(_("Row %(number)s, %(column)s: %(problem)s") % named) from error

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return self.gather(self.texts(value, reader))

    @override
    def texts(self, value: Value, reader: Reader) -> list[str]:
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        return [column.show(row.get(column.key), reader) for row in rows for column in self.columns]

    @override
    def admits(self, value: Value) -> bool:
        return False
