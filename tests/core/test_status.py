"""The status control: what an agent may choose and what rules out what, what follows the work, and what he is told."""

from __future__ import annotations

import asyncio
import html
import re

import pytest
from litestar.types import ASGIApp

from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import TooFewAvailable, choose_intent, set_do_not_disturb
from core.agents.states import Intent, Status
from core.agents.team_rules import ChannelRule, TeamRules
from core.agents.teams import create_team, get_team, save_team, team_of
from core.agents.views import AgentView, get_agent
from core.database.connection import execute, fetch
from core.errors import Conflict, InvalidInput
from core.interactions.lifecycle import create_interaction, end_interaction
from core.interactions.offers import expire_offer, make_offer
from core.interactions.rows import get_interaction
from core.interactions.segments import finish_segment
from core.interactions.states import InteractionState, OfferState
from core.plugins.context import Context, Platform
from core.plugins.contributions import ChannelType
from core.tenancy.context import TenantRef
from switchroom.testing import Agent, Client, add_agent
from tests.core.web_client import web_application  # noqa: F401 - a fixture

pytestmark = pytest.mark.anyio

HTMX = {"hx-request": "true"}
TIMES = {"offer_seconds": 20, "no_answer_seconds": 10, "wrap_up_seconds": 60}


@pytest.fixture
async def anna(platform: Platform, tenant: TenantRef) -> Agent:
    return await add_agent(platform, tenant, "anna")


@pytest.fixture
async def ben(platform: Platform, tenant: TenantRef) -> Agent:
    return await add_agent(platform, tenant, "ben")


async def wants(agent: Agent, intent: Intent, reason: str = "") -> AgentView:
    """The agent chooses."""
    async with agent.context() as ctx:
        return await choose_intent(ctx, agent.id, intent, reason=reason)


async def needs(ctx: Context, agent: Agent, **rules: int) -> int:
    """Gives the agent's team these rules; and its id."""
    team = await team_of(ctx, agent.id)
    assert team is not None
    await save_team(ctx, team.id, name=team.name, timing=TIMES, rules=TeamRules(**rules))
    return team.id


async def control(browser: Client, path: str = "") -> str:
    """The control as the browser gets it, or after a choice."""
    answer = await (browser.post(f"/status/{path}", headers=HTMX) if path else browser.get("/status", headers=HTMX))
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def said(text: str) -> str:
    """What the button of the control says, as people read it."""
    button = text[text.index('id="status-button"') : text.index("</button>")]
    return " ".join(re.sub(r"<[^>]*>", " ", button[button.index(">") + 1 :]).split())


@pytest.mark.parametrize(
    ("intent", "status"),
    [
        (Intent.AVAILABLE, Status.WAITING),
        (Intent.OUTBOUND, Status.OUTBOUND),
        (Intent.READY, Status.READY),
        (Intent.PAUSE, Status.PAUSED),
    ],
)
async def test_choice_shows_at_once(anna: Agent, intent: Intent, status: Status) -> None:
    await wants(anna, Intent.OUTBOUND if intent is Intent.PAUSE else Intent.PAUSE)
    assert (await wants(anna, intent)).status is status


@pytest.mark.parametrize("intent", [Intent.AVAILABLE, Intent.READY])
async def test_do_not_disturb_and_calls_rule_each_other_out(anna: Agent, intent: Intent) -> None:
    await wants(anna, intent)
    async with anna.context() as ctx:
        with pytest.raises(Conflict):
            await set_do_not_disturb(ctx, anna.id, on=True)
        await choose_intent(ctx, anna.id, Intent.PAUSE)
        assert (await set_do_not_disturb(ctx, anna.id, on=True)).do_not_disturb
        assert not (await choose_intent(ctx, anna.id, intent)).do_not_disturb, "choosing calls switches it off"


async def test_break_with_its_reason_is_named_and_counted(web: ASGIApp, anna: Agent) -> None:
    async with Client(web) as browser:
        await browser.log_in(anna)
        shown = await control(browser, "intent/pause?reason=lunch")
        assert said(shown) == "Status: Break · Lunch"
        chosen = re.findall(r'<button[^>]*reason=(\w+)"[^>]*aria-pressed="true"', shown)
        assert chosen == ["lunch"]
        assert "0/60 min" in shown
        assert "not_answering" not in shown, "the system's own"
        refused = await browser.post("/status/intent/pause?reason=not_answering", headers=HTMX)
        assert refused.status_code == 422


async def test_another_reason_is_another_break_with_a_timer_of_its_own(anna: Agent) -> None:
    first = await wants(anna, Intent.PAUSE, "lunch")
    second = await wants(anna, Intent.PAUSE, "training")
    same = await wants(anna, Intent.PAUSE, "training")
    assert first.since < second.since == same.since
    assert first.pause_limit_at is not None
    assert second.pause_limit_at is None


async def test_choice_during_a_call_is_shown_and_can_be_taken_back(web: ASGIApp, anna: Agent) -> None:
    call = await anna.answers()
    async with Client(web) as browser:
        await browser.log_in(anna)
        assert said(await control(browser)) == "Status: Busy", "more of the same is no news"
        shown = await control(browser, "intent/pause?reason=lunch")
        assert said(shown) == "Status: Busy after this: Break · Lunch"
        assert "Take back: Inbound" in shown
        shown = await control(browser, "intent/ready")
        assert said(shown) == "Status: Busy after this: Internal calls only"
        assert "Take back: Inbound" in shown, "what it was when the call began"
        back = re.search(r'id="status-back" hx-post="/status/([^"]*)"', shown)
        assert back is not None
        shown = await control(browser, back[1])
        assert said(shown) == "Status: Busy"
        assert "status-back" not in shown
        await control(browser, "intent/pause?reason=lunch")
        async with anna.context() as ctx:
            await end_interaction(ctx, call.interaction_id, "caller_hung_up")
            assert (await get_agent(ctx, anna.id)).status is Status.WRAP_UP
        assert "after this: Break · Lunch" in said(await control(browser))


async def test_call_out_of_a_break_goes_back_to_its_reason(web: ASGIApp, platform: Platform, anna: Agent) -> None:
    await anna.answers()
    await wants(anna, Intent.PAUSE, "lunch")
    async with Client(web) as browser:
        await browser.log_in(anna)
        shown = await control(browser, "intent/pause?reason=training")
        assert said(shown) == "Status: Busy after this: Break · Training"


async def test_two_tabs_that_choose_at_once_show_the_same_in_the_end(
    web: ASGIApp, platform: Platform, anna: Agent
) -> None:
    async with Client(web) as first, Client(web) as second:
        await first.log_in(anna)
        await second.log_in(anna)
        await asyncio.gather(control(first, "intent/outbound"), control(second, "intent/pause?reason=training"))
        shown = said(await control(first))
        assert shown == said(await control(second))
        assert shown in ("Status: Outbound only", "Status: Break · Training")
    rows = await fetch("SELECT new FROM core_fact WHERE agent_id = $1 AND subject = 'intent' ORDER BY id", anna.id)
    assert {row["new"] for row in rows[-2:]} == {"outbound", "pause"}, "both are on record, the last one holds"
    assert rows[-1]["new"] == ("outbound" if "Outbound" in shown else "pause")


async def test_limit_that_is_near_and_over_is_said_once_each(web: ASGIApp, anna: Agent) -> None:
    await wants(anna, Intent.PAUSE, "rest")
    async with Client(web) as browser:
        await browser.log_in(anna)
        assert "data-told" not in await control(browser)
        await execute("UPDATE core_agent SET pause_limit_at = now() + interval '100 s' WHERE user_id = $1", anna.id)
        near = await control(browser)
        await execute("UPDATE core_agent SET pause_limit_at = now() - interval '5 s' WHERE user_id = $1", anna.id)
        over = await control(browser)
    assert "limit-near" in near
    assert "Short break: two minutes or less are left today." in near
    assert "limit-over" in over
    assert "over the limit" in said(over)
    keys = [re.findall(r'data-told="([^"]*)"', text) for text in (near, over)]
    assert keys[0] != keys[1]


async def test_reason_is_read_in_the_language_of_the_agent(web: ASGIApp, anna: Agent) -> None:
    await execute("UPDATE core_user SET language = 'ru' WHERE id = $1", anna.id)
    async with Client(web) as browser:
        await browser.log_in(anna)
        shown = said(await control(browser, "intent/pause?reason=lunch"))
    assert "Обед" in shown
    assert not re.search("[A-Za-z]", shown)


# --- Teams that want somebody to stay ---------------------------------------------------------------------------------


async def test_break_is_refused_when_too_few_would_stay(ctx: Context, anna: Agent, ben: Agent) -> None:
    await needs(ctx, anna, least_available=1)
    await wants(anna, Intent.PAUSE, "lunch")
    with pytest.raises(TooFewAvailable, match="1 of your team"):
        await wants(ben, Intent.PAUSE, "rest")
    await wants(ben, Intent.OUTBOUND)
    with pytest.raises(TooFewAvailable):
        await wants(ben, Intent.PAUSE)
    assert (await wants(anna, Intent.PAUSE, "rest")).pause_reason == "rest", "who is on a break may name another"


async def test_of_two_who_want_a_break_at_once_one_stays(ctx: Context, anna: Agent, ben: Agent) -> None:
    await needs(ctx, anna, least_available=1)
    for _round in range(5):
        outcomes = await asyncio.gather(
            wants(anna, Intent.PAUSE), wants(ben, Intent.PAUSE, "lunch"), return_exceptions=True
        )
        refused = [each for each in outcomes if isinstance(each, TooFewAvailable)]
        assert len(refused) == 1, outcomes
        for agent in (anna, ben):
            await agent.becomes_available()


async def test_break_after_the_form_is_a_break_too(ctx: Context, anna: Agent, ben: Agent) -> None:
    await needs(ctx, anna, least_available=2)
    served = await anna.has_served()
    async with anna.context() as mine:
        with pytest.raises(TooFewAvailable):
            await finish_segment(mine, served.id, anna.id, outcome="success", comment="", then=Intent.PAUSE)
        await needs(ctx, anna)
        await choose_intent(mine, anna.id, Intent.PAUSE, reason="lunch")
        await finish_segment(mine, served.id, anna.id, outcome="success", comment="", then=Intent.PAUSE)
        agent = await get_agent(mine, anna.id)
    assert (agent.status, agent.pause_reason) == (Status.PAUSED, "lunch"), "what was chosen keeps its reason"


async def test_colleague_without_a_page_does_not_count(ctx: Context, anna: Agent, ben: Agent) -> None:
    await needs(ctx, anna, least_available=1)
    await execute("UPDATE core_agent SET connected_until = now() WHERE user_id = $1", ben.id)
    with pytest.raises(TooFewAvailable):
        await wants(anna, Intent.PAUSE)


# --- Teams' rules -----------------------------------------------------------------------------------------------------


async def test_agent_who_misses_too_often_goes_on_a_break_and_is_told(web: ASGIApp, ctx: Context, anna: Agent) -> None:
    await needs(ctx, anna, missed_limit=2)
    for number in (1, 2):
        call = await create_interaction(ctx, channel="voice")
        offer = await make_offer(ctx, call.id, [anna.id], cause="test")
        assert offer is not None
        await expire_offer.function(ctx, offer_id=offer.id)
        await execute("UPDATE core_agent SET missed_until = now() WHERE user_id = $1", anna.id)
        async with anna.context() as mine:
            await tab_opened(mine, anna.id)
        agent = await get_agent(ctx, anna.id)
        assert agent.intent is (Intent.AVAILABLE if number == 1 else Intent.PAUSE)
        await end_interaction(ctx, call.id, "caller_hung_up")
    assert agent.pause_reason == "not_answering"
    async with Client(web) as browser:
        await browser.log_in(anna)
        assert "You have missed 2 calls in a row, so you are on a break now." in await control(browser)


async def test_channel_without_media_is_accepted_by_the_server(
    app: object, ctx: Context, anna: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await needs(ctx, anna, auto_answer=True)
    chat = ChannelType("chat", "Chat", "message", exclusive=False, capacity=3)
    voice = ctx.channels["voice"]
    monkeypatch.setattr(type(ctx), "channels", property(lambda _ctx: {"chat": chat, "voice": voice}))
    monkeypatch.setattr(type(ctx), "known_channels", property(lambda _ctx: {"chat": chat, "voice": voice}))
    first = await create_interaction(ctx, channel="chat")
    offer = await make_offer(ctx, first.id, [anna.id], cause="test")
    assert offer is not None
    assert offer.state is OfferState.ACCEPTED
    assert (await get_interaction(ctx, first.id)).state is InteractionState.ACTIVE
    assert (await get_agent(ctx, anna.id)).work == {"chat": 1}
    call = await create_interaction(ctx, channel="voice")
    ringing = await make_offer(ctx, call.id, [anna.id], cause="test")
    assert ringing is not None
    assert (ringing.state, ringing.auto_answer) == (OfferState.PENDING, True), "the page brings the sound"


async def test_rules_of_a_team_are_kept_and_checked(ctx: Context) -> None:
    rules = TeamRules(missed_limit=3, least_available=2, auto_answer=True)
    team_id = await create_team(
        ctx, name="Night", timing=TIMES, rules=rules, channels=[ChannelRule("voice", offer_seconds=40, alone=True)]
    )
    team = await get_team(ctx, team_id)
    assert (team.rules, team.channels) == (rules, (ChannelRule("voice", offer_seconds=40, alone=True),))
    await save_team(ctx, team_id, name="Night", timing=TIMES)
    assert (await get_team(ctx, team_id)) == team, "what is not named stays"
    await save_team(ctx, team_id, name="Night", timing=TIMES, channels=[ChannelRule("voice")])
    assert (await get_team(ctx, team_id)).channels == (), "the usual is not stored"
    wrong_rules = TeamRules(missed_limit=21, least_available=-1)
    wrong_channels = [ChannelRule("voice", offer_seconds=1, capacity=0)]
    with pytest.raises(InvalidInput) as refused:
        await save_team(ctx, team_id, name="Night", timing=TIMES, rules=wrong_rules, channels=wrong_channels)
    fields = {"missed_limit", "least_available", "offer_seconds_voice", "capacity_voice"}
    assert set(refused.value.fields) == fields
    for channels in ([ChannelRule("smoke")], [ChannelRule("voice"), ChannelRule("voice", alone=True)]):
        with pytest.raises(InvalidInput):
            await save_team(ctx, team_id, name="Night", timing=TIMES, channels=channels)


async def test_login_begins_with_a_break_without_a_reason(platform: Platform, tenant: TenantRef, anna: Agent) -> None:
    await wants(anna, Intent.PAUSE, "lunch")
    await execute("UPDATE core_agent SET connected_until = now() - interval '1 h' WHERE user_id = $1", anna.id)
    async with anna.context() as ctx:
        await begin_shift(ctx, anna.id)
        agent = await get_agent(ctx, anna.id)
    assert (agent.intent, agent.pause_reason) == (Intent.PAUSE, "")
