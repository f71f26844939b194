"""What the form after a call asks: forms of the organisation's own, reasons in a tree, and what comes after service."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.accounts.sessions import open_session
from core.agents.states import Status
from core.agents.views import get_agent
from core.database.connection import fetch_value
from core.errors import InvalidInput
from core.forms.library.store import make_design, publish_design, save_design
from core.lookups.entries import add_entry, all_entries, change_entry
from core.plugin_lifecycle import save_plugin_settings
from core.plugins.context import Actor, ActorKind, Context, Platform
from plugins.promises.models import Promise
from plugins.wrapup import services
from plugins.wrapup.forms import SIMPLE
from plugins.wrapup.models import Work
from plugins.wrapup.rules.keeping import set_rule
from plugins.wrapup.rules.values import RuleValues, Side
from plugins.wrapup.settings import WrapUpSettings
from switchroom.forms import Form, InvalidAnswers, MultiSelect, Reader, Writer
from tests.plugins.wrapup.calls import Agent, make_agent

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("UTC"))
YES = {"successful": "yes", "comment": "Sent the papers.", "after_service": "continue"}


@pytest.fixture
async def anna(ctx: Context) -> Agent:
    """An agent who takes calls."""
    return await make_agent(ctx)


def content(*keys: str) -> dict[str, Any]:
    """A form of the organisation's own that asks for texts."""
    asked = [{"kind": "text", "key": key, "label": {"en": key.title()}, "required": True} for key in keys]
    return {"title": {"en": "Delivery"}, "pages": [{"key": "first", "components": asked}]}


async def form_for(agent: Agent, segment_id: int) -> Form:
    """What the agent is asked."""
    return await services.whole_form(agent.ctx, SIMPLE, segment_id, agent.id)


async def test_a_form_of_the_organisations_own_stands_above_the_usual_questions_and_is_stored_as_it_was_begun(
    anna: Agent, ctx: Context
) -> None:
    made = await make_design(ctx, "delivery", content("street"))
    await publish_design(ctx, "delivery", made.revision)
    await set_rule(anna.ctx, "", Side.INBOUND, RuleValues(form="custom:delivery"))
    segment = await anna.has_ended_a_call()
    form = await form_for(anna, segment.id)
    assert list(form.questions)[:2] == ["street", "successful"]
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"street": "Main"}, Writer(), form)

    # Another version is published meanwhile: whoever has begun goes on with his.
    changed = await save_design(ctx, "delivery", content("street", "town"), made.revision)
    await publish_design(ctx, "delivery", changed.revision)
    form = await form_for(anna, segment.id)
    assert (form.version, "town" in form.questions) == (1, False)
    task = await services.own_task(anna.ctx, segment.id, anna.id)
    assert task.draft is not None
    assert task.draft.typed == {"street": "Main"}
    with pytest.raises(InvalidAnswers) as caught:
        await services.send(anna.ctx, segment.id, anna.id, YES, READER, form)
    assert set(caught.value.fields) == {"street"}
    await services.send(anna.ctx, segment.id, anna.id, YES | {"street": "Main 1"}, READER, form)
    sent = await services.sent(anna.ctx, segment.id, anna.id)
    assert sent is not None
    assert (sent.form.key, sent.form.version, sent.answers["street"]) == ("custom:delivery", 1, "Main 1")
    assert await anna.status() is Status.WAITING

    following = await anna.has_ended_a_call("Ada")
    assert "town" in (await form_for(anna, following.id)).questions
    assert (await Work.get(segment_id=following.id)).form_version == 2


async def test_a_form_that_asks_what_after_contact_work_asks_itself_is_refused_by_name(
    anna: Agent, ctx: Context
) -> None:
    made = await make_design(ctx, "delivery", content("street", "comment"))
    await publish_design(ctx, "delivery", made.revision)
    with pytest.raises(InvalidInput) as caught:
        await set_rule(anna.ctx, "", Side.INBOUND, RuleValues(form="custom:delivery"))
    assert "comment" in caught.value.fields["form"]


async def test_several_reasons_are_chosen_from_the_leaves_of_a_tree(anna: Agent, ctx: Context) -> None:
    await add_entry(ctx, "wrapup.reasons", "bill", {"en": "Bill"}, {"under": "complaint"})
    await add_entry(ctx, "wrapup.reasons", "too_high", {"en": "Too high"}, {"under": "bill"})
    await add_entry(ctx, "wrapup.reasons", "lost", {"en": "Lost"})
    segment = await anna.has_ended_a_call()
    form = await form_for(anna, segment.id)
    question = form.questions["reason"]
    assert isinstance(question, MultiSelect)
    assert [(option.value, str(option.label)) for option in question.options] == [
        ("question", "Question"),
        ("request", "Request"),
        ("too_high", "Complaint › Bill › Too high"),
        ("other", "Something else"),
        ("lost", "Lost"),
    ]
    await services.send(anna.ctx, segment.id, anna.id, YES | {"reason": "too_high\nquestion"}, READER, form)
    sent = await services.sent(anna.ctx, segment.id, anna.id)
    assert sent is not None
    assert sent.answers["reason"] == ["question", "too_high"]


async def test_a_reason_belongs_to_one_that_there_is_and_never_to_itself(ctx: Context) -> None:
    async def problem(act: Awaitable[None]) -> str:
        with pytest.raises(InvalidInput) as caught:
            await act
        return caught.value.fields["under"]

    assert "'bil'" in await problem(add_entry(ctx, "wrapup.reasons", "late", {"en": "Late"}, {"under": "bil"}))
    assert "itself" in await problem(add_entry(ctx, "wrapup.reasons", "late", {"en": "Late"}, {"under": "late"}))
    await add_entry(ctx, "wrapup.reasons", "bill", {"en": "Bill"}, {"under": "complaint"})
    assert "itself" in await problem(change_entry(ctx, "wrapup.reasons", "complaint", {}, {"under": "bill"}))
    assert "late" not in {entry.code for entry in await all_entries(ctx, "wrapup.reasons")}


async def test_a_reason_is_mandatory_where_the_organisation_says_so(anna: Agent, platform: Platform) -> None:
    await save_plugin_settings(platform, anna.ctx, "wrapup", WrapUpSettings(reason_required=True).model_dump())
    tenant = await platform.tenant(tenant_id=anna.ctx.tenant.id)
    own = Context(platform, tenant, anna.ctx.actor, await platform.enablement.of(tenant), plugin="wrapup")
    segment = await anna.has_ended_a_call()
    form = await services.whole_form(own, SIMPLE, segment.id, anna.id)
    with pytest.raises(InvalidAnswers) as caught:
        await services.send(own, segment.id, anna.id, YES, READER, form)
    assert set(caught.value.fields) == {"reason"}


async def test_a_break_after_service_has_the_reason_that_the_agent_may_give(anna: Agent) -> None:
    mine = Agent(anna.ctx.acting_as(Actor(ActorKind.USER, anna.id)), anna.id)
    segment = await mine.has_ended_a_call()
    form = await form_for(mine, segment.id)
    on_break = YES | {"after_service": "break", "break_reason": "lunch"}
    await services.send(mine.ctx, segment.id, mine.id, on_break, READER, form)
    agent = await get_agent(mine.ctx, mine.id)
    assert (agent.status, agent.pause_reason) == (Status.PAUSED, "lunch")


async def test_the_end_of_the_shift_ends_every_login(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    await open_session(anna.ctx, anna.id)
    await services.send(anna.ctx, segment.id, anna.id, YES | {"after_service": "end_of_shift"}, READER)
    assert await anna.status() is Status.OFFLINE
    assert await fetch_value("SELECT count(*) FROM core_session WHERE user_id = $1", anna.id) == 0


async def test_what_the_agent_defers_is_a_promise_of_his(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    deferred = YES | {"deferred": "yes", "deferred_at": "2031-03-02T09:30"}
    await services.send(anna.ctx, segment.id, anna.id, deferred, READER)
    promise = await Promise.get()
    assert (promise.kind, promise.owner_id, promise.due_at.isoformat()) == (
        "deferred_call",
        anna.id,
        "2031-03-02T09:30:00+00:00",
    )
