"""Drafts and submissions on a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.accounts.users import create_user
from core.database.connection import fetch_value
from core.errors import InvalidInput
from core.forms.models import FormDefinition, FormSubmission
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers
from core.forms.schema import Form, read_form
from core.forms.store import (
    AlreadySubmitted,
    Submission,
    Writer,
    drafts_since,
    get_draft,
    get_submission,
    read_writer,
    save_draft,
    submit_form,
)
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("UTC"))
SUBJECT = "core:segment:17"


def make_form(*, label: str = "Name", repeatable: bool = False) -> Form:
    """A form with one required line."""
    line = {"kind": "text", "key": "name", "label": {"en": label}, "required": True}
    return read_form(
        {
            "key": "test:card",
            "version": 1,
            "title": {"en": "Card"},
            "repeatable": repeatable,
            "pages": [{"key": "p", "components": [line]}],
        }
    )


FORM = make_form()


@pytest.fixture
async def anna(ctx: Context) -> int:
    """A user."""
    return (await create_user(ctx, "anna", "Anna", "correct horse", ["agent"])).id


async def typed(ctx: Context, user: int) -> dict[str, str] | None:
    """What the draft holds."""
    draft = await get_draft(ctx, FORM.key, SUBJECT, user)
    return draft.typed if draft else None


async def test_a_draft_keeps_what_was_typed_last(ctx: Context, anna: int) -> None:
    assert await typed(ctx, anna) is None
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Ki"})
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Kim 🙂 \\ \" '"})
    assert await typed(ctx, anna) == {"name": "Kim 🙂 \\ \" '"}


async def test_of_two_saves_of_a_tab_the_later_one_stays_though_it_arrives_first(ctx: Context, anna: int) -> None:
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Kim"}, Writer("tab", 2))
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Ki"}, Writer("tab", 1))
    assert await typed(ctx, anna) == {"name": "Kim"}
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Ada"}, Writer("another tab", 1))
    assert await typed(ctx, anna) == {"name": "Ada"}


@pytest.mark.parametrize("sequence", ["-1", "1.5", "x", "99999999999", "²", ""])
async def test_a_count_that_is_none_is_refused(sequence: str) -> None:
    with pytest.raises(InvalidInput):
        read_writer([("_tab", "a"), ("_sequence", sequence)])
    with pytest.raises(InvalidInput):
        read_writer([("_tab", "a" * 41), ("_sequence", "1")])
    assert read_writer([("_tab", "a"), ("_sequence", "7")]) == Writer("a", 7)


async def test_a_submission_keeps_typed_answers_and_the_form_as_it_was_asked(ctx: Context, anna: int) -> None:
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Ki"})
    sent = await submit_form(ctx, FORM, SUBJECT, anna, {"name": " Kim "}, READER)
    assert await typed(ctx, anna) is None
    changed = make_form(label="Full name")
    await submit_form(ctx, changed, "core:segment:18", anna, {"name": "Ada"}, READER)

    first = await get_submission(ctx, FORM.key, SUBJECT, anna)
    assert first == sent
    assert first is not None
    assert (first.answers, first.form) == ({"name": "Kim"}, FORM)
    second = await get_submission(ctx, FORM.key, "core:segment:18", anna)
    assert second is not None
    assert second.form == changed
    assert await FormDefinition.all().count() == 2


async def test_answers_that_are_wrong_store_nothing_and_keep_the_draft(ctx: Context, anna: int) -> None:
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Kim"})
    with pytest.raises(InvalidAnswers):
        await submit_form(ctx, FORM, SUBJECT, anna, {"name": " "}, READER)
    assert await FormSubmission.all().count() == 0
    assert await typed(ctx, anna) == {"name": "Kim"}


async def test_a_form_sent_by_two_tabs_at_once_is_stored_once(ctx: Context, anna: int) -> None:
    sends = (submit_form(ctx, FORM, SUBJECT, anna, {"name": f"tab {number}"}, READER) for number in range(5))
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert sum(isinstance(result, Submission) for result in results) == 1
    assert sum(isinstance(result, AlreadySubmitted) for result in results) == 4
    assert await FormSubmission.all().count() == 1


async def test_a_form_that_may_be_sent_again_is(ctx: Context, anna: int) -> None:
    form = make_form(repeatable=True)
    for name in ("Kim", "Ada"):
        await submit_form(ctx, form, SUBJECT, anna, {"name": name}, READER)
    last = await get_submission(ctx, form.key, SUBJECT, anna)
    assert last is not None
    assert last.answers == {"name": "Ada"}
    await save_draft(ctx, form, SUBJECT, anna, {"name": "Eve"})
    since = datetime.now(UTC) - timedelta(minutes=1)
    assert [draft.typed for draft in await drafts_since(ctx, form.key, anna, since)] == [{"name": "Eve"}]


async def test_a_late_save_does_not_bring_a_sent_form_back(ctx: Context, anna: int) -> None:
    await submit_form(ctx, FORM, SUBJECT, anna, {"name": "Kim"}, READER)
    with pytest.raises(AlreadySubmitted):
        await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Ki"})
    assert await typed(ctx, anna) is None


async def test_unsent_drafts_are_listed_newest_first_from_a_moment_on(ctx: Context, anna: int) -> None:
    before: datetime = await fetch_value("SELECT clock_timestamp()")
    for number in (1, 2, 3):
        await save_draft(ctx, FORM, f"core:segment:{number}", anna, {"name": str(number)})
    await submit_form(ctx, FORM, "core:segment:2", anna, {"name": "2"}, READER)
    drafts = await drafts_since(ctx, FORM.key, anna, before)
    assert [draft.subject for draft in drafts] == ["core:segment:3", "core:segment:1"]
    assert await drafts_since(ctx, FORM.key, anna, datetime.now(UTC) + timedelta(minutes=1)) == []


async def test_users_and_tenants_do_not_see_each_others_answers(
    ctx: Context, anna: int, platform: Platform, other_tenant: TenantRef
) -> None:
    ben = (await create_user(ctx, "ben", "Ben", "correct horse", ["agent"])).id
    await save_draft(ctx, FORM, SUBJECT, anna, {"name": "Kim"})
    await submit_form(ctx, FORM, "core:segment:1", anna, {"name": "Kim"}, READER)
    assert await typed(ctx, ben) is None
    async with platform.context(other_tenant) as theirs:
        assert await get_draft(theirs, FORM.key, SUBJECT, anna) is None
        assert await get_submission(theirs, FORM.key, "core:segment:1", anna) is None
        assert await drafts_since(theirs, FORM.key, anna, datetime(2000, 1, 1, tzinfo=UTC)) == []
