"""Supervisors' hand on agents: who and why is recorded, the agent is told, and everything acts at once."""

from __future__ import annotations

import html
import json
import re

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import AGENT, MANAGE_AGENTS, SEE_AGENTS, SUPERVISOR
from core.agents.changes import last_changes
from core.agents.service import choose_intent
from core.agents.states import Intent, Status
from core.agents.supervising import log_out_agent, set_intent_of
from core.agents.team_rules import TeamRules
from core.agents.teams import create_team, move_agents, save_team, team_of
from core.agents.views import get_agent
from core.database.connection import execute
from core.errors import InvalidInput, NotFound
from core.interactions.lifecycle import end_interaction
from core.interactions.segments import finish_segment
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from switchroom.testing import Agent, Client, Person, add_agent, add_person
from switchroom.testing.people import add_person_who_may
from tests.core.admin_client import changes_of, problem, send, working_as
from tests.core.api_client import API, program_of
from tests.core.web_client import web_application  # noqa: F401 - a fixture

pytestmark = pytest.mark.anyio

HTMX = {"hx-request": "true"}
TIMES = {"offer_seconds": 20, "no_answer_seconds": 10, "wrap_up_seconds": 60}


@pytest.fixture
async def anna(platform: Platform, tenant: TenantRef) -> Agent:
    return await add_agent(platform, tenant, "anna")


@pytest.fixture
async def sue(platform: Platform, tenant: TenantRef) -> Person:
    return await add_person(platform, tenant, "sue", SUPERVISOR)


async def test_state_that_a_supervisor_sets_is_recorded_with_who_and_why(anna: Agent, sue: Person) -> None:
    async with sue.context() as ctx:
        agent = await set_intent_of(ctx, anna.id, Intent.PAUSE, reason="training", comment=" Course at ten ")
        assert (agent.status, agent.pause_reason) == (Status.PAUSED, "training")
        changes = await last_changes(ctx, anna.id)
    status = next(change for change in changes if change.subject == "agent")
    choice = next(change for change in changes if change.subject == "intent")
    assert (choice.cause, choice.comment, choice.actor_name) == ("set_by_supervisor", "Course at ten", "Sue")
    assert (choice.old, choice.new, choice.reason) == ("available", "pause", "training")
    assert (status.subject, status.new, status.actor_name, status.reason) == ("agent", "paused", "Sue", "training")


async def test_agent_reads_who_has_set_what_and_why(web: ASGIApp, anna: Agent, sue: Person) -> None:
    async with Client(web) as browser:
        await browser.log_in(anna)
        async with sue.context() as ctx:
            await set_intent_of(ctx, anna.id, Intent.PAUSE, reason="lunch", comment="Eat <now>")
        shown = (await browser.get("/status", headers=HTMX)).text
        assert "Eat &lt;now&gt;" in shown
        assert "Sue has set you to Break · Lunch: Eat <now>" in html.unescape(shown)
        own = (await browser.post("/status/intent/available", headers=HTMX)).text
    assert "Sue" not in own, "his own choice puts an end to it"


async def test_forced_break_during_a_call_follows_it(anna: Agent, sue: Person) -> None:
    call = await anna.answers()
    async with sue.context() as ctx:
        agent = await set_intent_of(ctx, anna.id, Intent.PAUSE, reason="meeting", comment="Come over")
        assert (agent.status, agent.next_intent) == (Status.BUSY, Intent.PAUSE)
        await end_interaction(ctx, call.interaction_id, "caller_hung_up")
        assert (await get_agent(ctx, anna.id)).status is Status.WRAP_UP
    async with anna.context() as ctx:
        await finish_segment(ctx, call.id, anna.id, outcome="success", comment="")
        agent = await get_agent(ctx, anna.id)
    assert (agent.status, agent.pause_reason, agent.taking) == (Status.PAUSED, "meeting", False)


async def test_supervisor_overrides_what_the_team_wants_left(anna: Agent, sue: Person) -> None:
    async with sue.context() as ctx:
        team = await team_of(ctx, anna.id)
        assert team is not None
        await save_team(ctx, team.id, name=team.name, timing=TIMES, rules=TeamRules(least_available=5))
        assert (await set_intent_of(ctx, anna.id, Intent.PAUSE, comment="Feels ill")).status is Status.PAUSED


@pytest.mark.parametrize("comment", ["", "   ", "x" * 301])
async def test_nothing_is_done_without_saying_why(anna: Agent, sue: Person, comment: str) -> None:
    async with sue.context() as ctx:
        for refused in (
            set_intent_of(ctx, anna.id, Intent.PAUSE, comment=comment),
            log_out_agent(ctx, anna.id, comment=comment),
        ):
            with pytest.raises(InvalidInput) as said:
                await refused
            assert set(said.value.fields) == {"comment"}
        assert (await get_agent(ctx, anna.id)).status is Status.WAITING


async def test_logged_out_agent_is_offline_at_once_and_nobody_revives_him(
    web: ASGIApp, anna: Agent, sue: Person
) -> None:
    async with Client(web) as phone, Client(web) as desk:
        for browser in (phone, desk):
            await browser.log_in(anna)
            assert (await browser.get("/status", headers=HTMX)).status_code == 200
        async with sue.context() as ctx:
            agent = await log_out_agent(ctx, anna.id, comment="Shift is over")
            assert (agent.status, agent.intent, agent.taking) == (Status.OFFLINE, Intent.PAUSE, False)
        for browser in (phone, desk):
            assert "hx-redirect" in (await browser.get("/status", headers=HTMX)).headers
        await phone.log_in(anna)
        shown = html.unescape((await phone.get("/status", headers=HTMX)).text)
        assert "Sue has logged you out: Shift is over" in shown, "he reads it when he is back"
    [entry] = await changes_of("core.user_logged_out")
    assert entry["actor_name"] == "Sue"


async def test_only_agents_of_ones_own_organisation_are_reached(
    platform: Platform, other_tenant: TenantRef, anna: Agent
) -> None:
    stranger = await add_person(platform, other_tenant, "zoe", SUPERVISOR)
    async with stranger.context() as ctx:
        with pytest.raises(NotFound):
            await set_intent_of(ctx, anna.id, Intent.PAUSE, comment="Mine")
        with pytest.raises(NotFound):
            await log_out_agent(ctx, anna.id, comment="Mine")
    assert await anna.status() is Status.WAITING


# --- The page ---------------------------------------------------------------------------------------------------------


def names(page: str) -> list[str]:
    """The agents that a page shows, in its order."""
    return re.findall(r"<strong>([^<]*)</strong>", page)


async def test_page_shows_agents_by_team_and_filters_them(
    web: ASGIApp, platform: Platform, tenant: TenantRef, ctx: Context, anna: Agent, sue: Person
) -> None:
    ben = await add_agent(platform, tenant, "ben")
    night = await create_team(ctx, name="Night", timing=TIMES)
    await move_agents(ctx, [ben.id], night)
    await choose_intent(ctx, ben.id, Intent.PAUSE, reason="lunch")
    await execute("UPDATE core_agent SET pause_limit_at = now() WHERE user_id = $1", ben.id)
    await anna.answers()
    async with working_as(web, tenant, "sue") as browser:
        assert "/agents" in (await browser.get("/", headers={"hx-request": ""})).text
        assert (await browser.get("/agents")).status_code == 200
        board = (await browser.get("/agents/board")).text
        assert names(board) == ["Ben", "Anna", "Sue"]
        assert "Break · Lunch" in board
        assert "over the limit" in board
        assert re.search(r"Phone call", board), "what Anna has in hand"
        widths = [float(width) for width in re.findall(r'width="([\d.]+)"', board[: board.index("</svg>")])]
        assert abs(sum(widths) - 100) < 0.01
        assert names((await browser.get(f"/agents/board?team={night}")).text) == ["Ben"]
        assert names((await browser.get("/agents/board?status=busy")).text) == ["Anna"]
        assert names((await browser.get("/agents/board?q=AN")).text) == ["Anna"]
        nobody = (await browser.get("/agents/board?q=%25&status=nonsense&team=x")).text
        assert "Nobody fits" in nobody


async def test_dialog_sets_a_state_and_says_what_it_did(
    web: ASGIApp, tenant: TenantRef, anna: Agent, sue: Person
) -> None:
    path = f"/agents/{anna.id}"
    async with working_as(web, tenant, "sue") as browser:
        assert "Nothing yet" not in (await browser.get(path)).text
        for fields in ({"intent": "pause"}, {"intent": "asleep", "comment": "x"}, {"comment": "x"}):
            refused = await send(browser, f"{path}/intent", fields)
            assert refused.status_code == 422
            assert problem(refused)["fields"]
        done = await send(browser, f"{path}/intent", {"intent": "pause", "reason": "training", "comment": "Course"})
        events = json.loads(done.headers["hx-trigger"])
        assert "switchroom:dialog-close" in events
        assert events["switchroom:toast"]["text"] == "Done: Anna · Break · Training."
        dialog = html.unescape((await browser.get(path)).text)
        assert "<q>Course</q>" in dialog
        assert "<em>Sue</em>" in dialog
        out = await send(browser, f"{path}/log-out", {"comment": "Shift is over"})
        assert "logged out everywhere" in out.headers["hx-trigger"]
    assert await anna.status() is Status.OFFLINE


async def test_dialog_leads_to_why_for_those_who_may_see_queues(
    web: ASGIApp, platform: Platform, tenant: TenantRef, anna: Agent, sue: Person
) -> None:
    await add_person_who_may(platform, tenant, "olga", MANAGE_AGENTS)
    for name, leads in (("sue", True), ("olga", False)):
        async with working_as(web, tenant, name) as browser:
            dialog = (await browser.get(f"/agents/{anna.id}")).text
            assert (f'href="/p/routing/why/agent/{anna.id}"' in dialog) is leads


async def test_who_may_see_agents_may_not_set_them(
    web: ASGIApp, platform: Platform, tenant: TenantRef, anna: Agent
) -> None:
    await add_person_who_may(platform, tenant, "olga", SEE_AGENTS)
    await add_person(platform, tenant, "ben", AGENT)
    fields = {"intent": "pause", "comment": "x"}
    async with working_as(web, tenant, "olga") as browser:
        board = (await browser.get("/agents/board")).text
        assert "Anna" in board
        assert "data-load-dialog" not in board
        assert (await browser.get(f"/agents/{anna.id}")).status_code == 403
        assert (await send(browser, f"/agents/{anna.id}/intent", fields)).status_code == 403
        assert (await send(browser, f"/agents/{anna.id}/log-out", fields)).status_code == 403
    async with working_as(web, tenant, "ben") as browser:
        assert (await browser.get("/agents")).status_code == 403
        assert (await browser.get("/agents/board")).status_code == 403


# --- The API ----------------------------------------------------------------------------------------------------------


async def test_programs_of_supervisors_do_the_same(web: ASGIApp, platform: Platform, ctx: Context, anna: Agent) -> None:
    path = f"{API}/agents/{anna.id}"
    async with program_of(web, platform, ctx.tenant, "sue", SUPERVISOR) as supervisor:
        reasons = {each["code"]: each for each in (await supervisor.get(f"{path}/reasons")).json()["items"]}
        assert reasons["lunch"]["daily_limit_minutes"] == 60
        body = {"intent": "pause", "reason": "lunch", "comment": "Hungry"}
        agent = (await supervisor.put(f"{path}/intent", json=body)).json()
        assert (agent["status"], agent["pause_reason"]) == ("paused", "lunch")
        changes = (await supervisor.get(f"{path}/changes")).json()["items"]
        assert any(each["comment"] == "Hungry" and each["actor_name"] == "Sue" for each in changes)
        assert (await supervisor.put(f"{path}/intent", json={**body, "comment": " "})).status_code == 422
        assert (await supervisor.put(f"{path}/intent", json={"intent": "pause"})).status_code == 400
        out = (await supervisor.post(f"{path}/log-out", json={"comment": "Late"})).json()
        assert out["status"] == "offline"
        assert (await supervisor.get(f"{API}/agents/99999/changes")).status_code == 404
    async with program_of(web, platform, ctx.tenant, "ben", AGENT) as agent_program:
        assert (await agent_program.put(f"{path}/intent", json=body)).status_code == 403


async def test_programs_of_agents_choose_reasons_and_administrators_set_teams(
    web: ASGIApp, platform: Platform, ctx: Context, anna: Agent
) -> None:
    async with program_of(web, platform, ctx.tenant, "adam", "administrator") as administrator:
        channels = [{"channel": "voice", "offer_seconds": 45}]
        team = {"name": "Night", "missed_limit": 3, "auto_answer": True, "channels": channels}
        made = (await administrator.post(f"{API}/teams", json=team)).json()
        assert (made["missed_limit"], made["least_available"], made["auto_answer"]) == (3, 0, True)
        assert made["channels"] == [{"channel": "voice", "offer_seconds": 45, "capacity": 1, "alone": False}]
        changed = await administrator.patch(f"{API}/teams/{made['id']}", json={"least_available": 2})
        assert changed.json()["channels"] == made["channels"]
        assert (changed.json()["least_available"], changed.json()["missed_limit"]) == (2, 3)
        refused = await administrator.patch(f"{API}/teams/{made['id']}", json={"channels": [{"channel": "smoke"}]})
        assert refused.status_code == 422
