"""The time of the next attempt: shortcuts, and warnings when the queue is closed or the customer asleep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from core.accounts.sessions import open_session
from core.agents.states import Status
from core.interactions.rows import get_interaction
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from plugins.promises.calling import CustomerDay
from plugins.promises.models import Promise
from plugins.routing.hours import Hours, Span
from plugins.routing.models import reference_of
from plugins.routing.opening import OpenQueue
from plugins.routing.services.queues import create_queue
from plugins.routing.services.values import QueueValues
from plugins.wrapup.attempts import next_possible, outside_hours, shortcuts
from plugins.wrapup.settings import WrapUpSettings
from switchroom.forms import Reader
from switchroom.testing.app import web_application
from switchroom.testing.enabling import switch_off
from tests.plugins.wrapup.calls import Agent, make_agent

pytestmark = pytest.mark.anyio

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {day: (Span(600, 1080),) for day in range(5)}
TOKYO = "+81312345678"
FAILED = [("answer.successful", "no"), ("answer.next_attempt", "at")]
SUNDAY = "2031-06-01T11:00"
"""In Berlin; a queue with the hours of an office opens on Monday at ten."""


@pytest.fixture
async def anna(ctx: Context) -> Agent:
    """An agent in Berlin who takes calls."""
    return await make_agent(ctx, timezone="Europe/Berlin")


@pytest.fixture
async def browser(ctx: Context, anna: Agent, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """Her browser."""
    token = await open_session(ctx, anna.id)
    transport = httpx.ASGITransport(app=web_application(platform), raise_app_exceptions=False)
    headers = {"accept": "text/html", "hx-request": "true", "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://calls.test", headers=headers, cookies={"switchroom": token}
    ) as client:
        yield client


async def office(ctx: Context) -> str:
    """A queue that is open from Monday to Friday, ten to six in Berlin."""
    values = QueueValues("Office", timezone="Europe/Berlin", always_open=False, week=OFFICE)
    return reference_of(await create_queue(ctx, values))


def local(text: str) -> datetime:
    """A time in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "hours", "wanted"),
    [
        # A Friday, before and after the afternoon has begun; a queue without hours works Monday to Friday.
        ("2031-05-30T11:20", None, ["05-30T12:20", "05-30T15:00", "05-31T09:00", "06-02T09:00"]),
        ("2031-05-30T16:00", None, ["05-30T17:00", "05-31T09:00", "06-02T09:00"]),
        # One that opens at ten, and not at all on the Monday that follows.
        ("2031-05-30T16:00", OFFICE, ["05-30T17:00", "05-31T09:00", "06-03T10:00"]),
        ("2031-06-03T16:00", OFFICE, ["06-03T17:00", "06-04T09:00", "06-04T10:00"]),
    ],
)
def test_shortcuts_go_by_the_agents_clock_and_the_days_on_which_the_queue_opens(
    now: str, hours: dict[int, tuple[Span, ...]] | None, wanted: list[str]
) -> None:
    closed_monday = {local("2031-06-02T00:00").date(): ()}
    kept = OpenQueue(Hours(BERLIN, hours, closed_monday)) if hours else None
    found = shortcuts(local(now), WrapUpSettings(), kept)
    assert [each.at.astimezone(BERLIN).strftime("%m-%dT%H:%M") for each in found] == wanted


def test_the_next_time_suits_both_and_there_may_be_none() -> None:
    queue = OpenQueue(Hours(BERLIN, OFFICE))
    asleep = local("2031-05-30T17:00")
    # In Tokyo it is seven hours later: the queue's Monday begins in the customer's afternoon.
    assert next_possible(asleep, [queue, CustomerDay((ZoneInfo("Asia/Tokyo"),), 8, 21)]) == local("2031-06-02T10:00")
    assert next_possible(asleep, [queue, CustomerDay((ZoneInfo("Asia/Tokyo"),), 1, 8)]) is None
    # A number that may be in either zone may be called while one of them allows it.
    two = CustomerDay((ZoneInfo("Asia/Tokyo"), BERLIN), 8, 21)
    assert next_possible(asleep, [two]) == asleep
    assert next_possible(local("2031-05-30T00:30"), [two]) == local("2031-05-30T01:00")


async def test_a_time_is_held_against_the_queue_and_the_customers_clock(
    anna: Agent, ctx: Context, platform: Platform, tenant: TenantRef
) -> None:
    segment = await anna.has_ended_a_call(queue=await office(ctx))
    call = await get_interaction(anna.ctx, segment.interaction_id)
    reader = Reader(BERLIN)
    posted = [*FAILED, ("answer.next_attempt_at", SUNDAY)]
    warned = (await outside_hours(anna.ctx, call, posted, reader))["next_attempt_at"]
    assert (warned.queue, warned.customer, warned.kept) == ("Office", None, False)
    assert warned.next_at == local("2031-06-02T10:00")
    kept = await outside_hours(anna.ctx, call, [*posted, ("kept.next_attempt_at", SUNDAY)], reader)
    assert kept["next_attempt_at"].kept
    # Another time than the one that was kept is warned of anew; what is not asked, or cannot be read, is not looked at.
    other = [*FAILED, ("answer.next_attempt_at", "2031-06-01T12:00"), ("kept.next_attempt_at", SUNDAY)]
    assert not (await outside_hours(anna.ctx, call, other, reader))["next_attempt_at"].kept
    for nothing in ([("answer.next_attempt_at", SUNDAY)], [*FAILED, ("answer.next_attempt_at", "soon")]):
        assert await outside_hours(anna.ctx, call, nothing, reader) == {}

    async with platform.context(await switch_off(platform, tenant, "routing")) as without:
        assert await outside_hours(without, call, posted, reader) == {}


async def test_whoever_calls_at_night_is_told_what_the_customers_clock_shows(anna: Agent) -> None:
    segment = await anna.answers_a_call(number=TOKYO)
    call = await get_interaction(anna.ctx, segment.interaction_id)
    posted = [("answer.successful", "yes"), ("answer.deferred", "yes"), ("answer.deferred_at", "2031-06-02T17:00")]
    warned = (await outside_hours(anna.ctx, call, posted, Reader(BERLIN)))["deferred_at"]
    assert warned.customer is not None
    assert (warned.queue, f"{warned.customer:%H:%M}") == ("", "00:00")
    assert warned.next_at == datetime(2031, 6, 2, 23, tzinfo=UTC)


async def test_the_form_comes_back_with_a_warning_and_sent_again_keeps_the_agents_time(
    browser: httpx.AsyncClient, anna: Agent, ctx: Context
) -> None:
    segment = await anna.has_ended_a_call(queue=await office(ctx))
    answers = dict(FAILED) | {"answer.next_attempt_at": SUNDAY, "answer.after_service": "continue"}
    address = f"/p/wrapup/segments/{segment.id}"
    warned = await browser.post(address, data=answers)
    assert warned.status_code == 422
    assert "Office is closed at this time." in warned.text
    assert 'data-wrapup-at="2031-06-02T10:00"' in warned.text
    assert await anna.status() is Status.WRAP_UP
    assert not await Promise.exists()
    assert (await browser.post(address, data=answers | {"kept.next_attempt_at": SUNDAY})).status_code == 200
    assert (await Promise.get()).due_at == datetime(2031, 6, 1, 9, tzinfo=UTC)
    assert await anna.status() is Status.WAITING
