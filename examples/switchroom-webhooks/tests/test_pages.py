"""The pages, the API and the command line, as people and programs use them."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from switchroom.database import fetch_value
from switchroom.runtime import TenantRef
from switchroom.testing import App, Client, Jobs, Person, add_person
from switchroom_webhooks.models import Delivery, Endpoint, EndpointState

pytestmark = pytest.mark.anyio

HTMX = {"hx-request": "true", "hx-current-url": "http://calls.test/p/webhooks/"}
JSON = {"accept": "application/json"}


@pytest.fixture
async def browser(client: Client, admin: Person) -> Client:
    """The administrator's browser."""
    await client.log_in(admin)
    return client


async def test_an_endpoint_is_added_and_its_secret_shown_once(browser: Client, receiver: Any, jobs: Jobs) -> None:
    assert "No endpoints yet" in (await browser.get("/p/webhooks/overview")).text
    form = {"url": receiver.url, "description": "CRM", "events": ["interaction.ended", "interaction.waiting"]}
    answer = await browser.post("/p/webhooks/endpoints", data=form, headers=HTMX)
    assert answer.status_code == 200
    found = re.search(r'value="(whsec_[^"]+)"', answer.text)
    assert found is not None
    endpoint = await fetch_value("SELECT id FROM webhooks_endpoint")
    page = await browser.get(f"/p/webhooks/endpoints/{endpoint}")
    assert html.unescape(found[1]) not in page.text
    assert page.text.count(" checked") == 2
    await browser.post(f"/p/webhooks/endpoints/{endpoint}/ping", headers=HTMX)
    await jobs.run_due()
    assert receiver.received[0].signed_with(html.unescape(found[1]))
    state = await browser.get(f"/p/webhooks/endpoints/{endpoint}/state")
    assert "webhook.ping" in state.text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"url": "ftp://example.com", "events": "*"}, "url"),
        ({"url": "http://10.0.0.1/", "events": "*"}, "url"),
        ({"url": "https://nobody.invalid/", "events": "*"}, "url"),
        ({"url": "http://127.0.0.1/"}, "events"),
        ({"url": "http://127.0.0.1/", "events": "nothing.like_it"}, "events"),
        ({"url": "http://127.0.0.1/", "events": "*", "description": "x" * 201}, "description"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(browser: Client, form: dict[str, str], field: str) -> None:
    answer = await browser.post("/p/webhooks/endpoints", data=form, headers=HTMX)
    assert answer.status_code == 422
    assert f'"{field}"' in answer.headers["switchroom-problem"]
    assert await fetch_value("SELECT count(*) FROM webhooks_endpoint") == 0


async def test_the_log_shows_what_was_sent_and_sends_it_again(
    browser: Client, receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs
) -> None:
    await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](410, "<b>No longer here</b>")
    await calls()
    await jobs.run_due()
    delivery = await Delivery.get()
    log = (await browser.get("/p/webhooks/deliveries?state=waiting")).text
    assert "interaction.ended" in log
    assert "The answer was 410." in log
    assert "interaction.ended" not in (await browser.get("/p/webhooks/deliveries?state=dead&endpoint=")).text
    one = (await browser.get(f"/p/webhooks/deliveries/{delivery.id}/state")).text
    assert "&lt;b&gt;No longer here&lt;/b&gt;" in one
    assert delivery.message_id in one
    again = await browser.post(f"/p/webhooks/deliveries/{delivery.id}/replay", headers=HTMX)
    assert again.status_code == 409, "it waits already"


async def test_an_endpoint_is_switched_off_and_on_and_removed(
    browser: Client, receiver: Any, add_endpoint: Any, calls: Any, jobs: Jobs
) -> None:
    endpoint = (await add_endpoint(receiver)).endpoint.id
    await calls()
    await jobs.run_due()
    off = await browser.post(f"/p/webhooks/endpoints/{endpoint}/off", headers=HTMX)
    assert "Switch on" in off.text
    assert (await Endpoint.get(id=endpoint)).state == EndpointState.OFF
    await browser.post(f"/p/webhooks/endpoints/{endpoint}/resume", headers=HTMX)
    assert (await Endpoint.get(id=endpoint)).state == EndpointState.ACTIVE
    gone = await browser.post(f"/p/webhooks/endpoints/{endpoint}/remove", headers=HTMX)
    assert gone.headers["hx-redirect"] == "/p/webhooks/"
    assert not await Delivery.exists()
    actions = await fetch_value("SELECT array_agg(action ORDER BY id) FROM core_audit WHERE action LIKE 'webhooks.%'")
    assert actions == [
        "webhooks.endpoint_added",
        "webhooks.endpoint_state",
        "webhooks.endpoint_state",
        "webhooks.endpoint_removed",
    ]


async def test_an_agent_sees_nothing_of_it(app: App, client: Client, on: TenantRef) -> None:
    await client.log_in(await add_person(app.platform, on, "anna", "agent"))
    assert (await client.get("/p/webhooks/")).status_code == 403
    assert (await client.get("/api/v1/webhooks/endpoints", headers=JSON)).status_code == 403


async def test_pages_speak_russian(browser: Client) -> None:
    await browser.post("/preferences/language/ru")
    page = await browser.get("/p/webhooks/")
    assert "Вебхуки" in page.text


async def test_programs_do_the_same(browser: Client, receiver: Any, calls: Any, jobs: Jobs) -> None:
    given = {"url": receiver.url, "events": ["interaction.ended"]}
    first = await browser.post("/api/v1/webhooks/endpoints", json=given, headers={**JSON, "idempotency-key": "a"})
    again = await browser.post("/api/v1/webhooks/endpoints", json=given, headers={**JSON, "idempotency-key": "a"})
    assert first.status_code == 201
    assert first.json() == again.json()
    assert "secret" not in first.json()
    endpoint = f"/api/v1/webhooks/endpoints/{first.json()['id']}"
    secret = (await browser.post(f"{endpoint}/secret", headers=JSON)).json()["secret"]
    for _call in range(3):
        await calls()
    await jobs.run_due()
    assert all(request.signed_with(secret) for request in receiver.received)
    page = (await browser.get("/api/v1/webhooks/deliveries?limit=2&state=delivered", headers=JSON)).json()
    rest = await browser.get(f"/api/v1/webhooks/deliveries?limit=2&cursor={page['next']}", headers=JSON)
    assert len(page["items"]) == 2
    assert len(rest.json()["items"]) == 1
    assert rest.json()["next"] is None
    detail = (await browser.get(f"/api/v1/webhooks/deliveries/{page['items'][0]['id']}", headers=JSON)).json()
    assert detail["attempts"][0]["status"] == 204
    assert (await browser.get("/api/v1/webhooks/figures", headers=JSON)).json()["delivered"] == 3
    changed = await browser.put(endpoint, json={**given, "events": ["*"]}, headers=JSON)
    assert changed.json()["events"] == ["*"]
    refused = await browser.put(endpoint, json={**given, "url": "http://10.0.0.1/"}, headers=JSON)
    assert refused.status_code == 422
    assert "url" in refused.json()["fields"]
    assert (await browser.delete(endpoint, headers=JSON)).status_code == 204
    assert (await browser.get(endpoint, headers=JSON)).status_code == 404
