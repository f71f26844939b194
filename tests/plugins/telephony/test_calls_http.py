"""The softphone and the customer's page over HTTP: what a browser sends and gets, right and wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from core import provisioning
from core.accounts.sessions import open_session
from core.database.connection import fetch_value
from core.plugin_lifecycle import disable_plugin
from plugins.telephony.provider import LegState, Sound
from plugins.telephony.services.calling import BegunCall
from plugins.telephony.states import Side
from switchroom.testing.app import web_application
from tests.plugins.telephony.call_office import Office, open_office
from tests.plugins.telephony.scripted import ANSWER, OFFER

pytestmark = pytest.mark.anyio

SAME_SITE = {"sec-fetch-site": "same-origin", "accept": "application/json"}
CALL = {"name": "Kim", "number": "+44 20 7946 0000", "subject": "Delivery", "sdp": OFFER}


@dataclass
class Site:
    """An office with its web server.

    Attributes:
        agent: The user id of the one agent.
        softphone: The browser of that agent.
        customer: A browser without a login.
    """

    office: Office
    agent: int
    softphone: httpx.AsyncClient
    customer: httpx.AsyncClient

    async def ring(self) -> tuple[str, int]:
        """A customer calls and it rings: gives the customer's token and the offer."""
        token = (await self.customer.post("/call/acme/calls", json=CALL)).json()["token"]
        return token, (await self.office.offer(self.agent)).id

    async def talk(self) -> tuple[str, str]:
        """The agent has answered: gives the customer's token and the address of the agent's call."""
        token, offer = await self.ring()
        answer = await self.softphone.post(f"/p/telephony/offers/{offer}/accept", json={"sdp": OFFER})
        return token, f"/p/telephony/calls/{answer.json()['interaction_id']}"


@pytest.fixture
async def site(database_url: str) -> AsyncIterator[Site]:
    async with open_office(database_url) as office:
        agent = await office.agent()
        token = await open_session(office.ctx, agent)
        transport = httpx.ASGITransport(web_application(office.platform))
        address = {"transport": transport, "base_url": "http://localhost", "headers": SAME_SITE}
        async with (
            httpx.AsyncClient(**address, cookies={"switchroom": token}) as softphone,
            httpx.AsyncClient(**address) as customer,
        ):
            yield Site(office, agent, softphone, customer)


async def test_the_page_is_for_everybody(site: Site) -> None:
    shown = await site.customer.get("/call/acme", headers={"accept": "text/html", "accept-language": "en"})

    assert shown.status_code == 200
    assert "Call Acme" in shown.text
    assert (await site.customer.get("/call/nobody")).status_code == 404


async def test_a_call_begins_and_its_state_is_told(site: Site) -> None:
    begun = await site.customer.post("/call/acme/calls", json=CALL)
    assert (begun.status_code, begun.json()["sdp"]) == (201, ANSWER)

    state = (await site.customer.get(f"/call/acme/calls/{begun.json()['token']}")).json()

    assert (state["phase"], state["position"], state["ended"]) == ("waiting", 1, "")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"name": ""}, 422, "invalid_input", "name"),
        ({"number": "1"}, 422, "invalid_input", "number"),
        ({"sdp": "nonsense"}, 422, "malformed_offer", "sdp"),
        ({"sdp": "v=0" + "x" * 70_000}, 400, "invalid_input", "sdp"),
        ({"sdp": None}, 400, "invalid_input", "sdp"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_name(
    site: Site, change: dict[str, str], status: int, code: str, field: str
) -> None:
    refused = await site.customer.post("/call/acme/calls", json=CALL | change)

    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (status, code)
    assert field in problem["fields"]
    assert await fetch_value("SELECT count(*) FROM core_interaction") == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe"])
async def test_a_body_that_is_no_json_is_refused(site: Site, body: bytes) -> None:
    refused = await site.customer.post("/call/acme/calls", content=body, headers={"content-type": "application/json"})

    assert refused.status_code == 400


async def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    refused = await site.customer.post("/call/acme/calls", json=CALL | {"sdp": "x" * 200_000})

    assert refused.status_code == 413


async def test_another_site_cannot_make_a_browser_call(site: Site) -> None:
    refused = await site.customer.post("/call/acme/calls", json=CALL, headers={"sec-fetch-site": "cross-site"})

    assert refused.status_code == 403
    assert not site.office.switch.known


async def test_an_unreachable_media_server_is_a_sentence_and_no_fault(site: Site) -> None:
    site.office.switch.unreachable = "it is gone"

    refused = await site.customer.post("/call/acme/calls", json=CALL)

    assert (refused.status_code, refused.json()["code"]) == (503, "media_unavailable")
    assert refused.json()["mend"]


async def test_the_softphone_shows_who_calls_and_escapes_it(site: Site) -> None:
    await site.customer.post("/call/acme/calls", json=CALL | {"name": "<b>Kim's \"</b>"})
    offer = await site.office.offer(site.agent)

    shown = (await site.softphone.get("/p/telephony/softphone", headers={"accept": "text/html"})).text

    assert f'data-offer="{offer.id}"' in shown
    assert "&lt;b&gt;Kim&#39;s &#34;&lt;/b&gt;" in shown
    assert "<b>" not in shown
    assert "+44 20 7946 0000" in shown


async def test_an_agent_answers_holds_mutes_and_hangs_up(site: Site) -> None:
    token, call = await site.talk()
    office = site.office
    begun = BegunCall(token, ANSWER)
    assert (await office.heard(begun, Side.CALLER)).peer

    for command in ("hold", "resume", "mute", "unmute"):
        assert (await site.softphone.post(f"{call}/{command}")).status_code == 204
    assert (await site.softphone.post(f"{call}/digits", json={"digits": "5"})).status_code == 204
    assert (await office.heard(begun, Side.CALLER)).sound is Sound.HOLD_MUSIC
    assert (await site.softphone.post(f"{call}/hangup")).status_code == 204

    state = (await site.customer.get(f"/call/acme/calls/{token}")).json()
    assert (state["phase"], state["cause"]) == ("ended", "agent_hung_up")
    assert "Thank you" in state["ended"]


async def test_typed_errors_reach_the_softphone(site: Site) -> None:
    token, offer = await site.ring()
    accept = f"/p/telephony/offers/{offer}/accept"
    malformed = await site.softphone.post(accept, json={"sdp": "nonsense"})
    assert (malformed.status_code, malformed.json()["code"]) == (422, "malformed_offer")

    assert (await site.softphone.post(accept, json={"sdp": OFFER})).status_code == 200
    again = await site.softphone.post(accept, json={"sdp": OFFER})
    assert (again.status_code, again.json()["code"]) == (409, "offer_gone")

    assert (await site.customer.post(f"/call/acme/calls/{token}/hangup")).status_code == 204
    dead = await site.customer.post(f"/call/acme/calls/{token}/hangup")
    assert (dead.status_code, dead.json()["code"]) == (409, "call_gone")
    missing = await site.softphone.post("/p/telephony/offers/999/accept", json={"sdp": OFFER})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/p/telephony/softphone"),
        ("GET", "/p/telephony/ice"),
        ("POST", "/p/telephony/offers/1/accept"),
        ("POST", "/p/telephony/offers/1/reject"),
        ("POST", "/p/telephony/calls/1/hold"),
        ("POST", "/p/telephony/calls/1/hangup"),
    ],
)
async def test_the_softphone_is_for_agents_alone(site: Site, method: str, path: str) -> None:
    refused = await site.customer.request(method, path)

    assert refused.status_code == 401


async def test_a_tenant_without_telephony_has_no_call_page(site: Site) -> None:
    await disable_plugin(site.office.platform, site.office.ctx, "telephony")

    for method, path in (("GET", "/call/acme"), ("POST", "/call/acme/calls"), ("GET", "/p/telephony/softphone")):
        assert (await site.softphone.request(method, path)).status_code == 404


async def test_a_call_goes_on_while_telephony_is_being_switched_off_and_no_new_one_begins(site: Site) -> None:
    token, call = await site.talk()
    office = site.office

    await disable_plugin(office.platform, office.ctx, "telephony")

    refused = await site.customer.post("/call/acme/calls", json=CALL)
    assert refused.status_code == 404
    assert (await site.customer.get(f"/call/acme/calls/{token}")).json()["phase"] == "talking"
    assert (await site.softphone.post(f"{call}/hold")).status_code == 204
    await office.jobs.let_time_pass("core.finish_switching_off")
    assert (await site.softphone.post(f"{call}/hangup")).status_code == 204
    state = (await site.customer.get(f"/call/acme/calls/{token}")).json()
    assert (state["phase"], state["cause"]) == ("ended", "agent_hung_up")

    await office.jobs.run_due()
    await office.jobs.let_time_pass("core.finish_switching_off")
    assert (await site.softphone.get("/p/telephony/softphone")).status_code == 404
    assert (await site.customer.get("/call/acme")).status_code == 404
    assert {leg.state for leg in office.switch.known.values()} == {LegState.ENDED}
    left = "SELECT count(*) FROM core_job WHERE name IN ('core.finish_switching_off', 'telephony.drop_legs')"
    assert await fetch_value(left) == 0


@pytest.mark.parametrize("plugin", ["wrapup", "routing"])
async def test_a_call_goes_on_when_another_plugin_is_switched_off(site: Site, plugin: str) -> None:
    token, call = await site.talk()

    await disable_plugin(site.office.platform, site.office.ctx, plugin)

    for command in ("hold", "resume", "hangup"):
        assert (await site.softphone.post(f"{call}/{command}")).status_code == 204
    state = (await site.customer.get(f"/call/acme/calls/{token}")).json()
    assert (state["phase"], state["cause"]) == ("ended", "agent_hung_up")
    await site.office.jobs.run_due()
    assert await fetch_value("SELECT status FROM core_agent WHERE user_id = $1", site.agent) == "waiting"


async def test_a_call_belongs_to_its_own_organisation(site: Site) -> None:
    token, _offer = await site.ring()
    await provisioning.create_tenant(site.office.platform, slug="globex", name="Globex")

    assert (await site.customer.get(f"/call/globex/calls/{token}")).status_code == 404
    assert (await site.customer.post(f"/call/globex/calls/{token}/hangup")).status_code == 404
