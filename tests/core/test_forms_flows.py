"""Going through forms page by page: buttons that lead, set, run, open other forms and end; back, two tabs, crashes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.accounts.users import create_user
from core.database.connection import execute, fetch, fetch_value
from core.errors import Conflict, InvalidInput
from core.forms.contributed import extend_form
from core.forms.flows.walks import StepPassed
from core.forms.library.store import Unpublishable, get_design, publish_design, save_design
from core.forms.library.versions import published_form
from core.forms.reading import InvalidAnswers
from core.forms.schema import Form, read_form
from core.forms.store import AlreadySubmitted, get_draft, get_submission
from core.plugins.context import Context, Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from switchroom.testing.enabling import switch_off, switch_on
from tests.core.agent_office import killed_at
from tests.core.flow_forms import (
    READER,
    SUBJECT,
    Tab,
    button,
    end,
    form_data,
    lead,
    page,
    part,
    publish,
)

pytestmark = pytest.mark.anyio

PLUGINS = Path(__file__).parent / "view_plugins"

CALL = read_form(
    form_data(
        page(
            "reason",
            part("text", "caller", required=True),
            button(
                "what",
                complaint=[lead("complaint")],
                sales=[lead("sales")],
                wrong=[end("wrong_number", success=False)],
            ),
        ),
        page(
            "complaint",
            part("text", "about", required=True),
            part("number", "amount"),
            button("then", go=[lead("thanks", when="amount > 100"), lead("goodbye")]),
        ),
        page("sales", part("text", "product", required=True), leads_to=[{"page": "goodbye"}]),
        page("thanks", part("text", "gift", shown_if="amount > 200"), button("bye", done=[end("gift", success=True)])),
        page("goodbye", part("text", "note")),
    )
)


@pytest.fixture
def switchroom_settings() -> dict[str, str]:
    """The platform has a plugin that asks and acts."""
    return {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(PLUGINS)])}


@pytest.fixture
async def tenant(platform: Platform) -> TenantRef:
    """An organisation that has switched it on."""
    return await switch_on(platform, await create_tenant(platform, slug="acme", name="Acme"), "asking")


@pytest.fixture
def asking(platform: Platform) -> Iterator[Any]:
    """The plugin; `does` says what it does in place of its work."""
    record = platform.registry.get("asking")
    assert record is not None
    assert record.ready, record.reason
    plugin: Any = record.plugin
    yield plugin
    plugin.does = ""
    plugin.named.clear()


@pytest.fixture
async def anna(ctx: Context) -> int:
    """A user."""
    return (await create_user(ctx, "anna", "Anna", "correct horse", ["agent"])).id


async def begun(ctx: Context, form: Form, user: int) -> Tab:
    """A tab that shows the first page."""
    tab = Tab(ctx, form, user)
    await tab.load()
    return tab


async def test_buttons_lead_on_and_only_the_pages_gone_through_are_sent(ctx: Context, anna: int) -> None:
    tab = await begun(ctx, CALL, anna)
    with pytest.raises(InvalidAnswers) as caught:
        await tab.press("what", "complaint")
    assert set(caught.value.fields) == {"caller"}
    await tab.press("what", "complaint", caller="Kim")
    assert tab.page == "complaint"
    await tab.press("then", "go", about="noise", amount="150")
    assert tab.page == "thanks"
    await tab.back()
    assert (tab.page, tab.typed) == ("complaint", {"about": "noise", "amount": "150"})
    await tab.back(about="much noise")
    await tab.press("what", "sales")
    await tab.next(product="Tea")
    assert tab.page == "goodbye"
    await tab.next(note="Bye")

    assert tab.ended is not None
    assert tab.ended.outcome is None
    sent = await get_submission(ctx, CALL.key, SUBJECT, anna)
    assert sent is not None
    assert sent.answers == {"caller": "Kim", "what": "sales", "product": "Tea", "note": "Bye"}
    assert await get_draft(ctx, CALL.key, SUBJECT, anna) is None
    assert await fetch_value("SELECT count(*) FROM core_form_walk") == 0
    with pytest.raises(AlreadySubmitted):
        await tab.load()
    with pytest.raises(AlreadySubmitted):
        await tab.next()


async def test_what_was_typed_on_a_page_that_was_left_is_there_when_the_way_leads_back(ctx: Context, anna: int) -> None:
    tab = await begun(ctx, CALL, anna)
    await tab.press("what", "complaint", caller="Kim")
    await tab.back(about="noi")
    await tab.press("what", "sales")
    await tab.back(product="Tea")
    await tab.press("what", "complaint")
    assert tab.typed["about"] == "noi"


async def test_an_end_is_stored_with_its_outcome(ctx: Context, anna: int) -> None:
    tab = await begun(ctx, CALL, anna)
    await tab.press("what", "wrong", caller="Kim")
    assert tab.ended is not None
    assert tab.ended.outcome is not None
    assert (tab.ended.outcome.outcome, tab.ended.outcome.success) == ("wrong_number", False)
    sent = await get_submission(ctx, CALL.key, SUBJECT, anna)
    assert sent is not None
    assert (sent.outcome, sent.answers) == ("wrong_number", {"caller": "Kim", "what": "wrong"})


async def test_the_page_shows_its_own_fields_buttons_and_what_was_answered_before(ctx: Context, anna: int) -> None:
    tab = await begun(ctx, CALL, anna)
    first = tab.html()
    assert 'name="answer.what" value="complaint">complaint</button>' in first
    assert 'name="_back"' not in first
    assert "answer.about" not in first
    assert '<button type="submit" disabled hidden></button>' in first, "Enter presses none of several buttons"
    await tab.press("what", "complaint", caller="<Kim>")
    second = tab.html()
    assert "<dt>caller</dt><dd>&lt;Kim&gt;</dd>" in second
    assert "Step 2" in second
    assert 'name="_back"' in second
    await tab.press("then", "go", about="noise", amount="150")
    assert "data-form-known" in tab.html()
    assert "&#34;amount&#34;: [&#34;150&#34;, 150]" in tab.html().replace("&quot;", "&#34;")
    await tab.back()
    await tab.back()
    await tab.press("what", "sales")
    assert "data-form-next>Next</button>" in tab.html()
    await tab.next(product="Tea")
    assert "Finish</button>" in tab.html()


async def test_next_does_not_lead_past_the_buttons_of_a_page(ctx: Context, anna: int) -> None:
    tab = await begun(ctx, CALL, anna)
    with pytest.raises(InvalidAnswers) as caught:
        await tab.next(caller="Kim")
    assert set(caught.value.fields) == {"what"}
    with pytest.raises(InvalidAnswers):
        await tab.press("what", "nothing")
    with pytest.raises(InvalidAnswers) as caught:
        await tab.save(about="of another page")
    assert set(caught.value.fields) == {"about"}
    with pytest.raises(InvalidInput):
        await Tab(ctx, CALL, anna, tab.shown).press("then", "go")


async def test_a_press_from_a_page_that_was_left_in_another_tab_changes_nothing(ctx: Context, anna: int) -> None:
    first, second = await begun(ctx, CALL, anna), await begun(ctx, CALL, anna)
    await first.press("what", "complaint", caller="Kim")
    for late in (second.press("what", "sales", caller="Ada"), second.save(caller="Ada"), second.back()):
        with pytest.raises(StepPassed):
            await late
    await second.load()
    assert (second.page, second.shown and second.shown.typed(READER)["caller"]) == ("complaint", "Kim")

    await second.press("then", "go", about="noise")
    results = await asyncio.gather(*(second.next(note=f"{n}") for n in range(3)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadySubmitted", "AlreadySubmitted", "NoneType"]
    assert await fetch_value("SELECT count(*) FROM core_form_submission") == 1


SETTING = read_form(
    form_data(
        page(
            "first",
            part("number", "people"),
            button(
                "fill",
                help=[
                    {"kind": "set", "field": "seats", "to": {"expression": "people * 2"}},
                    {"kind": "set", "field": "kind", "to": {"value": "large"}, "when": "people > 3"},
                    {"kind": "set", "field": "copied", "to": {"field": "people"}},
                ],
            ),
            part("text", "must", required=True),
            part("number", "copied"),
        ),
        page("second", part("number", "seats"), part("text", "kind")),
    )
)


async def test_a_button_that_only_sets_stays_on_its_page_and_asks_for_nothing_else(ctx: Context, anna: int) -> None:
    tab = await begun(ctx, SETTING, anna)
    with pytest.raises(InvalidAnswers) as caught:
        await tab.press("fill", "help", people="many")
    assert set(caught.value.fields) == {"people"}
    await tab.press("fill", "help", people="4")
    assert (tab.page, tab.typed["copied"]) == ("first", "4")
    assert "data-form-next>Next</button>" in tab.html(), "no button leads on"
    await tab.next(must="x")
    assert tab.typed == {"seats": "8", "kind": "large"}


RUNNING = read_form(
    form_data(
        page(
            "first",
            part("text", "name"),
            part("date_time", "since"),
            button(
                "do",
                name=[
                    {
                        "kind": "run",
                        "action": "asking.name_it",
                        "arguments": {"name": {"field": "name"}, "since": {"field": "since"}},
                        "into": {"letters": "count"},
                    },
                    lead(),
                ],
                skip=[],
            ),
        ),
        page("second", part("number", "count")),
    )
)


async def name_of_tenant(ctx: Context) -> str:
    """What the action has written."""
    name: str = await fetch_value("SELECT name FROM core_tenant WHERE id = $1", ctx.tenant.id)
    return name


async def test_an_action_of_a_plugin_runs_with_typed_arguments_and_gives_answers(
    ctx: Context, anna: int, asking: Any
) -> None:
    tab = await begun(ctx, RUNNING, anna)
    await tab.press("do", "name", name="Beta", since="2026-03-01T09:30")
    assert (tab.page, tab.typed) == ("second", {"count": "4"})
    assert await name_of_tenant(ctx) == "Beta"
    assert asking.named[0].since.isoformat() == "2026-03-01T09:30:00+00:00"


@pytest.mark.parametrize(
    ("does", "name", "field", "problem"),
    [
        ("", "Be", "name", "At least 3 characters."),
        ("refuse to name", "Beta", "name", "Taken."),
        ("raise on naming", "Beta", "do", "has failed, and nothing was done"),
    ],
)
async def test_an_action_that_fails_is_told_and_leaves_nothing_half_done(
    ctx: Context, anna: int, asking: Any, does: str, name: str, field: str, problem: str
) -> None:
    asking.does = does
    tab = await begun(ctx, RUNNING, anna)
    with pytest.raises(InvalidAnswers) as caught:
        await tab.press("do", "name", name=name)
    assert problem in caught.value.fields[field]
    assert await name_of_tenant(ctx) == "Acme"
    await tab.save(errors=caught.value.fields)
    assert (tab.page, tab.typed["name"]) == ("first", name)
    assert problem in tab.html(caught.value.fields)
    await tab.press("do", "skip")
    assert tab.page == "second"


async def test_an_action_whose_plugin_was_switched_off_says_so(
    platform: Platform, tenant: TenantRef, ctx: Context, anna: int
) -> None:
    tab = await begun(ctx, RUNNING, anna)
    async with platform.context(await switch_off(platform, tenant, "asking")) as later:
        tab.ctx = later
        with pytest.raises(InvalidAnswers, match="its plugin is switched off"):
            await tab.press("do", "name", name="Beta")


async def test_another_form_is_opened_and_its_answers_have_names_of_their_own(ctx: Context, anna: int) -> None:
    await publish(
        ctx,
        "address",
        page("where", part("text", "name", required=True), part("yes_no", "far")),
        page("far", part("text", "airport", shown_if="far"), shown_if="far"),
    )
    opens = [{"kind": "open_form", "form": "custom:address", "name": "home"}]
    await publish(
        ctx,
        "visit",
        page("who", part("text", "name"), button("way", address=opens, none=[lead()])),
        page("last", part("text", "note")),
    )
    form = await published_form(ctx, "custom:visit")
    assert form is not None
    tab = await begun(ctx, form, anna)
    await tab.press("way", "address", name="Kim")
    assert tab.page == "home__where"
    # What is published now changes nothing for whoever has begun.
    design = await get_design(ctx, "address")
    await save_design(ctx, "address", {"title": {"en": "x"}, "pages": [page("p", part("text", "q"))]}, design.revision)
    await tab.load()
    await tab.next(home__name="Rose Cottage", home__far="no")
    assert tab.page == "last"
    await tab.back()
    await tab.next(home__far="yes")
    assert tab.page == "home__far"
    await tab.next(home__airport="RIX")
    await tab.next(note="x")
    sent = await get_submission(ctx, form.key, SUBJECT, anna)
    assert sent is not None
    assert sent.answers == {
        "name": "Kim", "way": "address", "home__name": "Rose Cottage", "home__far": True, "home__airport": "RIX",
        "note": "x",
    }  # fmt: skip

    other = await create_user(ctx, "bert", "Bert", "correct horse", ["agent"])
    tab = await begun(ctx, form, other.id)
    await tab.press("way", "none")
    assert tab.page == "last", "the pages of a form that was not opened are left out"


async def test_forms_that_open_each_other_and_actions_that_are_not_there_are_not_published(ctx: Context) -> None:
    def opening(form: str) -> dict[str, Any]:
        return page("p", button("b", go=[{"kind": "open_form", "form": form, "name": "n"}]))

    with pytest.raises(Unpublishable) as caught:
        await publish(ctx, "one", opening("custom:two"))
    place = "pages.0.components.0.options.0.does.0"
    assert "no published form custom:two" in caught.value.fields[f"{place}.form"]
    await publish(ctx, "two", page("p", part("text", "q")))
    await publish(ctx, "three", opening("custom:two"))
    design = await get_design(ctx, "two")
    await save_design(ctx, "two", {"title": {"en": "x"}, "pages": [opening("custom:three")]}, design.revision)
    with pytest.raises(Unpublishable) as caught:
        await publish_design(ctx, "two", design.revision + 1)
    assert "custom:two → custom:three → custom:two" in caught.value.fields[f"{place}.form"]

    run = {"kind": "run", "action": "asking.name_it", "arguments": {"name": {"value": "x"}, "colour": {"value": "y"}}}
    with pytest.raises(Unpublishable) as caught:
        await publish(
            ctx,
            "four",
            page(
                "p",
                button(
                    "b", a=[run | {"into": {"words": "q"}}], b=[run | {"arguments": {}}], c=[run | {"action": "no.no"}]
                ),
                part("text", "q"),
            ),
        )
    place = "pages.0.components.0.options"
    assert {where.removeprefix(place) for where in caught.value.fields} == {
        ".0.does.0.arguments.name.value", ".0.does.0.arguments.colour", ".0.does.0.into.words",
        ".1.does.0.arguments.name", ".2.does.0.action",
    }  # fmt: skip


ASKED = read_form(
    form_data(
        page(
            "first", part("text", "name", required=True), button("b", done=[end("good", success=True)], more=[lead()])
        ),
        page("second", part("text", "q")),
        key="custom:asked",
    )
)


async def test_questions_of_plugins_come_before_the_end_and_an_objection_leads_back(
    ctx: Context, anna: int, asking: Any
) -> None:
    form = await extend_form(ctx, ASKED, SUBJECT, anna)
    tab = await begun(ctx, form, anna)
    await tab.press("b", "done", name="Kim")
    assert tab.page == "asking__visit"
    asking.does = "object to the name"
    with pytest.raises(InvalidAnswers) as caught:
        await tab.next(asking__visit__wanted="no")
    assert caught.value.fields == {"name": "Not Kim."}
    await tab.save(errors=caught.value.fields)
    assert (tab.page, tab.typed["name"]) == ("first", "Kim")
    asking.does = ""
    await tab.press("b", "done", name="Ada")
    assert tab.typed["asking__visit__wanted"] == "no"
    await tab.next()
    assert tab.ended is not None
    assert tab.ended.submission.outcome == "good"
    assert await name_of_tenant(ctx) == "Ada", "form_submitted is told in the transaction"


STEPS = [
    lambda tab: tab.press("do", "name", name="Beta"),
    lambda tab: tab.back(),
    lambda tab: tab.press("do", "skip"),
    lambda tab: tab.next(),
]


async def test_a_step_that_dies_at_any_statement_leaves_nothing_half_done(ctx: Context, anna: int, asking: Any) -> None:
    async def rows() -> list[Any]:
        tables = ("core_form_walk", "core_form_draft", "core_form_submission", "core_tenant")
        return [await fetch(f"SELECT * FROM {table} ORDER BY id") for table in tables]  # noqa: S608 - constants

    tab = await begun(ctx, RUNNING, anna)
    for step in STEPS:
        before = await rows()
        for statement in range(1, 40):
            with contextlib.suppress(Conflict), killed_at(statement) as crash:
                await step(tab)
            if crash.committed or not crash.died:
                break
            assert await rows() == before
        else:
            pytest.fail("it is never done")
        assert await rows() != before
        if tab.ended is None:
            await tab.load()
    assert await fetch_value("SELECT count(*) FROM core_form_submission") == 1
    await execute("UPDATE core_tenant SET name = 'Acme'")


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (page("p", button("b", go=[lead("p")])), "does.0.page", "in a circle"),
    (page("p", button("b", go=[lead("gone")])), "does.0.page", "no page 'gone'"),
    (page("p", button("b", go=[lead(), lead()])), "does.0", "Nothing that stands after this is done"),
    (page("p", button("b", go=[{"kind": "dance"}])), "does.0", "no action of the kind"),
    (page("p", button("b", go=[lead("q", when="later == 1")])), "does.0.when", "does not stand before"),
    (page("p", button("b", go=[{"kind": "set", "field": "b", "to": {"value": "x"}}])), "does.0.field", "can be set"),
    (page("p", button("b", go=[{"kind": "set", "field": "later", "to": {"value": "x"}}])), "does.0.to.value", "number"),
    (
        page("p", button("b", go=[{"kind": "set", "field": "later", "to": {"field": "later"}}])),
        "does.0.to.field",
        "does not stand before",
    ),
    (page("p", button("b", x=[end("good")], y=[end("good", success=True)])), "options.1.does.0.outcome", "otherwise"),
    (page("p", {**button("b", go=[lead()]), "required": True}), "required", "buttons only"),
    (page("p", button("b", go=[lead()]), closing=True), "closing", "Move it up"),
]


@pytest.mark.parametrize(
    ("first", "place", "problem"), REFUSED, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_what_cannot_be_gone_through_is_refused_where_it_stands(
    first: dict[str, Any], place: str, problem: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_form(form_data(first, page("q", part("number", "later"))))
    found = {where: text for where, text in caught.value.fields.items() if where.endswith(place)}
    assert any(problem in text for text in found.values()), caught.value.fields
