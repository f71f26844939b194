"""The rules of queues: on the pages, and for programs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from core.accounts.sessions import open_session
from core.accounts.users import create_user
from core.database.connection import fetch_value
from core.plugins.context import Context, Platform
from plugins.routing.services.queues import create_queue
from plugins.routing.services.values import QueueValues
from plugins.wrapup.dispositions.lists import give_own_list, list_of
from plugins.wrapup.models import Mode
from plugins.wrapup.rules.keeping import all_rules, rule_for
from plugins.wrapup.rules.values import USUAL, RuleValues, Side
from switchroom.testing.app import web_application

pytestmark = pytest.mark.anyio

FIXED = {
    "side": "inbound",
    "mode": "fixed",
    "clock": "own",
    "seconds": "45",
    "offer_before": "15",
    "extension_seconds": "20",
    "extensions": "1",
    "limit_minutes": "60",
    "keep_draft": "yes",
}


@pytest.fixture
async def browser(ctx: Context, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator's browser."""
    admin = await create_user(ctx, "ada", "Ada", "correct horse", ["administrator"])
    headers = {"accept": "text/html", "hx-request": "true", "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web_application(platform), raise_app_exceptions=False),
        base_url="http://calls.test",
        headers=headers,
        cookies={"switchroom": await open_session(ctx, admin.id)},
    ) as opened:
        yield opened


@pytest.fixture
async def orders(ctx: Context) -> str:
    """The reference of a queue."""
    return f"routing:queue:{await create_queue(ctx.for_plugin('routing'), QueueValues(name='Orders'))}"


async def test_the_page_shows_every_queue_with_what_follows_and_the_teams_time(
    browser: httpx.AsyncClient, orders: str
) -> None:
    saved = await browser.post("/p/wrapup/rules", data=FIXED | {"queue": orders})
    assert saved.status_code == 200
    assert await rule_for(orders, Side.INBOUND) == RuleValues(
        Mode.FIXED, seconds=45, offer_before=15, extension_seconds=20, extensions=1
    )
    shown = (await browser.get("/p/wrapup/rules")).text
    assert "Clock that runs to its end" in shown
    assert "45 s + 1 × 20 s" in shown
    assert "Team 1" in shown
    # The other direction of the queue, and both of the one that every tenant begins with.
    assert shown.count("as all queues") == 3
    edit = (await browser.get("/p/wrapup/rules/edit", params={"queue": orders, "side": "inbound"})).text
    assert 'value="fixed" checked' in edit
    assert (await browser.post("/p/wrapup/rules/drop", data={"queue": orders, "side": "inbound"})).status_code == 200
    assert await rule_for(orders, Side.INBOUND) == USUAL
    audited = "SELECT count(*) FROM core_audit WHERE action LIKE 'wrapup.rule_%'"
    assert await fetch_value(audited) == 2


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"mode": "perhaps"}, "mode"),
        ({"seconds": "soon"}, "seconds"),
        ({"seconds": "0"}, "seconds"),
        ({"extensions": "101"}, "extensions"),
        ({"mode": "required", "limit_minutes": "0"}, "limit_minutes"),
        ({"outcome_id": "999"}, "outcome_id"),
        ({"form": "custom:none"}, "form"),
    ],
)
async def test_what_cannot_be_used_is_marked_and_nothing_changes(
    browser: httpx.AsyncClient, changed: dict[str, str], field: str
) -> None:
    refused = await browser.post("/p/wrapup/rules", data=FIXED | changed)
    assert refused.status_code == 422
    assert set(json.loads(refused.headers["switchroom-problem"])["fields"]) == {field}
    assert await rule_for("", Side.INBOUND) == USUAL


async def test_a_queue_that_is_gone_or_never_was_has_no_rule_to_set(browser: httpx.AsyncClient) -> None:
    gone = FIXED | {"queue": "routing:queue:99"}
    assert (await browser.post("/p/wrapup/rules", data=gone)).status_code == 404
    assert (await browser.get("/p/wrapup/rules/edit", params={"queue": "routing:queue:99"})).status_code == 404


async def test_programs_read_set_and_take_away_rules(browser: httpx.AsyncClient, orders: str, ctx: Context) -> None:
    await give_own_list(ctx.for_plugin("wrapup"), orders)
    refusal = next(each for each in (await list_of(ctx, orders)).dispositions if each.name == "Refusal")
    rule = {"queue": orders, "direction": "outbound", "mode": "timed", "seconds": 12, "outcome_id": refusal.id}
    api = "/api/v1/wrapup/rules"
    headers = {"accept": "application/json"}
    saved = await browser.put(api, json=rule, headers=headers)
    assert saved.status_code == 200
    assert saved.json()["outbound"] | {"own": True, "seconds": 12, "outcome_id": refusal.id} == saved.json()["outbound"]
    listed = {each["queue"]: each for each in (await browser.get(api, headers=headers)).json()["items"]}
    assert (listed[orders]["outbound"]["own"], listed[orders]["inbound"]["own"]) == (True, False)
    # A disposition of another list is none that this queue could record.
    wrong = await browser.put(api, json=rule | {"queue": ""}, headers=headers)
    assert set(wrong.json()["fields"]) == {"outcome_id"}
    away = {"queue": orders, "direction": "outbound"}
    assert (await browser.delete(api, params=away, headers=headers)).status_code == 204
    assert (await browser.delete(api, params=away, headers=headers)).status_code == 404
    assert not any(each.outbound.own for each in await all_rules(ctx))
