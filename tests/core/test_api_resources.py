"""What the API does: who may, in which organisation, and that pages and programs see the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from core import plugin_lifecycle
from core.accounts.models import Role
from core.accounts.permissions import ADMINISTRATOR, AGENT, MANAGE_TOKENS, MANAGE_USERS, SUPERVISOR
from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent
from core.database.connection import execute
from core.interactions.lifecycle import create_interaction, end_interaction
from core.interactions.offers import accept_offer, make_offer
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from tests.core.api_client import API, program, program_of, token_for
from tests.core.test_api import assert_problem
from tests.core.web_client import (
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    client,
    log_in,
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
async def api(web: ASGIApp, platform: Platform, tenant: TenantRef) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator's program."""
    async with program_of(web, platform, tenant, "boss", ADMINISTRATOR) as opened:
        yield opened


async def own_role(platform: Platform, tenant: TenantRef, key: str, *rights: str) -> str:
    async with platform.context(tenant):
        await Role.create(key=key, name=key.title(), permissions=list(rights))
    return key


async def agent_at_work(ctx: Context, user_id: int) -> None:
    """Somebody who can be offered calls."""
    await begin_shift(ctx, user_id)
    await tab_opened(ctx, user_id)
    await choose_intent(ctx, user_id, Intent.AVAILABLE)


async def call(ctx: Context, name: str = "Carla") -> int:
    interaction = await create_interaction(
        ctx, channel="voice", queue="routing:queue:1", contact_name=name, contact_number="+442079460000", subject=""
    )
    return interaction.id


async def talk(ctx: Context, user_id: int) -> int:
    """A call that the agent talks; gives its id."""
    await agent_at_work(ctx, user_id)
    interaction_id = await call(ctx)
    offer = await make_offer(ctx, interaction_id, [user_id], cause="test")
    assert offer is not None
    await accept_offer(ctx, offer.id, user_id)
    return interaction_id


async def operations(api: httpx.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of all that the document names."""
    document = (await api.get(DOCUMENT)).json()
    return [(method, path, each) for path, item in document["paths"].items() for method, each in item.items()]


# --- Who may ---------------------------------------------------------------------------------------------------------


async def test_every_operation_asks_for_its_permission(
    web: ASGIApp, platform: Platform, tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    nothing = await own_role(platform, tenant, "nothing")
    everything = await operations(api)
    async with program_of(web, platform, tenant, "nobody", nothing) as nobody:
        for method, path, operation in everything:
            url = path.replace("{", "").replace("}", "")
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
                    url = url.replace(parameter["name"], "1")
            answer = await nobody.request(method, url, json={})
            if operation["x-permission"] == "signed_in":
                assert answer.status_code != 403, (method, path, answer.text)
            else:
                assert_problem(answer, 403, "forbidden")


async def test_ids_of_another_organisation_are_those_of_nobody(
    web: ASGIApp, platform: Platform, ctx: Context, other_tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    anna = await add_user(platform, ctx.tenant, "anna", AGENT)
    interaction = await talk(ctx, anna)
    team = (await api.get(f"{API}/teams")).json()["items"][0]["id"]
    role = (await api.post(f"{API}/roles", json={"name": "Night", "permissions": []})).json()["id"]
    async with program_of(web, platform, other_tenant, "spy", ADMINISTRATOR) as spy:
        for path in (
            f"users/{anna}",
            f"teams/{team}",
            f"roles/{role}",
            "tokens/1",
            f"agents/{anna}",
            f"interactions/{interaction}",
            f"interactions/{interaction}/timeline",
        ):
            assert (await api.get(f"{API}/{path}")).status_code == 200, path
            theirs, nobodys = await spy.get(f"{API}/{path}"), await spy.get(f"{API}/{path.split('/')[0]}/987654")
            assert_problem(theirs, 404, "not_found")
            assert theirs.json() == nobodys.json()
        assert_problem(await spy.patch(f"{API}/users/{anna}", json={"name": "Mine"}), 404, "not_found")
        assert_problem(await spy.delete(f"{API}/tokens/1"), 404, "not_found")
        assert [user["username"] for user in (await spy.get(f"{API}/users")).json()["items"]] == ["spy"]
        assert (await spy.get(f"{API}/interactions")).json() == {"items": [], "next": None}


async def test_plugin_that_is_off_is_as_if_it_had_never_been(
    web: ASGIApp, platform: Platform, ctx: Context, api: httpx.AsyncClient
) -> None:
    assert (await api.get("/api/v1/routing/queues")).status_code == 200
    before = {operation["operationId"] for _method, _path, operation in await operations(api)}
    await plugin_lifecycle.disable_plugin(platform, ctx, "routing")
    never = await api.get("/api/v1/nobody/queues")
    gone = await api.get("/api/v1/routing/queues")
    assert (gone.status_code, gone.json(), dict(gone.headers)) == (404, never.json(), dict(never.headers))
    after = {operation["operationId"] for _method, _path, operation in await operations(api)}
    assert {name for name in before - after} == {name for name in before if name.startswith("routing_")} != set()
    await switch_on(platform, ctx.tenant, "routing")
    assert {operation["operationId"] for _method, _path, operation in await operations(api)} == before


# --- The document ----------------------------------------------------------------------------------------------------


async def test_document_names_each_operation_once_and_describes_every_field(api: httpx.AsyncClient) -> None:
    names = [operation["operationId"] for _method, _path, operation in await operations(api)]
    assert len(names) == len(set(names)) > 60
    assert {"core_list_users", "telephony_accept_call", "wrapup_send_answers", "routing_change_queue"} <= set(names)
    for _method, path, operation in await operations(api):
        assert operation["summary"], path
        assert {"401", "403", "404", "500"} <= operation["responses"].keys()
        assert not any(
            isinstance(each.get("schema", {}).get("maximum"), float) for each in operation.get("parameters", ())
        )


async def test_document_is_for_people_who_are_known(web: ASGIApp, api: httpx.AsyncClient) -> None:
    async with program(web) as stranger:
        assert_problem(await stranger.get(DOCUMENT), 401, "not_signed_in")
    first = await api.get(DOCUMENT)
    again = await api.get(DOCUMENT, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.json()["components"]["securitySchemes"].keys() == {"token", "login"}


# --- Lists -----------------------------------------------------------------------------------------------------------


async def test_pages_of_a_list_give_everything_once_whatever_changes_meanwhile(
    platform: Platform, tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    ids = [await add_user(platform, tenant, f"user{number}", AGENT) for number in range(7)]
    seen: list[int] = []
    cursor: str | None = None
    pages = 0
    while True:
        query = {"limit": "3", "words": "user", **({"cursor": cursor} if cursor else {})}
        answer = (await api.get(f"{API}/users", params=query)).json()
        seen += [user["id"] for user in answer["items"]]
        cursor, pages = answer["next"], pages + 1
        if pages == 1:
            # Before the cursor: one is added and one goes. Neither moves what is still to come.
            await add_user(platform, tenant, "user0a", AGENT)
            await execute("DELETE FROM core_user WHERE id = $1", ids[0])
        if cursor is None:
            break
    assert seen == ids
    assert pages == 3


@pytest.mark.parametrize("cursor", ["", "x", "e30", "WzFd", "WyJhIiwgImIiXQ", "////", "a" * 500, "AAAA", "W10"])
async def test_cursor_that_no_list_gave_is_refused(api: httpx.AsyncClient, cursor: str) -> None:
    assert (
        "cursor"
        in assert_problem(await api.get(f"{API}/users", params={"cursor": cursor}), 422, "invalid_input")["fields"]
    )  # type: ignore[operator]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "active=perhaps", f"role={'x' * 41}", f"cursor={'x' * 1001}"]
)
async def test_filter_that_cannot_be_used_is_refused(api: httpx.AsyncClient, query: str) -> None:
    problem = assert_problem(await api.get(f"{API}/users?{query}"), 400, "invalid_input")
    assert list(problem["fields"]) == [query.partition("=")[0]]  # type: ignore[call-overload]


async def test_moments_need_an_offset_and_are_answered_in_utc(api: httpx.AsyncClient) -> None:
    refused = await api.get(f"{API}/audit", params={"since": "2026-03-01T09:30:00"})
    assert_problem(refused, 422, "invalid_input")
    me = (await api.get(f"{API}/me")).json()["id"]
    expires_at = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    given = expires_at.astimezone(tz=None).isoformat()
    body = {"name": "Short", "user_id": me, "role": ADMINISTRATOR, "expires_at": given}
    made = (await api.post(f"{API}/tokens", json=body)).json()
    assert made["expires_at"] == expires_at.isoformat().replace("+00:00", "Z")
    for wrong in ("2026-03-01T09:30:00", 1_900_000_000, "tomorrow", "0001-01-01T00:00:00+14:00"):
        assert_problem(await api.post(f"{API}/tokens", json={**body, "expires_at": wrong}), 400, "invalid_input")


# --- Administration --------------------------------------------------------------------------------------------------


async def test_user_is_added_changed_and_switched_off(web: ASGIApp, tenant: TenantRef, api: httpx.AsyncClient) -> None:
    body = {"username": "anna", "name": "Anna", "password": "correct horse battery", "roles": [AGENT]}
    made = (await api.post(f"{API}/users", json=body)).json()
    assert (made["username"], made["active"], [role["key"] for role in made["roles"]]) == ("anna", True, [AGENT])
    assert made["team_id"] is not None, "an agent is in a team before the first login"
    changed = await api.patch(f"{API}/users/{made['id']}", json={"name": "Anna B.", "roles": [AGENT, SUPERVISOR]})
    assert changed.json()["name"] == "Anna B."
    assert {role["key"] for role in changed.json()["roles"]} == {AGENT, SUPERVISOR}
    async with client(web) as browser:
        assert (await log_in(browser, "anna", tenant)).status_code == 303
        off = await api.patch(f"{API}/users/{made['id']}", json={"active": False})
        assert off.json()["active"] is False
        assert (await browser.get(f"{API}/me")).status_code == 401
    entries = (await api.get(f"{API}/audit", params={"subject": f"core:user:{made['id']}"})).json()["items"]
    assert [entry["action"] for entry in entries] == [
        "core.user_deactivated",
        "core.user_roles_changed",
        "core.user_changed",
        "core.user_created",
    ]
    assert entries[0]["actor_name"] == "Boss"


async def test_change_of_a_user_is_done_whole_or_not_at_all(
    platform: Platform, tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    refused = await api.patch(f"{API}/users/{anna}", json={"name": "Anna B.", "team_id": 987})
    assert_problem(refused, 404, "not_found")
    assert (await api.get(f"{API}/users/{anna}")).json()["name"] == "Anna"


async def test_nobody_gives_rights_of_administration_that_he_lacks(
    web: ASGIApp, platform: Platform, tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    half = await own_role(platform, tenant, "half", MANAGE_USERS, MANAGE_TOKENS)
    boss = (await api.get(f"{API}/me")).json()["id"]
    body = {"username": "eve", "name": "Eve", "password": "correct horse battery", "roles": [ADMINISTRATOR]}
    async with program_of(web, platform, tenant, "half", half) as mallory:
        assert_problem(await mallory.post(f"{API}/users", json=body), 403, "forbidden")
        mine = (await mallory.get(f"{API}/me")).json()["id"]
        assert_problem(await mallory.patch(f"{API}/users/{mine}", json={"roles": [ADMINISTRATOR]}), 403, "forbidden")
        assert_problem(
            await mallory.put(f"{API}/users/{boss}/password", json={"password": "correct horse"}), 403, "forbidden"
        )
        token = {"name": "Mine", "user_id": boss, "role": ADMINISTRATOR}
        assert_problem(await mallory.post(f"{API}/tokens", json=token), 403, "forbidden")
        assert (await mallory.post(f"{API}/users", json={**body, "roles": [AGENT]})).status_code == 201


async def test_role_is_made_changed_and_deleted(api: httpx.AsyncClient) -> None:
    rights = [right["name"] for right in (await api.get(f"{API}/permissions")).json()["items"]]
    assert "core.manage_users" in rights
    made = (await api.post(f"{API}/roles", json={"name": "Night", "permissions": ["core.see_audit"]})).json()
    changed = await api.patch(f"{API}/roles/{made['id']}", json={"permissions": []})
    assert (changed.json()["name"], changed.json()["permissions"]) == ("Night", [])
    unknown = await api.patch(f"{API}/roles/{made['id']}", json={"permissions": ["core.fly"]})
    assert assert_problem(unknown, 422, "invalid_input")["fields"]
    built_in = next(role for role in (await api.get(f"{API}/roles")).json()["items"] if role["key"] == AGENT)
    assert_problem(await api.patch(f"{API}/roles/{built_in['id']}", json={"name": "X"}), 409, "conflict")
    assert (await api.delete(f"{API}/roles/{made['id']}")).status_code == 204
    assert_problem(await api.get(f"{API}/roles/{made['id']}"), 404, "not_found")


async def test_team_is_changed_in_part_and_agents_are_moved(
    platform: Platform, tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    body = {"username": "anna", "name": "Anna", "password": "correct horse battery", "roles": [AGENT]}
    anna = (await api.post(f"{API}/users", json=body)).json()
    team = (await api.post(f"{API}/teams", json={"name": "Night", "wrap_up_seconds": 90})).json()
    changed = (await api.patch(f"{API}/teams/{team['id']}", json={"offer_seconds": 30})).json()
    assert (changed["name"], changed["offer_seconds"], changed["wrap_up_seconds"]) == ("Night", 30, 90)
    assert (await api.put(f"{API}/agents/{anna['id']}/team", json={"team_id": team["id"]})).status_code == 204
    assert (await api.get(f"{API}/agents/{anna['id']}")).json()["team"] == "Night"
    listed = (await api.get(f"{API}/agents", params={"team_id": team["id"], "status": "offline"})).json()["items"]
    assert [agent["name"] for agent in listed] == ["Anna"]
    assert_problem(await api.delete(f"{API}/teams/{team['id']}"), 409, "conflict")
    wrong = await api.patch(f"{API}/teams/{team['id']}", json={"offer_seconds": 1, "wrap_up_seconds": 99_999})
    assert assert_problem(wrong, 422, "invalid_input")["fields"].keys() == {  # type: ignore[attr-defined]
        "offer_seconds",
        "wrap_up_seconds",
    }


async def test_plugin_is_switched_off_and_on_with_its_settings(api: httpx.AsyncClient) -> None:
    plugins = {plugin["name"]: plugin for plugin in (await api.get(f"{API}/plugins")).json()["items"]}
    assert plugins["wrapup"]["on"] is True
    settings = (await api.get(f"{API}/plugins/wrapup/settings")).json()["values"]
    saved = await api.put(f"{API}/plugins/wrapup/settings", json={"values": {**settings, "morning_hour": 8}})
    assert saved.json()["values"]["morning_hour"] == 8
    wrong = await api.put(f"{API}/plugins/wrapup/settings", json={"values": {"morning_hour": 0}})
    assert assert_problem(wrong, 422, "invalid_input")["fields"]
    assert (await api.post(f"{API}/plugins/wrapup/disable")).json()["enabled"] is False
    assert (await api.post(f"{API}/plugins/wrapup/enable", json={})).json()["on"] is True
    for path in ("/plugins/nobody", "/plugins/nobody/settings"):
        assert_problem(await api.get(f"{API}{path}"), 404, "not_found")


async def test_job_that_died_is_tried_again(api: httpx.AsyncClient, ctx: Context) -> None:
    for state in ("dead", "skipped"):
        await execute(
            "INSERT INTO core_job (tenant_id, name, arguments, due_at, state, attempt, started, error, created_at) "
            "VALUES ($1, 'core.end_missed', '{\"user_id\": 1}', now(), $2, 10, true, 'No such luck.', now())",
            ctx.tenant.id,
            state,
        )
    listed = (await api.get(f"{API}/jobs")).json()["items"]
    assert [(job["state"], job["error"], job["attempts"]) for job in listed] == [
        ("skipped", "No such luck.", 10),
        ("dead", "No such luck.", 10),
    ]
    assert (await api.post(f"{API}/jobs/{listed[1]['id']}/retry")).status_code == 204
    assert (await api.delete(f"{API}/jobs/{listed[0]['id']}")).status_code == 204
    assert (await api.get(f"{API}/jobs")).json()["items"] == []
    assert_problem(await api.post(f"{API}/jobs/{listed[1]['id']}/retry"), 404, "not_found")


# --- Work ------------------------------------------------------------------------------------------------------------


async def test_agent_chooses_what_to_do(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    anna = await add_user(platform, ctx.tenant, "anna", AGENT)
    await begin_shift(ctx, anna)
    async with program(web, await token_for(platform, ctx.tenant, anna, AGENT)) as agent:
        chosen = (await agent.put(f"{API}/me/status/intent", json={"intent": "available"})).json()
        assert (chosen["intent"], chosen["status"]) == ("available", "offline")
        assert_problem(await agent.put(f"{API}/me/status/intent", json={"intent": "sleep"}), 400, "invalid_input")
        assert_problem(await agent.put(f"{API}/me/status/do-not-disturb", json={"on": True}), 409, "conflict")
        await agent.put(f"{API}/me/status/intent", json={"intent": "outbound"})
        assert (await agent.put(f"{API}/me/status/do-not-disturb", json={"on": True})).json()["do_not_disturb"] is True
        assert (await agent.get(f"{API}/me/numbers")).json()["answered"] == 0


async def test_agent_sees_own_interactions_and_a_supervisor_all(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    anna = await add_user(platform, ctx.tenant, "anna", AGENT)
    mine = await talk(ctx, anna)
    waiting = await call(ctx, "Walter")
    async with program(web, await token_for(platform, ctx.tenant, anna, AGENT)) as agent:
        assert [each["id"] for each in (await agent.get(f"{API}/interactions")).json()["items"]] == [mine]
        assert_problem(await agent.get(f"{API}/interactions/{waiting}"), 404, "not_found")
        facts = (await agent.get(f"{API}/interactions/{mine}/timeline", params={"limit": 2})).json()
        rest = (await agent.get(f"{API}/interactions/{mine}/timeline", params={"cursor": facts["next"]})).json()
        told = [(fact["subject"], fact["new"]) for fact in facts["items"] + rest["items"]]
        assert told[0] == ("interaction", "waiting")
        assert told[-1] == ("interaction", "active")
        assert ("segment", "active") in told
        assert [each["interaction_id"] for each in (await agent.get(f"{API}/me/journal")).json()["items"]] == [mine]
    async with program_of(web, platform, ctx.tenant, "sue", SUPERVISOR) as supervisor:
        assert [each["id"] for each in (await supervisor.get(f"{API}/interactions")).json()["items"]] == [waiting, mine]
        by_state = await supervisor.get(f"{API}/interactions", params={"state": "waiting", "channel": "voice"})
        assert [each["contact_name"] for each in by_state.json()["items"]] == ["Walter"]
        line = (await supervisor.get("/api/v1/routing/waiting")).json()["items"]
        assert [each["name"] for each in line] == ["Walter"]
        queue = (await supervisor.get("/api/v1/routing/queues")).json()["items"][0]
        assert queue["reference"].startswith("routing:queue:")


async def test_offer_is_seen_and_rejected(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    anna = await add_user(platform, ctx.tenant, "anna", AGENT)
    await agent_at_work(ctx, anna)
    interaction_id = await call(ctx)
    await make_offer(ctx, interaction_id, [anna], cause="test")
    async with program(web, await token_for(platform, ctx.tenant, anna, AGENT)) as agent:
        phone = (await agent.get("/api/v1/telephony/softphone")).json()
        assert (phone["state"], phone["interaction"]["id"]) == ("ringing", interaction_id)
        offer = phone["offer"]["id"]
        assert (await agent.post(f"/api/v1/telephony/offers/{offer}/reject")).status_code == 204
        assert_problem(await agent.post(f"/api/v1/telephony/offers/{offer}/reject"), 409, "offer_gone")
        assert (await agent.get("/api/v1/telephony/softphone")).json()["state"] == "idle"


async def test_after_contact_work_is_done_by_a_program(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    anna = await add_user(platform, ctx.tenant, "anna", AGENT)
    interaction_id = await talk(ctx, anna)
    tasks = "/api/v1/wrapup/tasks"
    async with program(web, await token_for(platform, ctx.tenant, anna, AGENT)) as agent:
        task = (await agent.get(f"{tasks}/current")).json()
        assert (task["interaction_id"], task["state"]) == (interaction_id, "active")
        asked = [each["key"] for page in task["form"]["pages"] for each in page["components"]]
        assert {"successful", "comment"} <= set(asked)
        one = f"{tasks}/{task['segment_id']}"
        later = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0).isoformat()
        answers = {"successful": False, "next_attempt": "at", "next_attempt_at": later, "comment": "Call again."}
        assert (await agent.put(f"{one}/draft", json={"answers": {"comment": "Call"}})).status_code == 204
        assert (await agent.get(one)).json()["draft"] == {"comment": "Call"}
        assert_problem(await agent.post(f"{one}/send", json={"answers": answers}), 409, "call_goes_on")
        await end_interaction(ctx, interaction_id, "caller_hung_up")
        missing = assert_problem(await agent.post(f"{one}/send", json={"answers": {}}), 422, "invalid_answers")
        assert "successful" in missing["fields"]  # type: ignore[operator]
        unknown = await agent.post(f"{one}/send", json={"answers": {"mood": "good"}})
        assert_problem(unknown, 422, "invalid_answers")
        assert (await agent.post(f"{one}/send", json={"answers": answers})).status_code == 204
        assert_problem(await agent.get(f"{tasks}/current"), 404, "not_found")
        promised = (await agent.get("/api/v1/promises/promises")).json()["items"]
        assert datetime.fromisoformat(promised[0]["due_at"]) == datetime.fromisoformat(later)
    async with program_of(web, platform, ctx.tenant, "ben", AGENT) as other:
        assert_problem(await other.get(one), 404, "not_found")
