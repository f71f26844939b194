"""The pages and the API on which queues and skills are set up: what is sent, kept and refused, and by whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar.types import ASGIApp

from plugins.routing.services.queues import ensure_queue, read_values
from plugins.routing.services.skills import create_skill, get_skilled
from switchroom import Context
from switchroom.runtime import Platform
from tests.core.admin_client import problem, send, working_as
from tests.core.api_client import program_of
from tests.core.web_client import add_user, web_application  # noqa: F401 - the fixture `web`
from tests.plugins.routing.queues import make_agent, make_call, make_queue

pytestmark = pytest.mark.anyio

PAGES = "/p/routing"
API = "/api/v1/routing"

FORM = {
    "part": ["channels", "teams", "skills", "hours"],
    "name": "Sales",
    "target_seconds": "20",
    "channels": "voice",
    "priority": "2",
    "strategy": "best_skill",
    "sticky_hours": "24",
    "all_teams": "1",
    "always_open": "0",
    "timezone": "Europe/Berlin",
    "opens_0_0": "09:00",
    "closes_0_0": "00:00",
    "holiday_day_0": "2026-12-25",
    "holiday_name_0": "Christmas",
    "holiday_opens_0": "",
    "overflow_queue_id": "",
    "overflow_seconds": "",
    "longest_wait_seconds": "600",
    "most_waiting": "",
}


async def test_a_queue_is_made_changed_and_deleted_on_pages(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    main = await ensure_queue(ctx)
    skill = await create_skill(ctx, "English")
    await add_user(platform, ctx.tenant, "ada", "administrator")
    async with working_as(web, ctx.tenant, "ada") as browser:
        made = await send(browser, f"{PAGES}/queues", FORM | {f"skill_{skill}": "4", "skill_none": "3"})
        address = made.headers["hx-push-url"]
        queue_id = int(address.rpartition("/")[2])
        values = await read_values(queue_id)
        assert (values.name, values.skills, values.longest_wait_seconds) == ("Sales", {skill: 4}, 600)
        assert [(span.opens, span.closes) for span in values.week[0]] == [(540, 1440)]
        assert "Nobody can serve it" in made.text
        # What is not sent stays.
        await send(browser, address, {"name": "Sales 2"})
        assert (await read_values(queue_id)).skills == {skill: 4}
        refused = await send(
            browser,
            address,
            {
                "part": "hours",
                "opens_3_0": "9 o'clock",
                "closes_3_0": "8:00",
                "opens_4_0": "12:00",
                "closes_4_0": "9:00",
            },
        )
        assert refused.status_code == 422
        assert sorted(problem(refused)["fields"]) == ["opens_3_0", "opens_4_0"]
        circle = await send(browser, f"{PAGES}/queues/{main.id}", {"overflow_queue_id": str(main.id)})
        assert "Main → Main" in problem(circle)["fields"]["overflow_queue_id"]
        assert (await send(browser, f"{PAGES}/queues/order", {"code": [queue_id, main.id]})).status_code == 204
        listed = (await browser.get(f"{PAGES}/queues/settings")).text
        assert listed.index("Sales 2") < listed.index(">Main<")
        await make_call(ctx, queue_id)
        waiting = (await browser.get(f"{address}/waiting")).text
        assert "1 customer waits in it" in waiting
        assert "Move 1 to" in waiting
        denied = await send(browser, f"{address}/delete")
        assert (denied.status_code, problem(denied)["code"]) == (409, "queue_not_empty")
        moved = await send(browser, f"{address}/move", {"target": str(main.id)})
        assert "Nobody waits in it" in moved.text
        assert (await send(browser, f"{address}/delete")).status_code == 200
        for gone in (address, f"{address}/waiting", f"{PAGES}/skills/agents/999"):
            assert (await browser.get(gone)).status_code == 404


async def test_skills_are_given_on_pages(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    anna = await make_agent(platform, ctx, "anna")
    await add_user(platform, ctx.tenant, "sue", "supervisor")
    async with working_as(web, ctx.tenant, "sue") as browser:
        await send(browser, f"{PAGES}/skills", {"name": "English"})
        again = await send(browser, f"{PAGES}/skills", {"name": "English"})
        assert list(problem(again)["fields"]) == ["name"]
        shown = (await browser.get(f"{PAGES}/skills")).text
        assert "Anna: English" in shown
        skill = next(iter(json.loads(value)["skill"] for value in _vals(shown)))
        cell: dict[str, Any] = {"user": anna, "skill": skill}
        assert (await send(browser, f"{PAGES}/skills/level", cell | {"level": 7})).status_code == 204
        for wrong in (11, "x", -1):
            assert (await send(browser, f"{PAGES}/skills/level", cell | {"level": wrong})).status_code == 422
        assert (await send(browser, f"{PAGES}/skills/level", cell | {"user": 0, "level": 1})).status_code == 404
        assert (await get_skilled(ctx, anna)).levels == {skill: 7}
        assert "Main" in (await send(browser, f"{PAGES}/skills/agents/{anna}", {f"skill_{skill}": "0"})).text
        assert (await get_skilled(ctx, anna)).levels == {}
        assert "No agent is found" in (await browser.get(f"{PAGES}/skills/matrix", params={"q": "zzz"})).text
        assert (await browser.get(f"{PAGES}/queues/settings")).status_code == 403
        assert (await send(browser, f"{PAGES}/queues", FORM)).status_code == 403
        await send(browser, f"{PAGES}/skills/{skill}", {"name": "Englisch"})
        assert (await send(browser, f"{PAGES}/skills/{skill}/delete")).status_code == 200


def _vals(page: str) -> list[str]:
    parts = page.split("hx-vals='")[1:]
    return [part.partition("'")[0].replace("&#34;", '"') for part in parts]


async def test_a_program_sets_up_queues(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    main = await ensure_queue(ctx)
    async with program_of(web, platform, ctx.tenant, "ada", "administrator") as api:
        wanted = {
            "name": "Sales",
            "always_open": False,
            "timezone": "Asia/Kathmandu",
            "week": [{"weekday": 2, "opens": "09:00", "closes": "24:00"}],
            "holidays": [{"day": "2026-12-25", "name": "Christmas"}],
            "overflow_queue_id": main.id,
            "overflow_seconds": 30,
        }
        key = {"idempotency-key": "sales-1"}
        made = await api.post(f"{API}/queues", json=wanted, headers=key)
        again = await api.post(f"{API}/queues", json=wanted, headers=key)
        assert made.status_code == 201
        assert again.json() == made.json()
        queue = made.json()
        assert all(queue[name] == value for name, value in wanted.items() if name != "holidays")
        assert queue["holidays"] == [{"day": "2026-12-25", "name": "Christmas", "opens": None, "closes": None}]
        address = f"{API}/queues/{queue['id']}"
        changed = await api.patch(address, json={"priority": 5, "most_waiting": 2})
        assert (changed.json()["priority"], changed.json()["week"]) == (5, wanted["week"])
        assert (await api.get(f"{address}/settings")).json() == changed.json()
        assert (await api.get(address)).json()["open"] in (True, False)
        refused = await api.patch(f"{API}/queues/{main.id}", json={"overflow_queue_id": queue["id"]})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["overflow_queue_id"])
        assert (await api.put(f"{API}/queues/order", json={"ids": [queue["id"], main.id]})).status_code == 204
        assert [each["name"] for each in (await api.get(f"{API}/queues")).json()["items"]] == ["Sales", "Main"]
        await make_call(ctx, queue["id"])
        assert (await api.delete(address)).status_code == 409
        assert (await api.post(f"{address}/move", json={"queue_id": main.id})).json() == {"moved": 1}
        assert (await api.delete(address)).status_code == 204


async def test_a_program_gives_skills(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    anna = await make_agent(platform, ctx, "anna")
    async with program_of(web, platform, ctx.tenant, "sue", "supervisor") as api:
        skill = (await api.post(f"{API}/skills", json={"name": "English"})).json()["id"]
        levels = {"items": [{"skill_id": skill, "level": 6}]}
        assert (await api.put(f"{API}/agents/{anna}/skills", json=levels)).json() == levels
        assert (await api.get(f"{API}/agents/{anna}/skills")).json() == levels
        await make_queue(ctx, "Sales", skills={skill: 5})
        (listed,) = (await api.get(f"{API}/skills")).json()["items"]
        assert listed == {"id": skill, "name": "English", "agents": 1, "queues": ["Sales"]}
        assert (await api.delete(f"{API}/skills/{skill}")).status_code == 409
        assert (await api.put(f"{API}/skills/{skill}", json={"name": "Englisch"})).json()["name"] == "Englisch"
        assert (await api.put(f"{API}/agents/999/skills", json=levels)).status_code == 404
        assert (await api.post(f"{API}/queues", json={"name": "Mine"})).status_code == 403
