"""Questions that are answered by choosing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from markupsafe import Markup
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import override

from core.forms.actions import MOST_ACTIONS, Action, Move
from core.forms.answers import Value
from core.forms.components.base import AsTyped, Operand, Question, UnusableError
from core.forms.components.numbers import Limit
from core.forms.markdown import markdown
from core.forms.problems import Unusable
from core.forms.reader import Reader
from core.forms.text import Text
from core.locale import gettext as _

_YES_AND_NO: Mapping[str, float] = {"yes": 1, "no": 0}


class YesNo(Question):
    """Yes or no.

    Attributes:
        shortcuts: Whether keys give the answer: Alt+Y and Alt+N; for one question of a page at most.
    """

    operand: ClassVar[Operand | None] = "yes_no"
    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["yes_no"] = "yes_no"
    default: bool | None = None
    shortcuts: bool = False

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @property
    @override
    def scores(self) -> Mapping[str, float]:
        return _YES_AND_NO

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if text not in ("yes", "no"):
            raise UnusableError(_("Choose yes or no."))
        return text == "yes"

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "" if value is None else "yes" if value else "no"

    @override
    def admits(self, value: Value) -> bool:
        return isinstance(value, bool)


class _OnOff(Question):
    """Yes when it is on, else no. One that is required must be on."""

    operand: ClassVar[Operand | None] = "switch"
    as_typed: ClassVar[AsTyped | None] = "chosen"

    default: bool = False

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @property
    @override
    def blank(self) -> Value:
        return False

    @property
    @override
    def missing(self) -> str:
        return _("This must be ticked.")

    @property
    def unclear(self) -> str:
        """What is said of a text that is neither."""
        return _("Tick it, or leave it out.")

    @override
    def answers(self, value: Value) -> bool:
        return value is True

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if text != "yes":
            raise UnusableError(self.unclear)
        return True

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "yes" if value is True else ""

    @override
    def texts(self, value: Value, reader: Reader) -> list[str]:
        return [] if value is False else super().texts(value, reader)

    @override
    def admits(self, value: Value) -> bool:
        return isinstance(value, bool)


class Switch(_OnOff):
    """On or off. One that is required must be switched on."""

    kind: Literal["switch"] = "switch"

    @property
    @override
    def missing(self) -> str:
        return _("This must be switched on.")

    @property
    @override
    def unclear(self) -> str:
        return _("Switch it on or off.")


class Checkbox(_OnOff):
    """A box to tick. One that is required must be ticked."""

    kind: Literal["checkbox"] = "checkbox"


class Consent(_OnOff):
    """A box to tick below the words that somebody agrees to; the submission keeps these with the form.

    Attributes:
        text: What is agreed to, in Markdown.
    """

    kind: Literal["consent"] = "consent"
    text: Text
    default: Literal[False] = False

    @property
    def html(self) -> Markup:
        """What is agreed to, as markup, in the active language."""
        return markdown(str(self.text))

    @property
    @override
    def missing(self) -> str:
        return _("This cannot go on without consent.")


class YesNoNA(Question):
    """Yes, no, or not applicable; the answer is `yes`, `no` or `na`."""

    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["yes_no_na"] = "yes_no_na"
    default: Literal["yes", "no", "na"] | None = None

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if not self.admits(text):
            raise UnusableError(_("Choose one of the options."))
        return text

    @property
    @override
    def scores(self) -> Mapping[str, float]:
        return _YES_AND_NO

    @property
    @override
    def not_applicable(self) -> frozenset[str]:
        return frozenset({"na"})

    @override
    def admits(self, value: Value) -> bool:
        return value in ("yes", "no", "na")


class Rating(Question):
    """A mark, from 1 up; the answer is a number.

    Attributes:
        most: The best mark.
        lowest: What the mark 1 means.
        highest: What the best mark means.
    """

    operand: ClassVar[Operand | None] = "number"
    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["rating"] = "rating"
    most: Annotated[int, Field(ge=2, le=10)] = 5
    lowest: Text | None = None
    highest: Text | None = None

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if text not in self.marks:
            raise UnusableError(_("Choose one of the options."))
        return int(text)

    @property
    def marks(self) -> list[str]:
        """The marks, as texts."""
        return [str(mark) for mark in range(1, self.most + 1)]

    @override
    def admits(self, value: Value) -> bool:
        return False


class Option(BaseModel):
    """One of the answers to choose from.

    Attributes:
        score: What choosing it counts: `score(question)` in expressions.
        not_applicable: Choosing it says that the question does not apply: that is enough where an answer is required,
            and is nothing in expressions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
    label: Text
    score: int | Limit | None = None
    not_applicable: bool = False

    @model_validator(mode="after")
    def _counts_or_does_not_apply(self) -> Self:
        if self.not_applicable and self.score is not None:
            raise Unusable(
                {"score": _("An option that says that nothing applies has no score. Take one of the two away.")}
            )
        return self


class _OneOf(Question):
    """One of several.

    Attributes:
        default: The value of the option that is chosen before anybody has chosen.
    """

    options: Annotated[tuple[Option, ...], Field(min_length=1, max_length=200)]
    default: str | None = None

    @model_validator(mode="after")
    def _options_differ(self) -> Self:
        _check_options(self.options, [] if self.default is None else [self.default])
        return self

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if not self.admits(text):
            raise UnusableError(_("Choose one of the options."))
        return text

    @override
    def admits(self, value: Value) -> bool:
        return isinstance(value, str) and value in self._values

    @cached_property
    def _values(self) -> frozenset[str]:
        return frozenset(option.value for option in self.options)

    @cached_property
    def scores(self) -> Mapping[str, float]:
        """See `Question`."""
        return _scores(self.options)

    @cached_property
    def not_applicable(self) -> frozenset[str]:
        """See `Question`."""
        return _not_applicable(self.options)


class Radio(_OneOf):
    """One of a few, all of which are seen.

    Attributes:
        pictures: Whether the values are names of icons, which stand for the labels.
    """

    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["radio"] = "radio"
    pictures: bool = False


class Select(_OneOf):
    """One of many, in a list that opens."""

    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["select"] = "select"


class ButtonOption(Option):
    """A button, and what it does in a form that is gone through page by page.

    Attributes:
        does: In this order. One that has none leads on; one that neither leads on nor ends stays on its page.
    """

    does: Annotated[tuple[Action, ...], Field(max_length=MOST_ACTIONS)] = ()

    @property
    def leads_on(self) -> bool:
        """Whether another page comes, or the end, when this is pressed."""
        return not self.does or any(isinstance(action, Move) for action in self.does)


def _as_button(option: Any) -> Any:
    """An option that does nothing is one, however it was written."""
    plain = isinstance(option, Option) and not isinstance(option, ButtonOption)
    return ButtonOption(value=option.value, label=option.label) if plain else option


class Button(_OneOf):
    """Buttons that send the form; the answer is the one that was pressed."""

    kind: Literal["button"] = "button"
    options: Annotated[
        tuple[Annotated[ButtonOption, BeforeValidator(_as_button)], ...], Field(min_length=1, max_length=200)
    ]

    @model_validator(mode="after")
    def _is_not_required(self) -> Self:
        wrong = "required" if self.required else "required_if" if self.required_if is not None else ""
        if wrong and self.leads:
            raise Unusable({wrong: _("A form goes on by its buttons only: leave it to them whether one is pressed.")})
        return self

    @cached_property
    def leads(self) -> bool:
        """Whether any of the buttons does more than to give an answer."""
        return any(option.does for option in self.options)

    @cached_property
    def leads_on(self) -> bool:
        """Whether any of the buttons leads on from its page."""
        return any(option.leads_on for option in self.options)

    def option(self, value: object) -> ButtonOption | None:
        """The button of a value, or None."""
        return next((option for option in self.options if option.value == value), None)


class MultiSelect(Question):
    """Any of several; the answer is a list of values in the order of the options.

    Attributes:
        default: The values of the options that are chosen before anybody has chosen.
    """

    operand: ClassVar[Operand | None] = "list"
    as_typed: ClassVar[AsTyped | None] = "chosen"

    kind: Literal["multi_select"] = "multi_select"
    options: Annotated[tuple[Option, ...], Field(min_length=1, max_length=200)]
    default: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _options_differ(self) -> Self:
        _check_options(self.options, self.default)
        return self

    @property
    @override
    def initial(self) -> Value:
        return list(self.default) or None

    @property
    @override
    def missing(self) -> str:
        return _("Choose at least one.")

    @override
    def gather(self, texts: Sequence[str]) -> str:
        return "\n".join(texts)

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        chosen = self.chosen(text)
        if not self._values.keys() >= set(chosen):
            raise UnusableError(_("Choose of the options."))
        if len(set(chosen)) > 1 and self.not_applicable & set(chosen):
            raise UnusableError(_("What says that nothing applies is chosen alone."))
        return sorted(set(chosen), key=self._values.__getitem__) or None

    @cached_property
    def _values(self) -> dict[str, int]:
        return {option.value: number for number, option in enumerate(self.options)}

    @cached_property
    def scores(self) -> Mapping[str, float]:
        """See `Question`."""
        return _scores(self.options)

    @cached_property
    def not_applicable(self) -> frozenset[str]:
        """See `Question`."""
        return _not_applicable(self.options)

    @override
    def in_expression(self, value: Value, reader: Reader) -> Value:
        return None if isinstance(value, list) and self.not_applicable & {str(each) for each in value} else value

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "\n".join(str(each) for each in value) if isinstance(value, list) else ""

    @override
    def admits(self, value: Value) -> bool:
        return False


def _check_options(options: Sequence[Option], defaults: Sequence[str]) -> None:
    values = [option.value for option in options]
    twice = next((number for number, value in enumerate(values) if value in values[:number]), None)
    if twice is not None:
        named = {"value": repr(values[twice])}
        problem = _("Two options have the value %(value)s. Give one of them another value.") % named
        raise Unusable({f"options.{twice}.value": problem})
    unknown = next((value for value in defaults if value not in values), None)
    if unknown is not None:
        raise Unusable({"default": _("%(value)s is none of the options. Choose one.") % {"value": repr(unknown)}})


def _scores(options: Sequence[Option]) -> Mapping[str, float]:
    return {option.value: option.score for option in options if option.score is not None}


def _not_applicable(options: Sequence[Option]) -> frozenset[str]:
    return frozenset(option.value for option in options if option.not_applicable)
