"""Any form at all: rendered, kept as a draft, validated, stored and shown again, on a real database.

`SWITCHROOM_TEST_EXAMPLES=10000` tries as many.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, event, given, settings

from core import app as core_app
from core.accounts.models import User
from core.app import Application
from core.forms.components import Computed
from core.forms.reader import Reader
from core.forms.reading import PREFIX, InvalidAnswers, initial_texts, pick_answers, read_answers, show_answers
from core.forms.rendering import render_form
from core.forms.schema import Form
from core.forms.store import get_draft, get_submission, save_draft, submit_form
from core.locale.languages import Languages
from core.plugins.context import Context
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from tests.conftest import make_settings
from tests.core.test_forms_schema import answered

EXAMPLES = int(os.environ.get("SWITCHROOM_TEST_EXAMPLES", "200"))
READER = Reader(ZoneInfo("Europe/Berlin"))
LANGUAGES = Languages()

_numbers = itertools.count()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def application(runner: asyncio.Runner, database_url: str) -> Iterator[Application]:
    """The platform, opened once for all examples."""
    test_settings = make_settings(database_url)
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
    assert render_form(found.form, show_answers(found.form, found.answers, READER), READER, scope="f")
