"""Any form at all: rendered, kept as a draft, validated, stored and shown again, on a real database.

`SWITCHROOM_TEST_EXAMPLES=10000` tries as many.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from core import app as core_app
from core.accounts.models import User
from core.app import Application
from core.forms.answers import Value
from core.forms.components import Computed
from core.forms.files.kept import file_questions, uploads_for
from core.forms.files.receiving import receive_file
from core.forms.files.tickets import read_ticket
from core.forms.reader import Reader
from core.forms.reading import PREFIX, InvalidAnswers, initial_texts, pick_answers, read_answers, show_answers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_form
from core.forms.store import Submission, get_draft, get_submission, save_draft, submit_form
from core.locale.languages import Languages
from core.plugins.context import Context
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from tests.conftest import make_settings
from tests.core.test_forms_schema import answered

EXAMPLES = int(os.environ.get("SWITCHROOM_TEST_EXAMPLES", "200"))
READER = Reader(ZoneInfo("Europe/Berlin"))
LANGUAGES = Languages()

CONTENTS = {
    "image": b"GIF89a\1\0\1\0\0\0\0;",
    "pdf": b"%PDF-1.4\n",
    "text": b"words",
    "archive": b"7z\xbc\xaf'\x1c\0\4" + bytes(24),
}
"""A file of each sort that generated forms ask for."""

_numbers = itertools.count()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def application(
    runner: asyncio.Runner, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """The platform, opened once for all examples."""
    test_settings = make_settings(
        database_url,
        SWITCHROOM__FILES__FOLDER=str(tmp_path_factory.mktemp("files")),
        SWITCHROOM__FILES__UPLOADS_PER_MINUTE="1000000",
    )
    registry = core_app.load_plugins(test_settings)
    opened = core_app.database(test_settings, database_url, registry)
    runner.run(opened.__aenter__())
    yield Application.build(test_settings, database_url, registry, frozenset())
    runner.run(opened.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def tenant(runner: asyncio.Runner, application: Application) -> TenantRef:
    """A tenant with somebody in it."""

    async def made() -> TenantRef:
        there = await create_tenant(application.platform, slug="forms", name="Forms")
        async with application.platform.context(there):
            await User.create(username="anna", name="Anna", password_hash="none")
        return there

    return runner.run(made())


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(case=answered())
def test_any_form_renders_validates_and_is_stored(
    case: tuple[Form, dict[str, str]], runner: asyncio.Runner, application: Application, tenant: TenantRef
) -> None:
    form, texts = case
    posted = [(f"{PREFIX}{key}", text) for key, text in texts.items() if not isinstance(form.questions[key], Computed)]
    typed = {key: text for key, text in pick_answers(form, posted).items() if key not in form.secrets}
    errors = read_answers(form, typed, READER).errors
    for language in ("en", "ru"):
        with LANGUAGES.speaking(language):
            for shown, wrong in ((initial_texts(form, READER), {}), (typed, {}), (typed, errors)):
                assert render_form(form, shown, READER, scope="f", errors=wrong)

    async def stored() -> None:
        async with application.platform.context(tenant) as ctx:
            await _store(ctx, form, typed)

    runner.run(stored())


async def _store(ctx: Context, form: Form, typed: dict[str, str]) -> None:
    """Keeps the answers, sends them where they are right, and finds them as they were given."""
    user = (await User.get(username="anna")).id
    subject = f"core:segment:{next(_numbers)}"
    await save_draft(ctx, form, subject, user, typed)
    draft = await get_draft(ctx, form.key, subject, user)
    assert draft is not None
    assert draft.typed == typed
    typed = await _with_files(ctx, form, subject, user, typed)
    if form.secrets:
        with pytest.raises(ValueError, match="secrets"):
            await submit_form(ctx, form, subject, user, typed, READER)
        return
    if read_answers(form, typed, READER).errors:
        event("refused")
        with pytest.raises(InvalidAnswers) as refused:
            await submit_form(ctx, form, subject, user, typed, READER)
        assert set(refused.value.fields) <= set(form.questions)
        assert await get_submission(ctx, form.key, subject, user) is None
        return
    sent = await submit_form(ctx, form, subject, user, typed, READER)
    event("stored")
    found = await get_submission(ctx, form.key, subject, user)
    assert found == sent
    assert await get_draft(ctx, form.key, subject, user) is None
    assert await _page(ctx, found)


async def _with_files(ctx: Context, form: Form, subject: str, user: int, typed: dict[str, str]) -> dict[str, str]:
    """The answers with files that were given, instead of ids that only look like theirs."""
    given = dict(typed)
    uploads = await uploads_for(ctx, form, subject, user, typed)
    for key, signed in uploads.tickets.items():
        ids = file_questions(form)[key].ids(typed.get(key, ""))
        if ids and key not in read_answers(form, typed, READER).errors:
            ticket = read_ticket(ctx, signed, user)
            files = [await receive_file(ctx, ticket, "it", _bytes(CONTENTS[ticket.accepts[0]]), None) for _id in ids]
            given[key] = "\n".join(str(file.id) for file in files)
    return given


async def _bytes(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _page(ctx: Context, sent: Submission) -> str:
    """What was sent, as it is shown."""
    typed = show_answers(sent.form, sent.answers, READER)
    uploads = await uploads_for(ctx, sent.form, sent.subject, sent.user_id, typed)
    page = render_form(sent.form, typed, READER, scope="f", uploads=uploads)
    files = [file for name, given in sent.answers.items() if name in file_questions(sent.form) for file in _ids(given)]
    assert all(f'href="/files/{file}"' in page for file in files)
    return page


def _ids(value: Value) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


@settings(
    max_examples=max(5, EXAMPLES // 40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases=st.lists(answered(), min_size=21, max_size=21))
def test_every_answer_shows_as_it_was_asked_after_20_later_versions(
    cases: list[tuple[Form, dict[str, str]]], runner: asyncio.Runner, application: Application, tenant: TenantRef
) -> None:
    async def story() -> None:
        async with application.platform.context(tenant) as ctx:
            user = (await User.get(username="anna")).id
            subjects = [f"core:segment:{next(_numbers)}" for _case in cases]
            shown = {}
            for version, (subject, (form, texts)) in enumerate(zip(subjects, cases, strict=True), start=1):
                changed = read_form(form.as_json() | {"version": version})
                if changed.secrets:
                    continue
                asked = {key: text for key, text in texts.items() if not isinstance(form.questions[key], Computed)}
                # What is wrong is left out, and what is required is not: so most of them are stored.
                wrong = read_answers(changed, asked, READER).errors
                typed = await _with_files(
                    ctx, changed, subject, user, {key: text for key, text in asked.items() if key not in wrong}
                )
                if not read_answers(changed, typed, READER).errors:
                    sent = await submit_form(ctx, changed, subject, user, typed, READER)
                    shown[subject] = (sent, await _page(ctx, sent))
            for subject, (sent, page) in shown.items():
                found = await get_submission(ctx, sent.form.key, subject, user)
                assert found == sent
                assert await _page(ctx, found) == page
            event(f"{len(shown)} stored")

    runner.run(story())
