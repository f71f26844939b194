"""The administration's pages of teams."""

from __future__ import annotations

import re

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR, AGENT
from core.agents.roster import enrol
from core.agents.team_rules import ChannelRule, TeamRules
from core.agents.teams import all_teams, create_team, team_of
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from switchroom.testing.enabling import switch_off
from tests.core.admin_client import changes_of, problem, send, working_as
from tests.core.web_client import (
    add_user,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

TIMES = {"offer_seconds": 25, "no_answer_seconds": 15, "wrap_up_seconds": 90}


@pytest.fixture
async def admin(platform: Platform, tenant: TenantRef) -> int:
    return await add_user(platform, tenant, "admin", ADMINISTRATOR)


async def add_agent(platform: Platform, tenant: TenantRef, name: str) -> int:
    user_id = await add_user(platform, tenant, name, AGENT)
    async with platform.context(tenant) as ctx:
        await enrol(ctx, user_id)
    return user_id


async def test_team_is_made_filled_emptied_and_deleted(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    anna = await add_agent(platform, tenant, "anna")
    async with working_as(web, tenant, "admin") as browser:
        made = await send(browser, "/admin/teams", {"name": "Night", **TIMES})
        path = made.headers["hx-push-url"]
        team_id = int(path.rpartition("/")[2])
        moved = await send(browser, f"{path}/move", {"agents": [anna]})
        assert "1 agent is moved." in moved.headers["hx-trigger"]
        async with platform.context(tenant) as ctx:
            now = await team_of(ctx, anna)
        assert now is not None
        assert (now.id, now.offer_seconds, now.wrap_up_seconds) == (team_id, 25, 90)

        kept = await send(browser, f"{path}/delete")
        assert kept.status_code == 409
        assert "Anna" in problem(kept)["title"]
        assert (await send(browser, f"{path}/move", {"agents": [anna], "team": 1})).status_code == 200
        assert (await send(browser, f"{path}/delete")).headers["hx-push-url"] == "/admin/teams"
    moves = await changes_of("core.agent_moved")
    assert [(entry["before"], entry["after"]) for entry in moves] == [
        ({"team": "Team 1"}, {"team": "Night"}),
        ({"team": "Night"}, {"team": "Team 1"}),
    ]
    assert len(await changes_of("core.team_created")) == len(await changes_of("core.team_deleted")) == 1


async def test_change_is_recorded_with_what_has_changed_alone(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with platform.context(tenant) as ctx:
        team_id = await create_team(ctx, name="Day", timing=TIMES)
    async with working_as(web, tenant, "admin") as browser:
        for _again in range(2):
            await send(browser, f"/admin/teams/{team_id}", {"name": "Day", **TIMES, "offer_seconds": 30})
    [changed] = await changes_of("core.team_changed")
    assert (changed["before"], changed["after"]) == ({"offer_seconds": 25}, {"offer_seconds": 30})


async def test_rules_and_channels_are_set_on_the_page(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    rules = {"missed_limit": 3, "least_available": 2, "auto_answer": "yes"}
    channels = {"offer_seconds_voice": 40, "alone_voice": "yes"}
    async with working_as(web, tenant, "admin") as browser:
        assert "Always available" in (await browser.get("/admin/teams/new")).text
        assert (
            await send(browser, "/admin/teams/1", {"name": "Team 1", **TIMES, **rules, **channels})
        ).status_code == 200
        async with platform.context(tenant) as ctx:
            [team] = await all_teams(ctx)
        assert (team.missed_limit, team.least_available, team.auto_answer) == (3, 2, True)
        [voice] = team.channels
        assert (voice.channel, voice.offer_seconds, voice.alone) == ("voice", 40, True)
        page = (await browser.get("/admin/teams/1")).text
        assert 'id="field-offer_seconds_voice" name="offer_seconds_voice" value="40"' in page
        wrong = {"missed_limit": "many", "offer_seconds_voice": "2"}
        refused = await send(browser, "/admin/teams/1", {"name": "Team 1", **TIMES, **wrong})
        assert set(problem(refused)["fields"]) == {"missed_limit", "offer_seconds_voice"}
        await send(browser, "/admin/teams/1", {"name": "Team 1", **TIMES, **rules})
        async with platform.context(tenant) as ctx:
            assert (await all_teams(ctx))[0].channels == (), "blank is as usual"
    changes = await changes_of("core.team_changed")
    assert changes[0]["after"]["channels"]["voice"]["offer_seconds"] == 40
    assert changes[-1]["after"] == {"channels": {}}


def rules_in(html: str) -> list[list[str]]:
    """What the card of each team names as other than usual, where it does."""
    return [re.findall(r'class="rule">([^<]+?)(?: ·)?<', line) for line in html.split("Other than usual:")[1:]]


async def test_the_list_shows_what_differs_from_the_usual_and_nothing_else(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with platform.context(tenant) as ctx:
        rules = TeamRules(missed_limit=3, least_available=2, auto_answer=True)
        channels = (ChannelRule("record", capacity=4, alone=True), ChannelRule("voice", offer_seconds=40))
        await create_team(ctx, name="Night", timing=TIMES, rules=rules, channels=channels)
        await create_team(ctx, name="Records", timing=TIMES, channels=[ChannelRule("record", capacity=2)])
    async with working_as(web, tenant, "admin") as browser:
        assert [set(rules) for rules in rules_in((await browser.get("/admin/teams")).text)] == [
            {
                "answers by itself",
                "break after 3 missed",
                "2 always available",
                "Record: 4 at once, only with empty hands",
                "Phone call: rings for 40 s",
            },
            {"Record: 2 at once"},
        ], "the first team is as usual"
        await switch_off(platform, tenant, "records")
        (left,) = rules_in((await browser.get("/admin/teams")).text)
        assert not any(rule.startswith("Record") for rule in left)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, {"name"}),
        ({"name": "team 1"}, {"name"}),
        ({"offer_seconds": "4"}, {"offer_seconds"}),
        ({"offer_seconds": "soon", "wrap_up_seconds": "-1"}, {"offer_seconds", "wrap_up_seconds"}),
        ({"no_answer_seconds": "99999999999999999999"}, {"no_answer_seconds"}),
    ],
)
async def test_value_that_cannot_be_used_is_named(
    web: ASGIApp, tenant: TenantRef, admin: int, fields: dict[str, str], wrong: set[str]
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, "/admin/teams", {"name": "New", **TIMES, **fields})
    assert answer.status_code == 422
    assert set(problem(answer)["fields"]) == wrong


async def test_only_team_stays(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, "/admin/teams/1/delete")
    assert answer.status_code == 409
    assert "only team" in problem(answer)["title"]


async def test_nobody_else_can_be_moved(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    theirs = await add_agent(platform, other_tenant, "zoe")
    async with platform.context(other_tenant) as ctx:
        [their_team] = await all_teams(ctx)
    mine = await add_agent(platform, tenant, "anna")
    async with working_as(web, tenant, "admin") as browser:
        assert (await send(browser, "/admin/teams/1/move", {"agents": [theirs]})).status_code == 404
        assert (await send(browser, "/admin/teams/1/move", {"agents": [admin]})).status_code == 404
        assert (
            await send(browser, "/admin/teams/1/move", {"agents": [mine], "team": their_team.id})
        ).status_code == 404
        assert (await browser.get(f"/admin/teams/{their_team.id}")).status_code == 404
        assert (await send(browser, f"/admin/teams/{their_team.id}", {"name": "Mine", **TIMES})).status_code == 404
        assert (await send(browser, f"/admin/teams/{their_team.id}/delete")).status_code == 404
        assert "Nobody was ticked." in (await send(browser, "/admin/teams/1/move")).headers["hx-trigger"]
