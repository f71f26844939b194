"""A call from the customer's page to the agent's softphone and to its end, and every way it can go otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.agents.states import Status
from core.database.connection import execute, fetch_value
from core.plugin_lifecycle import save_plugin_settings
from plugins.telephony.errors import CallGone, LinesBusy, MediaUnavailable, UnusableOffer
from plugins.telephony.provider import EndCause, LegState, Sound, UnknownLeg
from plugins.telephony.services.answering import answer_offer
from plugins.telephony.services.calling import call_state, hang_up_call
from plugins.telephony.services.softphone import SoftphoneState, softphone_of
from plugins.telephony.services.talking import hang_up, hold_call, mute_agent, resume_call, send_digits, unmute_agent
from plugins.telephony.settings import TenantSettings
from plugins.telephony.states import Side
from switchroom.errors import InvalidInput, NotFound, TooManyRequests
from switchroom.interactions import NotInTalk, OfferGone, OfferState, get_offer, reject_offer
from tests.plugins.telephony.call_office import Office, open_office
from tests.plugins.telephony.scripted import ANSWER, OFFER

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with open_office(database_url) as opened:
        yield opened


# --- The customer calls ---


async def test_a_caller_waits_with_music_and_knows_the_place_in_the_queue(office: Office) -> None:
    first, second = await office.call("Kim"), await office.call("Lee")

    states = [await call_state(office.customer(), call.token) for call in (first, second)]

    assert [(state.phase, state.position, state.cause) for state in states] == [("waiting", 1, ""), ("waiting", 2, "")]
    assert first.sdp == ANSWER
    assert (await office.heard(first, Side.CALLER)).sound is Sound.HOLD_MUSIC
    interaction = await office.interaction(first)
    assert (interaction.contact_name, interaction.contact_number, interaction.subject) == (
        "Kim",
        "+442079460000",
        "Delivery",
    )


async def test_only_a_digest_of_the_callers_secret_is_stored(office: Office) -> None:
    call = await office.call()

    stored = await fetch_value("SELECT token_digest FROM telephony_leg")

    assert len(call.token) >= 43
    assert stored != call.token
    assert len(stored) == 64


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"number": "call me"}, "number"),
        ({"number": "12345"}, "number"),
        ({"number": "+4" * 30}, "number"),
        ({"subject": "x" * 301}, "subject"),
    ],
)
async def test_what_a_customer_enters_wrong_is_named(office: Office, wrong: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await office.call(**wrong)

    assert list(refused.value.fields) == [field]
    assert not office.switch.known


async def test_a_number_of_the_tenants_country_needs_no_country_code(office: Office) -> None:
    with pytest.raises(InvalidInput):
        await office.call(number="020 7946 0000")

    await _set(office, TenantSettings(default_region="GB"))
    call = await office.call(number="020 7946 0000")

    assert (await office.interaction(call)).contact_number == "+442079460000"


async def test_a_malformed_offer_begins_no_call(office: Office) -> None:
    with pytest.raises(UnusableOffer) as refused:
        await office.call(sdp="nonsense")

    assert "sdp" in refused.value.fields
    assert await fetch_value("SELECT count(*) FROM core_interaction") == 0


async def test_a_caller_is_told_when_the_media_server_does_not_answer(office: Office) -> None:
    office.switch.unreachable = "it is gone"

    with pytest.raises(MediaUnavailable):
        await office.call()

    assert await fetch_value("SELECT count(*) FROM core_interaction") == 0


async def test_a_caller_is_told_when_there_is_no_media_server(office: Office) -> None:
    await execute("DELETE FROM telephony_node")

    with pytest.raises(MediaUnavailable):
        await office.call()


async def test_a_leg_whose_call_could_not_be_written_is_hung_up(office: Office) -> None:
    office.switch.refuse = {"play"}

    with pytest.raises(MediaUnavailable):
        await office.call()

    assert not office.switch.alive
    assert await fetch_value("SELECT count(*) FROM core_interaction") == 0


async def test_callers_leave_room_for_the_agents_who_answer_them(database_url: str) -> None:
    async with open_office(database_url, max_legs="4") as office:
        await office.call()
        await office.call()

        with pytest.raises(LinesBusy):
            await office.call()

        assert len(office.switch.alive) == 2


async def test_no_more_callers_wait_than_the_tenant_allows(office: Office) -> None:
    await _set(office, TenantSettings(max_waiting=1))
    agent = await office.agent()
    await office.talk(agent)
    await office.call()

    with pytest.raises(LinesBusy):
        await office.call()


async def test_one_address_begins_only_so_many_calls_a_minute(office: Office) -> None:
    await _set(office, TenantSettings(calls_per_minute=2))
    await office.call()
    await office.call()

    with pytest.raises(TooManyRequests) as refused:
        await office.call()

    assert 1 <= refused.value.retry_after <= 60
    assert (await office.call(address="192.0.2.2")).sdp == ANSWER
    assert "192.0.2" not in await fetch_value("SELECT string_agg(address, ' ') FROM telephony_call_rate")


async def test_a_call_is_nobodys_but_the_pages_that_holds_its_secret(office: Office) -> None:
    await office.call()

    with pytest.raises(NotFound):
        await call_state(office.customer(), "guess")
    with pytest.raises(NotFound):
        await hang_up_call(office.customer(), "guess")


# --- The agent answers ---


async def test_an_agent_answers_and_both_hear_each_other(office: Office) -> None:
    agent = await office.agent()
    call = await office.call()
    offer = await office.offer(agent)
    ringing = await softphone_of(office.ctx, agent)
    assert (ringing.state, ringing.number, ringing.offer) == (SoftphoneState.RINGING, "+44 20 7946 0000", offer)

    answered = await answer_offer(office.of_agent(agent), offer.id, agent, OFFER)

    assert answered.sdp == ANSWER
    assert (await office.heard(call, Side.CALLER)).peer == answered.leg
    assert (await call_state(office.customer(), call.token)).phase == "talking"
    talking = await softphone_of(office.ctx, agent)
    assert (talking.state, talking.leg, talking.muted) == (SoftphoneState.TALK, answered.leg, False)
    assert await office.status(agent) is Status.BUSY


async def test_the_second_answer_to_an_offer_changes_nothing(office: Office) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)
    offer_id = await fetch_value("SELECT id FROM core_offer")

    with pytest.raises(OfferGone, match="answered already"):
        await answer_offer(office.of_agent(agent), offer_id, agent, OFFER)

    assert {leg.leg for leg in office.switch.alive} == {answered.leg, (await office.caller(call)).leg}
    assert (await office.heard(call, Side.CALLER)).peer == answered.leg


async def test_an_answer_after_the_deadline_leaves_no_leg(office: Office) -> None:
    agent = await office.agent()
    call = await office.call()
    offer = await office.offer(agent)
    await execute("UPDATE core_offer SET deadline = now() - interval '1 second'")

    with pytest.raises(OfferGone, match="time to answer is over"):
        await answer_offer(office.of_agent(agent), offer.id, agent, OFFER)

    assert [leg.leg for leg in office.switch.alive] == [(await office.caller(call)).leg]
    assert (await softphone_of(office.ctx, agent)).state is SoftphoneState.IDLE


async def test_an_agent_cannot_answer_what_is_offered_to_another(office: Office) -> None:
    agent = await office.agent()
    await office.call()
    offer = await office.offer(agent)
    other = await office.agent("boris")

    with pytest.raises(OfferGone, match="not offered to you"):
        await answer_offer(office.of_agent(other), offer.id, other, OFFER)


async def test_a_malformed_answer_leaves_the_offer_open(office: Office) -> None:
    agent = await office.agent()
    await office.call()
    offer = await office.offer(agent)

    with pytest.raises(UnusableOffer):
        await answer_offer(office.of_agent(agent), offer.id, agent, "nonsense")

    assert (await get_offer(office.ctx, offer.id)).state is OfferState.PENDING
    assert (await answer_offer(office.of_agent(agent), offer.id, agent, OFFER)).sdp == ANSWER


async def test_a_call_that_cannot_be_joined_ends_as_lost_media(office: Office) -> None:
    agent = await office.agent()
    call = await office.call()
    offer = await office.offer(agent)
    office.switch.refuse = {"bridge"}

    with pytest.raises(MediaUnavailable):
        await answer_offer(office.of_agent(agent), offer.id, agent, OFFER)

    assert await office.ended(call) == "media_lost"
    await office.silent()


async def test_a_caller_who_goes_while_the_agent_answers_ends_the_call_with_the_true_cause(office: Office) -> None:
    agent = await office.agent()
    call = await office.call()
    offer = await office.offer(agent)
    caller = (await office.caller(call)).leg
    # The leg is gone before anybody has heard of it.
    streams, office.switch.streams = office.switch.streams, []
    office.switch.end(caller, EndCause.PEER_CLOSED)
    office.switch.streams = streams

    with pytest.raises(CallGone):
        await answer_offer(office.of_agent(agent), offer.id, agent, OFFER)

    assert await office.ended(call) == "caller_hung_up"
    await office.silent()


async def test_a_rejected_call_keeps_its_place(office: Office) -> None:
    agent = await office.agent()
    call = await office.call()

    await reject_offer(office.of_agent(agent), (await office.offer(agent)).id, agent)

    state = await call_state(office.customer(), call.token)
    assert (state.phase, state.position) == ("waiting", 1)
    assert (await office.heard(call, Side.CALLER)).sound is Sound.HOLD_MUSIC


# --- They talk ---


async def test_hold_gives_music_and_resume_the_conversation(office: Office) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)
    ctx = office.of_agent(agent)

    await hold_call(ctx, answered.interaction_id, agent)
    held = await office.heard(call, Side.CALLER)
    assert (held.held, held.peer) == (True, answered.leg)
    assert (await call_state(office.customer(), call.token)).phase == "held"
    assert (await softphone_of(ctx, agent)).state is SoftphoneState.HELD
    with pytest.raises(NotInTalk):
        await hold_call(ctx, answered.interaction_id, agent)

    await resume_call(ctx, answered.interaction_id, agent)
    assert not (await office.heard(call, Side.CALLER)).held
    assert (await call_state(office.customer(), call.token)).phase == "talking"


@pytest.mark.parametrize("held", [False, True])
async def test_a_hold_that_the_media_did_not_take_is_put_back(office: Office, held: bool) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)
    ctx = office.of_agent(agent)
    change, back = (resume_call, "held") if held else (hold_call, "talking")
    if held:
        await hold_call(ctx, answered.interaction_id, agent)
    office.switch.refuse = {"hold", "unhold"}

    with pytest.raises(MediaUnavailable):
        await change(ctx, answered.interaction_id, agent)

    assert (await call_state(office.customer(), call.token)).phase == back
    assert (await office.heard(call, Side.CALLER)).held is held


async def test_a_muted_agent_is_not_heard_and_muting_twice_is_no_error(office: Office) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)
    ctx = office.of_agent(agent)

    await mute_agent(ctx, answered.interaction_id, agent)
    await mute_agent(ctx, answered.interaction_id, agent)
    assert (await office.heard(call, Side.AGENT)).muted
    assert (await softphone_of(ctx, agent)).muted

    await unmute_agent(ctx, answered.interaction_id, agent)
    assert not (await office.heard(call, Side.AGENT)).muted


async def test_keys_are_heard_by_the_customer(office: Office) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)

    await send_digits(office.of_agent(agent), answered.interaction_id, agent, "12#")
    with pytest.raises(InvalidInput):
        await send_digits(office.of_agent(agent), answered.interaction_id, agent, "12x")

    assert office.switch.digits == [((await office.caller(call)).leg, "12#")]


async def test_another_agent_cannot_touch_the_call(office: Office) -> None:
    agent = await office.agent()
    _call, answered = await office.talk(agent)
    other = await office.agent("boris")
    ctx = office.of_agent(other)

    for touch in (hold_call, resume_call, mute_agent, hang_up):
        with pytest.raises(NotInTalk):
            await touch(ctx, answered.interaction_id, other)


# --- It ends ---


async def test_the_caller_hangs_up_and_both_legs_end(office: Office) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)

    await hang_up_call(office.customer(), call.token)

    assert await office.ended(call) == "caller_hung_up"
    await office.silent()
    with pytest.raises(CallGone):
        await hang_up_call(office.customer(), call.token)
    with pytest.raises(CallGone):
        await hang_up(office.of_agent(agent), answered.interaction_id, agent)
    assert (await softphone_of(office.ctx, agent)).state is SoftphoneState.IDLE


async def test_the_agent_hangs_up_and_both_legs_end(office: Office) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)

    await hang_up(office.of_agent(agent), answered.interaction_id, agent)

    assert await office.ended(call) == "agent_hung_up"
    await office.silent()
    assert await fetch_value("SELECT actor FROM core_fact WHERE new = 'ended'") == f"user:{agent}"


@pytest.mark.parametrize(
    ("side", "cause", "stated", "actor"),
    [
        (Side.CALLER, EndCause.PEER_CLOSED, "caller_hung_up", "customer"),
        (Side.CALLER, EndCause.MEDIA_LOST, "caller_lost", "system"),
        (Side.CALLER, EndCause.NEVER_CONNECTED, "caller_never_connected", "system"),
        (Side.AGENT, EndCause.PEER_CLOSED, "agent_hung_up", "user:1"),
        (Side.AGENT, EndCause.MEDIA_LOST, "agent_lost", "system"),
        (Side.AGENT, EndCause.NEVER_CONNECTED, "agent_never_connected", "system"),
        (Side.CALLER, EndCause.HUNG_UP, "media_lost", "system"),
    ],
)
async def test_a_leg_that_ends_ends_the_call_for_a_stated_cause(
    office: Office, side: Side, cause: EndCause, stated: str, actor: str
) -> None:
    agent = await office.agent()
    call, _answered = await office.talk(agent)

    office.switch.end((await office.heard(call, side)).leg, cause)

    assert await office.ended(call) == stated
    await office.silent()
    assert await fetch_value("SELECT actor FROM core_fact WHERE subject = 'interaction' AND new = 'ended'") == actor
    assert await fetch_value("SELECT end_cause FROM telephony_leg WHERE side = $1", str(side)) == str(cause)


async def test_a_caller_who_closes_the_page_while_it_rings_rescinds_the_offer(office: Office) -> None:
    agent = await office.agent()
    call = await office.call()
    offer = await office.offer(agent)

    office.switch.end((await office.caller(call)).leg, EndCause.PEER_CLOSED)

    assert await office.ended(call) == "caller_hung_up"
    assert (await get_offer(office.ctx, offer.id)).state is OfferState.RESCINDED
    with pytest.raises(OfferGone, match="hung up"):
        await answer_offer(office.of_agent(agent), offer.id, agent, OFFER)
    assert await office.status(agent) is Status.WAITING


async def test_a_call_whose_end_could_not_be_told_is_hung_up_by_the_job(office: Office) -> None:
    agent = await office.agent()
    call, _answered = await office.talk(agent)
    office.switch.refuse = {"hang_up"}

    await hang_up_call(office.customer(), call.token)
    assert len(office.switch.alive) == 2

    office.switch.refuse = set()
    await office.jobs.run_due()
    await office.silent()


# --- The media goes away ---


async def test_calls_end_when_the_media_server_crashes(office: Office) -> None:
    agent = await office.agent()
    talked, _answered = await office.talk(agent)
    waiting = await office.call()

    office.switch.crash()

    assert [await office.ended(talked), await office.ended(waiting)] == ["media_lost", "media_lost"]
    await office.silent()


async def test_what_was_missed_while_the_media_server_was_out_of_reach_is_made_up_for(office: Office) -> None:
    agent = await office.agent()
    call, answered = await office.talk(agent)
    streams, office.switch.streams = office.switch.streams, []
    office.switch.part(answered.leg)
    office.switch.streams = streams

    await office.controller.reconcile()
    assert (await office.heard(call, Side.CALLER)).peer == answered.leg

    office.switch.streams = []
    office.switch.end(answered.leg, EndCause.PEER_CLOSED)
    office.switch.streams = streams
    await office.controller.reconcile()
    assert await office.ended(call) == "agent_hung_up"


async def test_a_leg_that_nobody_knows_of_is_hung_up_in_the_end(office: Office) -> None:
    call = await office.call()
    mine = (await office.caller(call)).leg
    provider = await office.running.connections.provider((await office.caller(call)).node)
    stray = type(mine)("stray")
    await provider.answer(stray, OFFER)

    await office.controller.reconcile()
    assert len(office.switch.alive) == 2

    for leg in (stray, mine):
        office.switch.age(leg, 60)
    await office.controller.reconcile()
    assert [leg.leg for leg in office.switch.alive] == [mine]
    with pytest.raises(UnknownLeg):
        office.switch.get(stray)


async def test_a_connection_that_is_made_is_noted(office: Office) -> None:
    office.switch.connect_at_once = False
    call = await office.call()
    assert (await office.caller(call)).state is LegState.CONNECTING

    office.switch.connect((await office.caller(call)).leg)

    async def connected() -> bool:
        return (await office.caller(call)).state is LegState.CONNECTED

    await office.until(connected)


async def _set(office: Office, settings: TenantSettings) -> None:
    """Changes the tenant's settings of telephony."""
    await save_plugin_settings(office.platform, office.ctx, "telephony", settings.model_dump())
    tenant = await office.platform.tenant(slug="acme")
    async with office.platform.context(tenant, office.ctx.actor) as fresh:
        office.ctx = fresh.for_plugin("telephony")
