"""A plugin that adds questions to forms of others, with a kind of question of its own; tests make it fail."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, Field

from switchroom import Context, hookimpl
from switchroom.contributions import FieldGroup, FormAction, FormComponent
from switchroom.database import execute
from switchroom.errors import InvalidInput
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


class Naming(BaseModel):
    """What naming the organisation needs."""

    name: str = Field(title="Name", min_length=3)
    since: AwareDatetime | None = None


class Asking:
    """The wiring; `does` is what a test wants it to do in place of its work."""

    does = ""
    named: ClassVar[list[Naming]] = []

    @hookimpl
    def register_form_components(self) -> list[FormComponent]:
        return [FormComponent(Stars, "asking/stars.html")]

    @hookimpl
    def register_form_actions(self) -> list[FormAction]:
        return [FormAction("name_it", "Name the organisation", Naming, self.name_it, gives={"letters": "Letters"})]

    async def name_it(self, ctx: Context, form: FormRef, arguments: Naming) -> dict[str, Value]:
        """Names the organisation; tests make it fail afterwards."""
        self.named.append(arguments)
        await execute("UPDATE core_tenant SET name = $2 WHERE id = $1", ctx.tenant.id, arguments.name)
        if self.does == "raise on naming":
            raise RuntimeError("cannot name it")
        if self.does == "refuse to name":
            raise InvalidInput("Not this one.", fields={"name": "Taken."})
        return {"letters": len(arguments.name)}

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
        return [group()] if form.key in ("test:card", "custom:asked") else []

    @hookimpl
    async def form_validate(self, ctx: Context, form: FormRef, answers: dict[str, Value]) -> dict[str, str]:
        if self.does == "raise on validating":
            raise RuntimeError("cannot tell")
        if self.does == "object to the name":
            return {"name": f"Not {answers['name']}."}
        if answers.get("asking__visit__place") == "Moon":
            return {"asking__visit__place": "Too far.", "": "Think again."}
        return {}

    @hookimpl
    async def form_submitted(self, ctx: Context, submission: Submission) -> None:
        if "name" in submission.answers:
            name = str(submission.answers["name"])
            await execute("UPDATE core_tenant SET name = $2 WHERE id = $1", ctx.tenant.id, name)
        if self.does == "raise on being told":
            raise RuntimeError("cannot take it")


plugin = Asking()
