"""Forms out of pydantic schemas: every field becomes a question, and what is answered becomes values again."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, StrictInt, ValidationError, model_validator

from core.errors import InvalidInput
from core.forms.from_schema import (
    UnsupportedField,
    fields_of_error,
    form_of_schema,
    shown_as,
    typed_of_values,
    values_of_answers,
)
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, accept_answers, initial_texts, pick_answers
from core.forms.rendering import render_form
from core.forms.schema import Form
from core.forms.text import Text
from core.locale import speaking
from core.locale.languages import Languages

READER = Reader(ZoneInfo("Europe/Berlin"))


class Tone(StrEnum):
    """A choice."""

    WARM = "warm"
    PLAIN = "plain"


class Everything(BaseModel):
    """A schema of every kind of field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: Annotated[bool, Field(title="Comment", description="Choose a role.")] = True
    seconds: Annotated[StrictInt, Field(ge=1, le=600, json_schema_extra=shown_as(unit="s"))] = 30
    above: Annotated[int, Field(gt=0)] = 1
    share: Annotated[float, Field(ge=0, le=1)] = 0.25
    price: Decimal = Decimal("1.50")
    limit: int | None = None
    tone: Annotated[Tone, Field(json_schema_extra=shown_as(labels={"warm": "Warm and close"}))] = Tone.WARM
    size: Literal["small", "large"] | None = None
    name: str
    nickname: str | None = None
    greeting: Annotated[str, Field(min_length=1, max_length=500, json_schema_extra=shown_as(rows=5))] = "Hello"
    mail: Annotated[str, Field(json_schema_extra={"format": "email"})] = ""
    address: HttpUrl | None = None
    words: Annotated[list[str], Field(max_length=3)] = Field(default_factory=list)
    tones: frozenset[Tone] = frozenset()
    key: SecretStr
    old_key: SecretStr | None = None


FORM = form_of_schema(Everything, "test:everything", Text.of(en="Everything"))
STORED = Everything(name="Switchroom", key=SecretStr("geheim"), words=["a", "b"], tones=frozenset({Tone.PLAIN}))


def kinds() -> dict[str, str]:
    """Field → kind of question."""
    return {component.key: component.kind_name() for component in FORM.components}


def test_each_type_has_its_kind_of_question() -> None:
    assert kinds() == {
        "on": "switch",
        "seconds": "number",
        "above": "number",
        "share": "number",
        "price": "number",
        "limit": "number",
        "tone": "select",
        "size": "select",
        "name": "text",
        "nickname": "text",
        "greeting": "long_text",
        "mail": "text",
        "address": "text",
        "words": "text_list",
        "tones": "multi_select",
        "key": "secret",
        "old_key": "secret",
    }


def test_limits_units_labels_and_what_is_required_come_from_the_schema() -> None:
    seconds, above, tone = (FORM.questions[name].model_dump() for name in ("seconds", "above", "tone"))
    assert (seconds["minimum"], seconds["maximum"], seconds["unit"]) == (1, 600, {"en": "s"})
    assert above["minimum"] == 1
    assert [option["label"]["en"] for option in tone["options"]] == ["Warm and close", "Plain"]
    required = {key for key, question in FORM.questions.items() if question.required}
    assert required == {"seconds", "above", "share", "price", "tone", "name", "greeting"}


def test_labels_and_help_are_translated() -> None:
    with Languages().speaking("ru"):
        form = form_of_schema(Everything, "test:everything", Text.of(en="Everything"))
        assert str(form.questions["on"].label) == "Комментарий"
        assert str(form.questions["on"].help) == "Выберите роль."


def post(**typed: str | list[str]) -> dict[str, str]:
    """What a browser posts of the form as it is shown for the stored settings, changed in some fields."""
    shown = typed_of_values(FORM, STORED, READER) | initial_secrets()
    posted = []
    for name in FORM.questions:
        value = typed.get(name, shown.get(name, ""))
        several = value if isinstance(value, list) else value.split("\n") if name == "tones" else [value]
        posted += [(f"answer.{name}", text) for text in several if text or name != "on"]
    return pick_answers(FORM, posted)


def initial_secrets() -> dict[str, str]:
    """What the fields of secrets hold: nothing."""
    return dict.fromkeys(FORM.secrets, "")


def saved(**typed: str | list[str]) -> Everything:
    """What is stored once the form has been sent."""
    values = values_of_answers(FORM, Everything, accept_answers(FORM, post(**typed), READER))
    kept = {"key": STORED.key, "old_key": STORED.old_key}
    return Everything.model_validate(kept | values)


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing() -> None:
    assert saved() == STORED


def test_what_is_answered_becomes_values() -> None:
    settings = saved(
        on="",
        seconds="45",
        share="0,5",
        price="2.75",
        limit="7",
        tone="plain",
        size="large",
        nickname=" ",
        mail="a@example.com",
        address="https://example.com/hook",
        words="one\n\n two \n",
        tones=["warm", "plain"],
    )
    assert (settings.on, settings.seconds, settings.share, settings.price, settings.limit) == (
        False,
        45,
        0.5,
        Decimal("2.75"),
        7,
    )
    assert (settings.tone, settings.size, settings.nickname) == (Tone.PLAIN, "large", None)
    assert settings.words == ["one", "two"]
    assert settings.tones == {Tone.WARM, Tone.PLAIN}
    assert str(settings.address) == "https://example.com/hook"


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("seconds", "0", "From 1 to 600."),
        ("seconds", "1.5", "Enter a whole number."),
        ("seconds", "", "This must be answered."),
        ("share", "lots", "Enter a number."),
        ("above", "-1", "At least 1."),
        ("price", "1234567890123456", "This number has too many digits."),
        ("tone", "loud", "Choose one of the options."),
        ("mail", "nobody", "Give an e-mail address, such as name@example.com."),
        ("address", "javascript:alert(1)", "Give a web address that begins with https:// or http://."),
        ("words", "1\n2\n3\n4", "These are 4 lines; at most 3 fit."),
        ("on", "maybe", "Switch it on or off."),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(field: str, text: str, says: str) -> None:
    with pytest.raises(InvalidAnswers) as caught:
        saved(**{field: text})
    assert caught.value.fields == {field: says}


def test_a_secret_is_kept_when_it_is_left_blank_changed_when_typed_and_removed_when_asked() -> None:
    assert saved().key == STORED.key
    assert saved(key="neu").key.get_secret_value() == "neu"
    assert saved(old_key="neu").old_key == SecretStr("neu")
    removed = values_of_answers(FORM, Everything, accept_answers(FORM, post(old_key=["", "remove"]), READER))
    assert removed["old_key"] is None
    kept = values_of_answers(FORM, Everything, accept_answers(FORM, post(key=["", "remove"]), READER))
    assert "key" not in kept, "a secret that must be there cannot be removed"


def test_a_secret_never_becomes_part_of_a_page() -> None:
    typed = {**typed_of_values(FORM, STORED, READER), "key": "typed just now"}
    page = render_form(FORM, typed, READER, scope="s", secrets_set={"key"})
    assert "geheim" not in page
    assert "typed just now" not in page
    assert "Leave this blank to keep it" in page
    assert "It is never shown again once it has been saved." in page


class Strict(BaseModel):
    """Settings that only fit together."""

    first: Annotated[int, Field(le=10)] = 1
    second: int = 2

    @model_validator(mode="after")
    def _in_order(self) -> Strict:
        if self.second < self.first:
            raise ValueError("Role")
        return self


def problems(values: dict[str, Any], language: str) -> dict[str, str]:
    """What is wrong with values of that schema."""
    with pytest.raises(ValidationError) as caught:
        Strict.model_validate(values)
    with Languages().speaking(language):
        return fields_of_error(caught.value)


def test_errors_of_the_schema_are_told_at_their_fields_in_the_readers_language() -> None:
    assert problems({"first": 11, "second": "x"}, "en") == {"first": "At most 10.", "second": "Enter a whole number."}
    assert problems({"first": 11}, "ru") == {"first": "Не больше 10."}
    assert problems({"first": 3}, "ru") == {"": "Роль"}


def test_errors_of_a_service_are_told_at_their_fields_too() -> None:
    assert fields_of_error(InvalidInput("No.", fields={"first.0": "Bad.", "first.1": "Worse."})) == {
        "first": "Bad. Worse."
    }
    assert fields_of_error(InvalidInput("No.")) == {"": "No."}


class Nested(BaseModel):
    """A field that is a model of its own."""

    inner: Strict = Strict()


class Numbers(BaseModel):
    """A list of numbers."""

    ports: list[int] = []


class Mixed(BaseModel):
    """One of two types."""

    which: int | str = 1


class Nothing(BaseModel):
    """No field at all."""


@pytest.mark.parametrize(
    ("schema", "says"),
    [(Nested, "'inner' of Nested"), (Numbers, "'ports'"), (Mixed, "'which'"), (Nothing, "no fields")],
)
def test_a_field_that_no_question_can_ask_for_is_refused_by_name(schema: type[BaseModel], says: str) -> None:
    with pytest.raises(UnsupportedField, match=says):
        form_of_schema(schema, "test:x", Text.of(en="X"))


def test_a_form_of_a_schema_is_a_form_like_any_other() -> None:
    again = Form.model_validate(FORM.as_json())
    assert again == FORM
    assert initial_texts(again, READER)["greeting"] == "Hello"


def test_an_answer_in_another_language_is_refused_in_that_language() -> None:
    languages = Languages()
    with languages.speaking("ru"), pytest.raises(InvalidAnswers) as caught:
        saved(seconds="0")
    assert caught.value.fields == {"seconds": "От 1 до 600."}
    with speaking("en", languages._translations["en"]):
        assert str(FORM.title) == "Everything"
