"""A plugin that adds questions to forms of others, with a kind of question of its own; tests make it fail."""

from typing import Literal

from switchroom import Context, hookimpl
from switchroom.contributions import FieldGroup, FormComponent
from switchroom.database import execute
from switchroom.forms import (
    Equals,
    FormRef,
    Question,
    Reader,
    Secret,
    Submission,
    Text,
    TextLine,
    UnusableError,
    Value,
    YesNo,
)


class Stars(Question):
    """Some stars out of a few."""

    kind: Literal["asking_stars"] = "asking_stars"
    most: int = 5

    def parse(self, text: str, reader: Reader) -> Value:
        if not text.isdigit() or not 1 <= int(text) <= self.most:
            raise UnusableError("Give some stars.")
        return int(text)

    def admits(self, value: Value) -> bool:
        return False


def group(key: str = "visit") -> FieldGroup:
    """Three questions, one of which depends on another."""
    return FieldGroup(
        key,
        "Visit",
        (
            YesNo(key="wanted", label=Text.of(en="Wants a visit?"), required=True),
            TextLine(
                key="place",
                label=Text.of(en="Where?"),
                required=True,
                shown_if=Equals(field="wanted", equals=True),
            ),
            Stars(key="mood", label=Text.of(en="Mood")),
        ),
    )


class Asking:
    """The wiring; `does` is what a test wants it to do in place of its work."""

    does = ""

    @hookimpl
    def register_form_components(self) -> list[FormComponent]:
        return [FormComponent(Stars, "asking/stars.html")]

    @hookimpl
    async def form_fields(self, ctx: Context, form: FormRef) -> list[FieldGroup]:
        match self.does:
            case "raise":
                raise RuntimeError("no questions today")
            case "repeat":
                return [group(), group()]
            case "nonsense":
                return ["a question"]  # type: ignore[list-item]
            case "underscores":
                return [group("a__b")]
            case "secret":
                return [FieldGroup("key", "Key", (Secret(key="key", label=Text.of(en="Key")),))]
        return [group()] if form.key == "test:card" else []

    @hookimpl
    async def form_validate(self, ctx: Context, form: FormRef, answers: dict[str, Value]) -> dict[str, str]:
        if self.does == "raise on validating":
            raise RuntimeError("cannot tell")
        if answers.get("asking__visit__place") == "Moon":
            return {"asking__visit__place": "Too far.", "": "Think again."}
        return {}

    @hookimpl
    async def form_submitted(self, ctx: Context, submission: Submission) -> None:
        await execute("UPDATE core_tenant SET name = $2 WHERE id = $1", ctx.tenant.id, str(submission.answers["name"]))
        if self.does == "raise on being told":
            raise RuntimeError("cannot take it")


plugin = Asking()
