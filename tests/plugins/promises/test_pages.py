"""The bell and the pages as a browser gets them, and the same for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.accounts.permissions import SUPERVISOR
from core.database.connection import execute, fetch, fetch_value
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from switchroom.testing.app import App
from switchroom.testing.html import html_problems
from switchroom.testing.people import Agent, Client, add_agent, add_person
from tests.plugins.promises.people import NUMBER, promised, time_passes

pytestmark = pytest.mark.anyio

HTMX = {"hx-request": "true", "sec-fetch-site": "same-origin"}
SOON = timedelta(hours=3)


@pytest.fixture
async def anna(app: App, agent: Agent) -> AsyncIterator[Client]:
    """Anna's browser."""
    async with Client(app.web, **HTMX) as browser:
        await browser.log_in(agent)
        yield browser


@pytest.fixture
async def sue(app: App, platform: Platform, tenant: TenantRef) -> AsyncIterator[Client]:
    """The browser of a supervisor."""
    async with Client(app.web, **HTMX) as browser:
        await browser.log_in(await add_person(platform, tenant, "sue", SUPERVISOR))
        yield browser


@pytest.fixture
async def ben(platform: Platform, tenant: TenantRef) -> Agent:
    """Another agent at work."""
    return await add_agent(platform, tenant, "ben")


def local(moment: datetime) -> str:
    """A time as a field for date and time gives it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}"


def sound(page: httpx.Response) -> str:
    """The text of a page that is there, and whose HTML is sound."""
    assert page.status_code == 200, page.text
    assert html_problems(page.text) == []
    assert " style=" not in page.text
    assert "<script" not in page.text or "<!doctype" in page.text.lower()
    return page.text


# --- The bell ---


async def test_the_bell_hangs_in_the_top_bar_of_who_keeps_promises(
    app: App, anna: Client, platform: Platform, tenant: TenantRef, agent: Agent
) -> None:
    page = (await anna.get("/", headers={"hx-request": "false"})).text
    assert 'id="bar-promises"' in page
    assert f'data-live="promises:{agent.id}"' in page
    assert 'id="bar-promises"' in (await anna.get("/workspace")).text
    async with Client(app.web) as reader:
        await reader.log_in(await add_person(platform, tenant, "rita", "kb_reader"))
        assert 'id="bar-promises"' not in (await reader.get("/")).text
        assert (await reader.get("/p/promises/bell")).status_code == 403


async def test_the_bell_counts_what_is_due_and_lists_what_comes_next(anna: Client, agent: Agent) -> None:
    assert "You owe nothing at the moment." in sound(await anna.get("/p/promises/bell"))
    late = await promised(agent, contact_name="<b>Kim</b>")
    await time_passes(late, 65)
    await promised(agent, contact_name="Lea", contact_number="+81312345678")
    bell = sound(await anna.get("/p/promises/bell"))
    assert "Promises: 1 due" in bell
    assert bell.index("&lt;b&gt;Kim") < bell.index("Lea")
    assert "for the customer, Tokyo" in bell
    assert f'data-token="{late}:due:' in bell
    assert bell.count("data-token=") == 1
    assert "is nobody" not in bell


async def test_what_has_been_due_for_long_is_not_said_again(anna: Client, agent: Agent) -> None:
    late = await promised(agent)
    await time_passes(late, 120)
    assert "data-token=" not in (await anna.get("/p/promises/bell")).text


async def test_done_and_put_off_from_the_bell(anna: Client, agent: Agent) -> None:
    done, later = await promised(agent), await promised(agent, contact_number="")
    answer = await anna.post(f"/p/promises/{done}/keep", data={"why": ""})
    assert answer.status_code == 204
    assert "promises:changed" in answer.headers["HX-Trigger"]
    for by, least in (("15m", 14), ("1h", 59), ("tomorrow", 60)):
        assert (await anna.post(f"/p/promises/{later}/put-off", data={"by": by})).status_code == 204
        due = await fetch_value("SELECT due_at FROM promises_promise WHERE id = $1", later)
        assert due > datetime.now(UTC) + timedelta(minutes=least)
    again = await anna.post(f"/p/promises/{done}/keep", data={"why": ""})
    assert again.status_code == 409
    assert (await anna.post(f"/p/promises/{later}/put-off", data={"by": "never"})).status_code == 422


async def test_what_is_put_off_into_the_customers_night_says_so(anna: Client, agent: Agent) -> None:
    made = await promised(agent, contact_number="+81312345678")
    in_the_night = (datetime.now(UTC) + timedelta(days=2)).replace(hour=18, minute=0)
    answer = await anna.post(f"/p/promises/{made}/put-off", data={"due": local(in_the_night), "clock": "mine"})
    assert "Outside of the customer's day" in answer.headers["HX-Trigger"]
    answer = await anna.post(f"/p/promises/{made}/put-off", data={"due": local(in_the_night), "clock": "customer"})
    due = await fetch_value("SELECT due_at FROM promises_promise WHERE id = $1", made)
    assert due.astimezone(UTC).hour == 9


# --- The agent's page ---


async def test_the_page_shows_the_day_and_what_is_overdue_today_and_later(anna: Client, agent: Agent) -> None:
    sound(await anna.get("/p/promises/", headers={"hx-request": "false"}))
    assert "You owe nothing" in sound(await anna.get("/p/promises/mine"))
    late, later = await promised(agent), await promised(agent, minutes=60 * 30, contact_name="Lea", subject="Invoice")
    await time_passes(late, 65)
    page = sound(await anna.get("/p/promises/mine"))
    assert page.index("Overdue") < page.index("Later")
    assert f'id="mine-{late}"' in page
    assert 'class="promise-line"' in page
    assert "1 more promise to this number" in page
    found = sound(await anna.get("/p/promises/mine?words=invoice"))
    assert f'id="mine-{later}"' in found
    assert f'id="mine-{late}"' not in found
    assert "Nothing fits" in (await anna.get("/p/promises/mine?kind=other")).text
    assert "Nothing settled" in sound(await anna.get("/p/promises/mine?settled=1"))
    await anna.post(f"/p/promises/{late}/keep", data={"why": ""})
    assert "Kept" in sound(await anna.get("/p/promises/mine?settled=1"))
    assert "Lea" in sound(await anna.get("/p/promises/section"))


async def test_a_callback_is_promised_by_hand(anna: Client, agent: Agent) -> None:
    segment = await agent.has_served("Kim", NUMBER)
    form = sound(await anna.get(f"/p/promises/new?interaction={segment.interaction_id}"))
    assert NUMBER in form
    answer = await anna.post(
        "/p/promises/new",
        data={
            "number": "+49 30 123456",
            "name": "Kim",
            "subject": "Offer",
            "due": local(datetime.now(UTC) + SOON),
            "clock": "mine",
        },
    )
    assert answer.status_code == 204, answer.text
    (row,) = await fetch("SELECT * FROM promises_promise")
    assert (row["contact_number"], row["owner_id"], row["kind"]) == (NUMBER, agent.id, "callback")
    assert row["url"] == f"/card/{segment.interaction_id}"
    assert f'href="/card/{segment.interaction_id}"' in (await anna.get("/p/promises/mine")).text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"number": "12", "due": "2030-01-01T10:00"}, "number"),
        ({"due": "2030-01-01T10:00"}, "number"),
        ({"number": NUMBER, "due": "2020-01-01T10:00"}, "due"),
        ({"number": NUMBER, "due": "tea time"}, "due"),
        ({"number": NUMBER, "due": "2029-01-01T10:00", "zone": "Mars/Base"}, "zone"),
        ({"number": "+79161234567", "due": "2029-01-01T10:00", "clock": "customer"}, "zone"),
    ],
)
async def test_a_form_that_cannot_be_used_is_marked_at_its_field(
    anna: Client, values: dict[str, str], field: str
) -> None:
    answer = await anna.post("/p/promises/new", data=values)
    assert answer.status_code == 422
    assert field in answer.headers["Switchroom-Problem"]
    assert await fetch_value("SELECT count(*) FROM promises_promise") == 0


async def test_the_form_says_what_is_promised_already_and_refuses_to_double_it(anna: Client, ben: Agent) -> None:
    await promised(ben)
    due = local(datetime.now(UTC) + SOON)
    check = sound(await anna.get("/p/promises/new/check", params={"number": "+49 30 123456", "due": due}))
    assert "Something is promised to this number already:" in check
    assert "Ben" in check
    assert "for the customer, Berlin" in check
    asked = {"number": NUMBER, "due": due, "clock": "mine"}
    refused = await anna.post("/p/promises/new", data=asked)
    assert (refused.status_code, "by Ben" in refused.headers["Switchroom-Problem"]) == (409, True)
    assert (await anna.post("/p/promises/new", data=asked | {"also": "1"})).status_code == 204
    full = sound(await anna.get("/p/promises/new/check", params={"number": "", "due": due}))
    assert "1 promise of yours is due" in full
    several = sound(await anna.get("/p/promises/new/check", params={"number": "+79161234567", "due": due}))
    assert "The number may be in any of" in several


async def test_details_show_the_history_and_let_one_choose_the_zone(anna: Client, agent: Agent) -> None:
    made = await promised(agent)
    for address in (f"/p/promises/{made}/later", f"/p/promises/{made}/withdraw"):
        sound(await anna.get(address))
    assert (await anna.post(f"/p/promises/{made}/zone", data={"zone": "Asia/Tokyo"})).status_code == 204
    page = sound(await anna.get(f"/p/promises/{made}"))
    assert "for the customer, Tokyo" in page
    assert "Time zone of the customer changed" in page
    assert (await anna.post(f"/p/promises/{made}/zone", data={"zone": "Mars/Base"})).status_code == 422
    assert (await anna.post(f"/p/promises/{made}/withdraw", data={"why": ""})).status_code == 422
    assert (await anna.post(f"/p/promises/{made}/withdraw", data={"why": "Solved."})).status_code == 204
    assert "Solved." in sound(await anna.get(f"/p/promises/{made}"))


async def test_an_agent_sees_and_touches_nothing_of_others(anna: Client, ben: Agent) -> None:
    made = await promised(ben, contact_name="Secret")
    assert (await anna.get(f"/p/promises/{made}")).status_code == 404
    for deed in ("keep", "put-off", "withdraw", "zone"):
        answer = await anna.post(f"/p/promises/{made}/{deed}", data={"why": "x", "by": "1h", "zone": ""})
        assert answer.status_code == 404, deed
    for address in ("all", "all/list", "all/picture", f"{made}/give"):
        assert (await anna.get(f"/p/promises/{address}")).status_code == 403
    assert (await anna.post(f"/p/promises/{made}/take")).status_code == 403
    assert "Secret" not in (await anna.get("/search/plugins?q=Secret")).text


# --- The supervisor's page ---


async def test_a_supervisor_sees_all_and_gives_what_is_nobodys(
    sue: Client, anna: Client, agent: Agent, ben: Agent
) -> None:
    assert "Nobody owes anything" in sound(await sue.get("/p/promises/all/list"))
    sound(await sue.get("/p/promises/all/picture"))
    left, other = await promised(agent, owner_id=None), await promised(ben, contact_number="", contact_name="Lea")
    await time_passes(left, 65)
    sound(await sue.get("/p/promises/all", headers={"hx-request": "false"}))
    assert "1 is nobody's" in (await sue.get("/p/promises/bell")).text.replace("&#39;", "'")
    for show, there, not_there in (("unowned", left, other), ("late", left, other), ("", other, 0)):
        page = sound(await sue.get(f"/p/promises/all/list?show={show}"))
        assert f'id="all-{there}"' in page
        assert f'id="all-{not_there}"' not in page
    assert f'id="all-{other}"' in (await sue.get(f"/p/promises/all/list?owner={ben.id}")).text
    assert "Ben" in sound(await sue.get(f"/p/promises/{left}/give"))
    given = await sue.post(f"/p/promises/{left}/give", data={"owner": str(agent.id), "why": ""})
    assert "Given to Anna." in given.headers["HX-Trigger"]
    assert f'id="bell-{left}"' in (await anna.get("/p/promises/bell")).text
    assert (await sue.post(f"/p/promises/{left}/give", data={"owner": "0", "why": ""})).status_code == 422
    assert "It is yours now." in (await sue.post(f"/p/promises/{other}/take")).headers["HX-Trigger"]
    assert (await sue.post(f"/p/promises/{left}/keep", data={"why": ""})).status_code == 422
    sound(await sue.get(f"/p/promises/{left}/keep"))
    assert (await sue.post(f"/p/promises/{left}/keep", data={"why": "By mail."})).status_code == 204
    assert "Everything has an owner" in sound(await sue.get("/p/promises/all/list?show=unowned"))
    assert "Lea" in (await sue.get("/search/plugins?q=Lea")).text


async def test_the_picture_tells_what_was_kept_in_time(sue: Client, agent: Agent) -> None:
    for state, minutes in (("kept", -5), ("kept", 5), ("kept", 30), ("withdrawn", 0), ("released", 0)):
        made = await promised(agent, contact_number="")
        await execute(
            "UPDATE promises_promise SET state = $2, settled_at = now(), "
            "due_at = now() - make_interval(mins => $3) WHERE id = $1",
            made,
            state,
            minutes,
        )
    picture = sound(await sue.get("/p/promises/all/picture"))
    assert "67 <small>%</small>" in picture
    assert all(f'class="{name}"' in picture for name in ("in_time", "late", "withdrawn", "released"))


# --- Russian ---


async def test_the_pages_speak_russian(app: App, agent: Agent) -> None:
    await execute("UPDATE core_user SET language = 'ru' WHERE id = $1", agent.id)
    late = await promised(agent)
    await time_passes(late, 65)
    async with Client(app.web, **HTMX) as browser:
        await browser.log_in(agent)
        assert "Обещания: 1 к сроку" in sound(await browser.get("/p/promises/bell"))
        assert "Просрочено" in sound(await browser.get("/p/promises/mine"))


# --- After a call ---


async def test_a_next_attempt_is_promised_with_the_form_after_the_call(anna: Client, agent: Agent) -> None:
    segment = await agent.has_served("Kim", NUMBER)
    soon = local(datetime.now(UTC) + SOON)
    answers = {
        "answer.successful": "no",
        "answer.next_attempt": "at",
        "answer.next_attempt_at": soon,
        "kept.next_attempt_at": soon,  # It may be night for the customer.
        "answer.comment": "Busy.",
        "answer.after_service": "continue",
    }
    assert (await anna.post(f"/p/wrapup/segments/{segment.id}", data=answers)).status_code == 200
    (row,) = await fetch("SELECT * FROM promises_promise")
    assert (row["kind"], row["reference"]) == ("next_attempt", f"wrapup:core:segment:{segment.id}")
    assert (row["owner_id"], row["contact_number"], row["subject"]) == (agent.id, NUMBER, "Busy.")
    assert row["url"] == f"/card/{segment.interaction_id}"
    assert "Next attempt" in (await anna.get("/p/promises/bell")).text
    assert (await anna.get("/p/wrapup/panel")).status_code == 204


# --- Programs ---


async def test_programs_make_and_keep_promises(anna: Client, sue: Client, agent: Agent, ben: Agent) -> None:
    api = "/api/v1/promises/promises"
    due = (datetime.now(UTC) + SOON).isoformat()
    made = await anna.post(api, json={"due": due, "contact_number": "+49 30 123456", "contact_name": "Kim"})
    assert made.status_code == 201, made.text
    one = f"{api}/{made.json()['id']}"
    doubled = await anna.post(api, json={"due": due, "contact_number": NUMBER})
    assert (doubled.status_code, doubled.json()["code"]) == (409, "already_promised")
    assert (await anna.post(api, json={"due": due, "contact_number": NUMBER, "also": True})).status_code == 201
    first = (await anna.get(api, params={"limit": 1})).json()
    rest = (await anna.get(api, params={"limit": 1, "cursor": first["next"]})).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [1, 1, None]
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert (await anna.post(f"{one}/put-off", json={"due": later, "why": "Busy."})).json()["state"] == "open"
    assert (await anna.put(f"{one}/zone", json={"zone": "Asia/Tokyo"})).json()["contact_zone"] == "Asia/Tokyo"
    assert (await anna.post(f"{one}/take")).status_code == 403
    assert (await sue.post(f"{one}/give", json={"owner_id": ben.id})).json()["owner"] == "Ben"
    assert (await anna.get(one)).status_code == 404
    assert (await anna.get(api, params={"everybody": True})).json()["items"][0]["owner"] == "Anna"
    assert len((await sue.get(api, params={"everybody": True})).json()["items"]) == 2
    assert (await sue.post(f"{one}/take")).json()["owner"] == "Sue"
    assert (await sue.post(f"{one}/withdraw", json={})).status_code == 422
    assert (await sue.post(f"{one}/keep", json={})).json()["state"] == "kept"
    steps = (await sue.get(f"{one}/history")).json()["items"]
    assert [step["what"] for step in steps] == ["made", "put_off", "zone", "given", "taken", "kept"]
    assert len((await sue.get(api, params={"everybody": True, "settled": True})).json()["items"]) == 1
    assert (await sue.get(api, params={"unowned": True})).json()["items"] == []
    assert (await anna.get(api, params={"cursor": "WzEsImEiXQ"})).status_code == 422
