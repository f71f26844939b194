"""Calls through the real softswitch, as the services drive it: what parties hear, and what a killed switch leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import pytest

from plugins.telephony.services.answering import answer_offer
from plugins.telephony.services.calling import BegunCall
from plugins.telephony.services.talking import hold_call, mute_agent, resume_call, unmute_agent
from plugins.telephony.states import LegState
from tests.plugins.telephony.call_office import Office, open_office
from tests.plugins.telephony.softswitch_parties import TONES, Party

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with open_office(database_url, provider="embedded") as opened:
        yield opened


async def _caller(office: Office) -> tuple[Party, BegunCall]:
    party = Party(TONES[0])
    call = await office.call(sdp=await party.offer())
    await party.accept(call.sdp)

    async def connected() -> bool:
        return (await office.caller(call)).state is LegState.CONNECTED

    await office.until(connected)
    return party, call


async def test_a_call_is_heard_held_muted_and_its_tab_closed(office: Office) -> None:
    agent = await office.agent()
    caller, call = await _caller(office)
    talker = Party(TONES[1])
    offer = await office.offer(agent)
    answered = await answer_offer(office.of_agent(agent), offer.id, agent, await talker.offer())
    await talker.accept(answered.sdp)
    await caller.until(lambda: caller.hears(TONES[1]))
    await talker.until(lambda: talker.hears(TONES[0]))

    await hold_call(office.of_agent(agent), answered.interaction_id, agent)
    await talker.until(lambda: talker.hears_silence())
    await caller.until(lambda: caller.hears_music())
    await resume_call(office.of_agent(agent), answered.interaction_id, agent)
    await talker.until(lambda: talker.hears(TONES[0]))
    await mute_agent(office.of_agent(agent), answered.interaction_id, agent)
    await caller.until(lambda: caller.hears_not(TONES[1]))
    await unmute_agent(office.of_agent(agent), answered.interaction_id, agent)
    await caller.until(lambda: caller.hears(TONES[1]))

    await caller.close()
    assert await office.ended(call) == "caller_hung_up"
    await talker.close()


async def test_calls_end_when_the_softswitch_is_killed_and_new_ones_are_possible(office: Office) -> None:
    caller, call = await _caller(office)
    switch = office.controller._switch
    assert switch is not None
    assert switch.pid is not None

    os.kill(switch.pid, signal.SIGKILL)

    assert await office.ended(call) == "media_lost"
    again, other = await _caller(office)
    assert (await office.interaction(other)).state == "waiting"
    await caller.close()
    await again.close()
