"""What a button of a form does besides giving an answer: leads on, opens a form, sets, runs, ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, Tag

from core.forms.answers import Key
from core.forms.conditions import Condition
from core.forms.expressions import Expression
from core.forms.text import Text
from core.locale import mark as _

LONGEST_NAME = 40
"""Characters of the name under which a form is opened, since it stands before those of its questions."""

MOST_ACTIONS = 20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(_Part):
    """A value that is always the same."""

    value: Annotated[
        StrictBool
        | StrictInt
        | StrictFloat
        | Annotated[StrictStr, Field(max_length=4000, pattern=r"^[^\x00]*$")]
        | Annotated[list[Annotated[StrictStr, Field(max_length=200)]], Field(max_length=200)],
        Field(title=_("Value")),
    ]


class Answered(_Part):
    """The answer to a question as it is stored: a moment with its zone, an amount with its currency."""

    field: Key = Field(title=_("Question"))


class Calculated(_Part):
    """What an expression gives."""

    expression: Expression = Field(title=_("Expression"))


def _source(value: Any) -> str:
    keys = value if isinstance(value, Mapping) else type(value).model_fields if isinstance(value, BaseModel) else ()
    return next((kind for kind in ("field", "expression") if kind in keys), "value")


Source = Annotated[
    Annotated[Given, Tag("value")] | Annotated[Answered, Tag("field")] | Annotated[Calculated, Tag("expression")],
    Discriminator(_source),
]
"""Where a value comes from: `{"value": true}`, `{"field": "when"}` or `{"expression": "people > 3"}`."""


class _Action(_Part):
    when: Condition | None = Field(
        None, title=_("Only when"), description=_("Done only while this holds; left out otherwise.")
    )


class LeadTo(_Action):
    """Leads on to another page."""

    kind: Literal["lead"] = "lead"
    page: Key | None = Field(
        None, title=_("Page"), description=_("One that stands after this page; none is where the page itself leads.")
    )


class OpenForm(_Action):
    """Leads through the pages of another form, and then on to the page after this one."""

    kind: Literal["open_form"] = "open_form"
    form: Annotated[str, Field(pattern=r"^custom:[a-z0-9_:-]{1,48}$")] = Field(title=_("Form"))
    name: Annotated[str, Field(pattern=r"^[a-z](_?[a-z0-9])*$", max_length=LONGEST_NAME)] = Field(
        title=_("Name of its answers"), description=_("Stands before the names of that form's questions.")
    )


class SetField(_Action):
    """Sets the answer to a question of this page, or of one that stands after it."""

    kind: Literal["set"] = "set"
    field: Key = Field(title=_("Question"))
    to: Source = Field(title=_("Answer"))


class RunAction(_Action):
    """Runs an action that a plugin offers.

    Attributes:
        action: `<plugin>.<name>`.
        arguments: What it is given, by the names of its arguments.
        into: Which of the values that it gives become answers: their names → questions of the form.
    """

    kind: Literal["run"] = "run"
    action: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=80)] = Field(
        title=_("Action")
    )
    arguments: Annotated[dict[str, Source], Field(max_length=30)] = Field({}, title=_("Arguments"))
    into: Annotated[dict[str, Key], Field(max_length=30)] = Field({}, title=_("Answers that it gives"))


class EndForm(_Action):
    """Ends the form with an outcome.

    Attributes:
        success: Whether what the form is about has succeeded; None where that is not said.
    """

    kind: Literal["end"] = "end"
    outcome: Key = Field(title=_("Outcome"), description=_("The same word in every report."))
    label: Text = Field(title=_("What people call it"))
    success: bool | None = Field(None, title=_("It has succeeded"))


AnyAction = LeadTo | OpenForm | SetField | RunAction | EndForm

Action = Annotated[AnyAction, Field(discriminator="kind")]
"""One thing that a button does."""

Move = LeadTo | OpenForm | EndForm
"""An action after which another page is shown, or none."""


def sources_of(action: AnyAction) -> Iterator[tuple[str, Source]]:
    """Where each value comes from that an action needs, with its place within the action."""
    if isinstance(action, SetField):
        yield "to", action.to
    if isinstance(action, RunAction):
        for name, source in action.arguments.items():
            yield f"arguments.{name}", source


def conditions_of_action(action: AnyAction) -> Iterator[Condition]:
    """Every condition and expression by which an action looks at answers."""
    if action.when is not None:
        yield action.when
    for _place, source in sources_of(action):
        if isinstance(source, Calculated):
            yield source.expression


def targets_of(action: AnyAction) -> Iterator[tuple[str, str]]:
    """The questions whose answers an action sets, each after its place within the action."""
    if isinstance(action, SetField):
        yield "field", action.field
    if isinstance(action, RunAction):
        for name, field in action.into.items():
            yield f"into.{name}", field
