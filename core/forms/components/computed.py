"""Values that nobody types: the form computes them out of other answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import model_validator
from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import Operand, Question, UnusableError
from core.forms.components.numbers import written
from core.forms.expressions import Expression
from core.forms.problems import Unusable
from core.forms.reader import Reader
from core.forms.text import Text
from core.locale import gettext as _


class Computed(Question):
    """What an expression gives, shown while people type, and stored with the answers.

    Attributes:
        formula: How it is computed; unlike a condition it may look at questions that stand after it.
        unit: What stands behind it, such as `EUR`.
    """

    operand: ClassVar[Operand | None] = "computed"

    kind: Literal["computed"] = "computed"
    formula: Expression
    unit: Text | None = None

    @model_validator(mode="after")
    def _is_not_asked(self) -> Self:
        wrong = "required" if self.required else "required_if" if self.required_if is not None else ""
        if wrong:
            raise Unusable({wrong: _("A value that is computed cannot be required. Require what it is computed from.")})
        return self

    @override
    def gather(self, texts: Sequence[str]) -> str:
        raise UnusableError(_("This is computed from other answers: leave it out."))

    @override
    def show(self, value: Value, reader: Reader) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(str(each) for each in value)
        if isinstance(value, int | float):
            return written(value)
        return value if isinstance(value, str) else ""

    @override
    def admits(self, value: Value) -> bool:
        return False
