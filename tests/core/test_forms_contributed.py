"""What plugins add to forms of others: questions, objections, work of their own in the transaction that stores them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from core import app as core_app
from core.accounts.users import create_user
from core.app import Application
from core.database.connection import execute, fetch_value
from core.errors import InvalidInput
from core.forms.components import TextLine
from core.forms.contributed import extend_form
from core.forms.kinds import attach_kinds, form_kinds
from core.forms.models import FormSubmission
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, pick_answers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_answered_form, read_form
from core.forms.store import get_draft, get_submission, save_draft, submit_form
from core.plugins.context import Context, Platform
from core.plugins.contributions import FormComponent, PluginSettings
from core.plugins.discovery import PluginState
from core.plugins.dispatch import HookFailed
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from tests.conftest import make_settings
from tests.core.web_client import empty_tables, switch_on

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("UTC"))
SUBJECT = "core:segment:17"
PLUGINS = Path(__file__).parent / "view_plugins"
FORM = read_form(
    {
        "key": "test:card",
        "version": 1,
        "title": {"en": "Card"},
        "pages": [
            {"key": "p", "components": [{"kind": "text", "key": "name", "label": {"en": "Name"}, "required": True}]}
        ],
    }
)
POSTED = [
    ("answer.name", "Kim"),
    ("answer.asking__visit__wanted", "yes"),
    ("answer.asking__visit__place", "Riga"),
    ("answer.asking__visit__mood", "4"),
]


@pytest.fixture
async def application(database_url: str) -> AsyncIterator[Application]:
    """The platform with the plugin that asks, on empty tables."""
    settings = make_settings(database_url, SWITCHROOM__PLUGINS__DIRS=json.dumps([str(PLUGINS)]))
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, database_url, registry):
        await empty_tables()
        built = Application.build(settings, database_url, registry, frozenset())
        await built.platform.live.start()
        try:
            yield built
        finally:
            await built.platform.live.stop()


@pytest.fixture
async def tenant(platform: Platform) -> TenantRef:
    """A tenant that has enabled the plugin."""
    made = await create_tenant(platform, slug="acme", name="Acme")
    await switch_on(platform, made, "asking")
    return await platform.tenant(slug="acme")


@pytest.fixture
async def anna(ctx: Context) -> int:
    """A user."""
    return (await create_user(ctx, "anna", "Anna", "correct horse", ["agent"])).id


@pytest.fixture
def asking(platform: Platform) -> Iterator[Any]:
    """The plugin; `does` says what it does in place of its work."""
    record = platform.registry.get("asking")
    assert record is not None
    assert record.ready, record.reason
    plugin: Any = record.plugin
    yield plugin
    plugin.does = ""


async def extended(ctx: Context, anna: int) -> Form:
    """The form as it is asked."""
    return await extend_form(ctx, FORM, SUBJECT, anna)


async def send(ctx: Context, anna: int, **changed: str) -> None:
    """Sends the form."""
    form = await extended(ctx, anna)
    typed = pick_answers(form, POSTED) | changed
    await submit_form(ctx, form, SUBJECT, anna, typed, READER)


async def test_the_questions_of_a_plugin_stand_below_with_a_heading_and_names_of_their_own(
    ctx: Context, anna: int
) -> None:
    form = await extended(ctx, anna)
    assert [str(page.title) for page in form.pages if page.title] == ["Visit"]
    assert list(form.questions) == [
        "name",
        "asking__visit__wanted",
        "asking__visit__place",
        "asking__visit__mood",
    ]
    page = render_form(form, {"asking__visit__mood": "3"}, READER, scope="f")
    assert '<input class="form-range" type="range" min="1" max="5" id="f-asking__visit__mood"' in page
    assert page.index("Visit") > page.index("Name")


async def test_a_form_that_no_plugin_adds_to_stays_as_it_is(ctx: Context, anna: int) -> None:
    other = FORM.model_copy(update={"key": "test:other"})
    assert await extend_form(ctx, other, SUBJECT, anna) == other


async def test_conditions_look_at_the_plugins_own_questions(ctx: Context, anna: int) -> None:
    with pytest.raises(InvalidAnswers) as caught:
        await send(ctx, anna, asking__visit__place="")
    assert set(caught.value.fields) == {"asking__visit__place"}
    await send(ctx, anna, asking__visit__place="", asking__visit__wanted="no")


async def test_answers_are_kept_in_drafts_and_stored_with_what_was_asked(ctx: Context, anna: int) -> None:
    form = await extended(ctx, anna)
    await save_draft(ctx, form, SUBJECT, anna, pick_answers(form, POSTED))
    draft = await get_draft(ctx, form.key, SUBJECT, anna)
    assert draft is not None
    assert draft.typed["asking__visit__place"] == "Riga"
    await send(ctx, anna)
    sent = await get_submission(ctx, form.key, SUBJECT, anna)
    assert sent is not None
    assert sent.answers == {
        "name": "Kim",
        "asking__visit__wanted": True,
        "asking__visit__place": "Riga",
        "asking__visit__mood": 4,
    }
    assert sent.form == form
    assert type(sent.form.questions["asking__visit__mood"]).__name__ == "Stars"


async def test_a_plugin_objects_to_answers_and_nothing_is_stored(ctx: Context, anna: int) -> None:
    with pytest.raises(InvalidAnswers) as caught:
        await send(ctx, anna, asking__visit__place="Moon")
    assert caught.value.fields == {"asking__visit__place": "Too far.", "": "Think again."}
    form = await extended(ctx, anna)
    page = render_form(form, {}, READER, scope="f", errors=caught.value.fields)
    assert "Too far." in page
    assert "<li>Think again.</li>" in page
    assert await FormSubmission.all().count() == 0


async def test_a_plugin_is_told_in_the_transaction_and_undoes_it_by_failing(
    ctx: Context, anna: int, asking: Any
) -> None:
    asking.does = "raise on being told"
    with pytest.raises(HookFailed):
        await send(ctx, anna)
    assert await FormSubmission.all().count() == 0
    assert await tenant_name(ctx) == "Acme"
    asking.does = ""
    await send(ctx, anna)
    assert await tenant_name(ctx) == "Kim"


async def tenant_name(ctx: Context) -> str:
    """What the plugin writes when it is told of a form."""
    return str(await fetch_value("SELECT name FROM core_tenant WHERE id = $1", ctx.tenant.id))


async def test_answers_that_a_plugin_could_not_look_at_are_not_stored(ctx: Context, anna: int, asking: Any) -> None:
    asking.does = "raise on validating"
    with pytest.raises(HookFailed):
        await send(ctx, anna)
    assert await FormSubmission.all().count() == 0


@pytest.mark.parametrize("does", ["raise", "repeat", "nonsense", "underscores", "secret"])
async def test_questions_that_cannot_be_asked_are_left_out_and_a_line_says_so(
    ctx: Context, anna: int, asking: Any, does: str
) -> None:
    asking.does = does
    form = await extended(ctx, anna)
    assert list(form.questions) == ["name"]
    page = render_form(form, {}, READER, scope="f")
    assert "The questions of asking are missing here: they could not be loaded." in page
    # What the browser still holds of them does not keep the rest from being sent.
    assert pick_answers(form, POSTED) == {"name": "Kim"}
    await submit_form(ctx, form, SUBJECT, anna, pick_answers(form, POSTED), READER)


async def test_a_form_from_json_may_ask_with_a_plugins_kind(ctx: Context) -> None:
    data = {
        "key": "test:stars",
        "version": 1,
        "title": {"en": "Stars"},
        "pages": [
            {"key": "p", "components": [{"kind": "asking_stars", "key": "s", "label": {"en": "Stars"}, "most": 3}]}
        ],
    }
    form = read_form(data, form_kinds(ctx))
    assert read_form(json.loads(json.dumps(form.as_json())), form_kinds(ctx)) == form
    with pytest.raises(InvalidInput, match="cannot be used") as caught:
        read_form(data)
    assert "pages.0.components.0" in caught.value.fields
    data["pages"][0]["components"][0]["most"] = "many"  # type: ignore[index]
    with pytest.raises(InvalidInput) as caught:
        read_form(data, form_kinds(ctx))
    assert "pages.0.components.0.most" in caught.value.fields


async def test_answers_to_a_kind_that_nobody_knows_any_more_are_shown_as_text(ctx: Context, anna: int) -> None:
    await send(ctx, anna)
    await execute("UPDATE core_form_definition SET schema = replace(schema::text, 'asking_stars', 'gone_stars')::jsonb")
    sent = await get_submission(ctx, FORM.key, SUBJECT, anna)
    assert sent is not None
    question = sent.form.questions["asking__visit__mood"]
    assert (str(question.label), question.show(sent.answers[question.key], READER)) == ("Mood", "4")
    assert read_answered_form(FORM.as_json(), {}) == FORM


async def test_another_tenant_is_not_asked(platform: Platform, anna: int) -> None:
    other = await create_tenant(platform, slug="globex", name="Globex")
    async with platform.context(other) as ctx:
        assert await extended(ctx, anna) == FORM


class Nested(BaseModel):
    """Settings that no form can ask for."""

    ports: list[int] = []


async def test_settings_that_no_form_can_ask_for_break_their_plugin_with_a_reason(database_url: str) -> None:
    settings = make_settings(database_url, SWITCHROOM__PLUGINS__DIRS=json.dumps([str(PLUGINS)]))
    registry = core_app.load_plugins(settings)
    record = registry.get("asking")
    assert record is not None
    record.contributions.settings = PluginSettings(tenant=Nested)
    attach_kinds(registry)
    assert record.state is PluginState.BROKEN
    assert "'ports'" in (record.reason or "")


@pytest.mark.parametrize(
    ("kind", "template", "says"),
    [
        ("other_stars", "asking/stars.html", "must begin with 'asking_'"),
        ("asking_stars", "asking/none.html", "must be a file of templates/"),
        ("asking_stars", "stars.html", "must be a file of templates/"),
    ],
)
async def test_a_kind_at_fault_breaks_its_plugin_with_a_reason(
    database_url: str, kind: str, template: str, says: str
) -> None:
    settings = make_settings(database_url, SWITCHROOM__PLUGINS__DIRS=json.dumps([str(PLUGINS)]))
    registry = core_app.load_plugins(settings)
    record = registry.get("asking")
    assert record is not None
    model = type("Bad", (TextLine,), {"__annotations__": {"kind": str}, "kind": kind})
    record.contributions.form_components = [FormComponent(model, template)]
    attach_kinds(registry)
    assert record.state is PluginState.BROKEN
    assert says in (record.reason or "")
