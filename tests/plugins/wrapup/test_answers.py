"""What was answered about a contact, where people look for it: on its card, and from the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import httpx
import pytest

from core.accounts.sessions import open_session
from core.accounts.users import create_user
from core.database.connection import execute, fetch_value
from core.forms.library.store import make_design, publish_design
from core.plugins.context import Context, Platform
from plugins.wrapup import floor, services
from plugins.wrapup.models import Mode
from plugins.wrapup.rules.keeping import set_rule
from plugins.wrapup.rules.values import RuleValues, Side
from plugins.wrapup.work import get_work, subject_of
from switchroom.forms import Reader
from switchroom.interactions import SegmentView
from switchroom.testing.app import web_application
from tests.plugins.wrapup.calls import Agent, make_agent

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("Europe/Berlin"))

DELIVERY = {
    "title": {"en": "Delivery", "ru": "Доставка"},
    "pages": [
        {
            "key": "page",
            "components": [
                {"kind": "text", "key": "street", "label": {"en": "Street & number", "ru": "Улица и дом"}},
                {"kind": "yes_no", "key": "parcel", "label": {"en": "Is it a parcel?"}},
                {"kind": "file", "key": "papers", "label": {"en": "Papers"}, "accepts": ["pdf"]},
                {"kind": "date_time", "key": "wanted", "label": {"en": "Wanted at"}},
                {
                    "kind": "table",
                    "key": "goods",
                    "label": {"en": "Goods"},
                    "columns": [
                        {"key": "name", "label": {"en": "Name"}},
                        {"key": "count", "label": {"en": "Count"}, "asks_for": "number"},
                    ],
                },
                {"kind": "checkbox", "key": "urgent", "label": {"en": "Urgent"}},
                {
                    "kind": "radio",
                    "key": "way",
                    "label": {"en": "Way"},
                    "options": [
                        {"value": "road", "label": {"en": "By road"}},
                        {"value": "air", "label": {"en": "By air"}},
                    ],
                },
            ],
        }
    ],
}


@pytest.fixture
async def anna(ctx: Context) -> Agent:
    """An agent who takes calls, after which a form of the tenant's own is asked."""
    await make_design(ctx, "delivery", DELIVERY)
    await publish_design(ctx, "delivery", 1)
    await set_rule(ctx, "", Side.INBOUND, RuleValues(mode=Mode.REQUIRED, form="custom:delivery"))
    return await make_agent(ctx)


@pytest.fixture
async def browser(ctx: Context, anna: Agent, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the agent is signed in."""
    headers = {"accept": "text/html", "hx-request": "true", "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web_application(platform), raise_app_exceptions=False),
        base_url="http://calls.test",
        headers=headers,
        cookies={"switchroom": await open_session(ctx, anna.id)},
    ) as opened:
        yield opened


async def given_file(agent: Agent, segment: SegmentView) -> int:
    """A file that the agent has added to the form."""
    await execute(
        "INSERT INTO core_form_file (tenant_id, user_id, form, subject, field, name, media_type, size, sha256, "
        "store_key, state, expires_at, uploaded_at) VALUES ($1, $2, 'custom:delivery', $3, 'papers', 'a<b>.pdf', "
        "'application/pdf', 5, '', 'none', 'loose', now() + interval '1 day', now())",
        agent.ctx.tenant.id,
        agent.id,
        subject_of(segment.id),
    )
    found: int = await fetch_value("SELECT max(id) FROM core_form_file")
    return found


async def test_answers_stand_on_the_card_and_in_the_journal_with_corrections_beside(
    anna: Agent, browser: httpx.AsyncClient
) -> None:
    segment = await anna.has_ended_a_call()
    file_id = await given_file(anna, segment)
    form = await services.whole_form(anna.ctx, services.LATER, segment.id, anna.id)
    typed = {
        "street": "<b>Main street</b> 5",
        "parcel": "no",
        "papers": str(file_id),
        "wanted": "2031-05-04T18:30",
        "goods": '["Cup", "3", "Plate", "4"]',
        "way": "air",
        "successful": "yes",
        "reason": "complaint",
        "comment": "First.",
    }
    await services.send(anna.ctx, segment.id, anna.id, typed, READER, form)
    tab = f"/p/wrapup/contacts/{segment.interaction_id}/answers"
    shown = (await browser.get(tab)).text
    order = [
        "Street &amp; number",
        "&lt;b&gt;Main street&lt;/b&gt; 5",
        "Is it a parcel?</dt><dd>No",
        f'href="/p/wrapup/contacts/{segment.interaction_id}/files/{file_id}"',
        "a&lt;b&gt;.pdf",
        "4 May 2031, 16:30",
        "Name: Cup, Count: 3\nName: Plate, Count: 4",
        "By air",
        "Complaint",
        "First.",
    ]
    places = [shown.find(text) for text in order]
    assert -1 not in places, dict(zip(order, places, strict=True))
    assert places == sorted(places)
    assert "Urgent" not in shown
    # In the reader's language, where the form says it.
    await execute("UPDATE core_user SET language = 'ru' WHERE id = $1", anna.id)
    russian = (await browser.get(tab)).text
    assert "Улица и дом" in russian
    assert "Нет</dd>" in russian
    await execute("UPDATE core_user SET language = 'en' WHERE id = $1", anna.id)
    # The journal leads to it, and so does the card.
    assert f'data-load-dialog="/home/journal/{segment.interaction_id}"' in (await browser.get("/home/journal")).text
    for page in (f"/home/journal/{segment.interaction_id}", f"/card/{segment.interaction_id}"):
        assert f'hx-get="{tab}"' in (await browser.get(page)).text

    sue = (await create_user(anna.ctx, "sue", "Sue", "correct horse", ["supervisor"])).id
    work = await get_work(anna.ctx, segment.id)
    correction = await floor.correction_form(anna.ctx, work)
    changed = typed | {"comment": "Second.", "street": "Side street"}
    await floor.correct(anna.ctx, segment.id, sue, changed, READER, correction, "Heard <i>it</i>.")
    shown = (await browser.get(tab)).text
    for text in ("First.", "Second.", "Sue", "Heard &lt;i&gt;it&lt;/i&gt;.", "Side street", "a&lt;b&gt;.pdf"):
        assert text in shown, text
    assert shown.count(f"/files/{file_id}") == 2


async def test_nobody_sees_answers_and_files_of_a_contact_that_is_not_his(
    anna: Agent, browser: httpx.AsyncClient
) -> None:
    segment = await anna.has_ended_a_call()
    mine = f"/p/wrapup/contacts/{segment.interaction_id}"
    file_id = await given_file(anna, segment)
    # It was not sent with a form, so it is no part of the contact.
    assert (await browser.get(f"{mine}/files/{file_id}")).status_code == 404
    ben = await make_agent(anna.ctx, "ben")
    browser.cookies.set("switchroom", await open_session(anna.ctx, ben.id))
    for address in (f"{mine}/answers", f"{mine}/files/{file_id}", f"/home/journal/{segment.interaction_id}"):
        assert (await browser.get(address)).status_code == 404, address
