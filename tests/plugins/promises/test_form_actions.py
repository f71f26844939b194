"""A button of a form promises a callback at a time that was answered there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.database.connection import fetch
from core.forms.flows.checking import flow_problems
from switchroom.forms import (
    Answered,
    Button,
    ButtonOption,
    DateTime,
    Ended,
    EndForm,
    Form,
    Given,
    InvalidAnswers,
    LongText,
    Page,
    Reader,
    RunAction,
    Text,
    Walk,
    begin_walk,
    take_step,
)
from switchroom.testing.people import Agent

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("UTC"))


def label(text: str) -> Text:
    """A text."""
    return Text.of(en=text)


def form_of(**arguments: Any) -> Form:
    """A form whose button promises a callback, and then leads on."""
    call_back = RunAction(action="promises.call_back", arguments={"due": Answered(field="when"), **arguments})
    return Form(
        key="custom:after",
        version=1,
        title=label("After"),
        pages=(
            Page(
                key="first",
                components=(
                    DateTime(key="when", label=label("When?")),
                    Button(
                        key="do",
                        label=label("What now?"),
                        options=(ButtonOption(value="promise", label=label("Promise"), does=(call_back,)),),
                    ),
                ),
            ),
            Page(
                key="second",
                components=(
                    LongText(key="note", label=label("Note")),
                    Button(
                        key="close",
                        label=label("Close"),
                        options=(
                            ButtonOption(
                                value="close",
                                label=label("Close"),
                                does=(EndForm(outcome="later", label=label("Later")),),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )


async def press(agent: Agent, form: Form, subject: str, *pressed: tuple[str, str]) -> Walk | Ended:
    """Posts the page that is shown now."""
    async with agent.context() as ctx:
        walk = await begin_walk(ctx, form, subject, agent.id, READER)
        posted = [("_revision", str(walk.revision)), *pressed]
        return await take_step(ctx, form.key, subject, agent.id, posted, READER)


async def owed() -> list[dict[str, Any]]:
    """What is promised."""
    return await fetch("SELECT * FROM promises_promise ORDER BY id")


def in_hours(hours: int) -> tuple[str, datetime]:
    """A time as it is typed, and as it is."""
    due = (datetime.now(UTC) + timedelta(hours=hours)).replace(second=0, microsecond=0)
    return due.strftime("%Y-%m-%dT%H:%M"), due


async def test_a_callback_is_promised_once_and_put_off_by_a_second_press(agent: Agent) -> None:
    form = form_of(subject=Given(value="Send the papers"))
    async with agent.context() as ctx:
        assert await flow_problems(ctx, form, lambda _key: pytest.fail("no form is opened")) == {}
    segment = await agent.has_served("Kim")
    subject = f"core:segment:{segment.id}"
    for hours in (2, 5):
        typed, due = in_hours(hours)
        walk = await press(agent, form, subject, ("answer.when", typed), ("answer.do", "promise"))
        assert isinstance(walk, Walk)
        assert walk.path == ("first",), "who promises stays on the page"
        (promise,) = await owed()
        assert (promise["due_at"], promise["owner_id"], promise["state"]) == (due, agent.id, "open")
        assert (promise["contact_name"], promise["contact_number"]) == ("Kim", "+4930123456")
        assert (promise["subject"], promise["interaction_id"]) == ("Send the papers", segment.interaction_id)

    walk = await press(agent, form, subject, ("answer.when", typed), ("_next", "yes"))
    ended = await press(agent, form, subject, ("answer.close", "close"))
    assert isinstance(ended, Ended)
    assert (ended.submission.outcome, ended.submission.answers["do"]) == ("later", "promise")


@pytest.mark.parametrize(
    ("arguments", "typed", "field", "problem"),
    [
        ({}, "", "when", "This must be answered."),
        ({}, "2020-01-01T10:00", "when", "Choose a time in the future."),
        ({"number": Given(value="nobody")}, in_hours(2)[0], "do", "Enter a number with its country code"),
    ],
)
async def test_a_callback_that_cannot_be_promised_says_why_where_it_was_asked(
    agent: Agent, arguments: dict[str, Any], typed: str, field: str, problem: str
) -> None:
    segment = await agent.has_served("Kim")
    with pytest.raises(InvalidAnswers) as caught:
        await press(
            agent,
            form_of(**arguments),
            f"core:segment:{segment.id}",
            ("answer.when", typed),
            ("answer.do", "promise"),
        )
    assert problem in caught.value.fields[field]
    assert await owed() == []
