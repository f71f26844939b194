"""Reading answers: what is required, what is hidden, and times in the zone of whoever types them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.forms.components import DateTime
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, accept_answers, initial_texts, read_answers
from core.forms.schema import read_form
from core.forms.text import Text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BERLIN = Reader(ZoneInfo("Europe/Berlin"), NOW)
MOSCOW = Reader(ZoneInfo("Europe/Moscow"), NOW)

CALL = read_form(
    {
        "key": "test:call",
        "version": 1,
        "title": {"en": "Call"},
        "pages": [
            {
                "key": "p",
                "components": [
                    {"kind": "yes_no", "key": "ok", "label": {"en": "Ok?"}, "required": True},
                    {
                        "kind": "radio",
                        "key": "next",
                        "label": {"en": "Next"},
                        "required": True,
                        "default": "none",
                        "shown_if": {"field": "ok", "equals": False},
                        "options": [{"value": "at", "label": {"en": "At"}}, {"value": "none", "label": {"en": "None"}}],
                    },
                    {
                        "kind": "date_time",
                        "key": "when",
                        "label": {"en": "When"},
                        "required": True,
                        "must_be": "future",
                        "shown_if": {"field": "next", "equals": "at"},
                    },
                    {
                        "kind": "text",
                        "key": "why",
                        "label": {"en": "Why"},
                        "required_if": {"any": [{"field": "ok", "equals": False}]},
                    },
                ],
            }
        ],
    }
)


def errors(typed: dict[str, str], reader: Reader = BERLIN) -> set[str]:
    """The fields that are wrong."""
    return set(read_answers(CALL, typed, reader).errors)


def test_what_must_be_answered_depends_on_the_answers() -> None:
    assert errors({}) == {"ok"}
    assert errors({"ok": "yes"}) == set()
    assert errors({"ok": "no"}) == {"next", "why"}
    assert errors({"ok": "no", "next": "at", "why": "  "}) == {"when", "why"}
    assert errors({"ok": "no", "next": "none", "why": "busy"}) == set()


def test_answers_to_hidden_fields_do_not_count_and_are_not_kept() -> None:
    typed = {"ok": "yes", "next": "at", "when": "not a time", "why": ""}
    assert accept_answers(CALL, typed, BERLIN) == {"ok": True}


def test_a_field_below_a_hidden_one_is_hidden_too() -> None:
    assert read_answers(CALL, {"ok": "yes", "next": "at"}, BERLIN).shown == {"ok", "why"}


def test_a_form_begins_with_its_defaults() -> None:
    assert initial_texts(CALL, BERLIN) == {"next": "none"}


@pytest.mark.parametrize("nonsense", ["maybe", "YES", "true", "1", "no\n"])
def test_an_answer_that_is_not_offered_is_refused(nonsense: str) -> None:
    assert errors({"ok": nonsense}) == {"ok"}
    assert errors({"ok": "no", "next": nonsense, "why": "x"}) == {"next"}


def test_a_refusal_names_every_field() -> None:
    with pytest.raises(InvalidAnswers) as caught:
        accept_answers(CALL, {"ok": "no", "next": "at"}, BERLIN)
    assert set(caught.value.fields) == {"when", "why"}
    assert caught.value.status == 422


@pytest.mark.parametrize(
    ("reader", "typed", "stored"),
    [
        (BERLIN, "2026-03-02T09:30", "2026-03-02T08:30:00+00:00"),
        (MOSCOW, "2026-03-02T09:30", "2026-03-02T06:30:00+00:00"),
        (BERLIN, "2026-07-02T09:30", "2026-07-02T07:30:00+00:00"),
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),
    ],
    ids=["winter", "moscow", "summer", "an hour that comes twice is the first one"],
)
def test_a_time_is_typed_in_the_persons_zone_and_kept_in_utc(reader: Reader, typed: str, stored: str) -> None:
    answers = accept_answers(CALL, {"ok": "no", "why": "x", "next": "at", "when": typed}, reader)
    assert answers["when"] == stored


def message(text: str, reader: Reader = BERLIN) -> str:
    """What is said about a time, or nothing."""
    typed = {"ok": "no", "why": "x", "next": "at", "when": text}
    return read_answers(CALL, typed, reader).errors.get("when", "")


def test_an_hour_that_the_clocks_skip_is_refused_by_name() -> None:
    assert "02:30 does not exist in Europe/Berlin" in message("2026-03-29T02:30")
    assert message("2026-03-29T02:30", MOSCOW) == ""
    assert message("2026-03-29T03:00") == ""


def test_a_time_that_is_over_is_refused() -> None:
    assert "future" in message("2026-03-01T13:00")
    assert message("2026-03-01T13:01") == ""
    assert message("2026-03-01T14:30", MOSCOW) == "This time is over. Choose one in the future."


@pytest.mark.parametrize(
    "nonsense",
    ["tomorrow", "2026-13-01T10:00", "2026-02-30T10:00", "2026-03-02", "2026-03-02T10:00Z", "0000-01-01T00:00"],
)
def test_what_is_no_time_is_refused(nonsense: str) -> None:
    assert message(nonsense) == "Give a date and a time."


@pytest.mark.parametrize(
    ("zone", "typed"), [("Asia/Tokyo", "0001-01-01T00:00"), ("America/New_York", "9999-12-31T23:59")]
)
def test_a_time_that_is_outside_all_calendars_is_refused(zone: str, typed: str) -> None:
    assert message(typed, Reader(ZoneInfo(zone), NOW)) == "Give a date and a time."


WHEN = DateTime(key="when", label=Text.of(en="When"))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])


@given(st.datetimes(datetime(1990, 1, 1), datetime(2036, 12, 31)), ZONES)  # noqa: DTZ001 - what a clock on a wall shows
def test_every_time_that_a_clock_shows_is_read_and_shown_again(moment: datetime, zone: str) -> None:
    reader = Reader(ZoneInfo(zone), NOW)
    instant = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    shown = WHEN.show(instant.isoformat(), reader)
    read: Any = WHEN.parse(shown, reader)
    # An hour that comes twice is read as its first coming; every other time is itself.
    assert WHEN.show(read, reader) == shown
    assert datetime.fromisoformat(read) <= instant
