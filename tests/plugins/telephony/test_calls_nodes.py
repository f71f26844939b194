"""Media nodes come and go, with their process, with their machine, and with the softswitch: no call stays behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.database.connection import execute, fetch_value
from plugins.telephony import nodes, runtime
from plugins.telephony.connections import MediaConnections, control_secret
from plugins.telephony.controller import NodeReplaced
from plugins.telephony.errors import MediaUnavailable
from plugins.telephony.provider import ProviderUnavailable
from plugins.telephony.services.calling import call_state
from tests.plugins.telephony.call_office import Office, open_office
from tests.plugins.telephony.scripted import new_switch

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with open_office(database_url) as opened:
        yield opened


async def _name(office: Office) -> str:
    name: str = await fetch_value("SELECT name FROM telephony_node")
    return name


async def test_calls_of_a_killed_process_end_when_it_is_started_again(database_url: str) -> None:
    async with open_office(database_url) as office:
        agent = await office.agent()
        talked, _answered = await office.talk(agent)
        waiting = await office.call()
        name = await _name(office)
        # As after SIGKILL: nobody tidies up, and the switch is gone with its process.
        office.platform.plugin_state.clear()
        await office.running.watch.close()
        for task in office.controller._tasks:
            task.cancel()
        new_switch(name)

        office.running = await runtime.start(office.platform, media=True)

        assert [await office.ended(talked), await office.ended(waiting)] == ["media_lost", "media_lost"]
        assert await fetch_value("SELECT count(*) FROM telephony_leg WHERE state <> 'ended'") == 0
        assert await fetch_value("SELECT count(*) FROM telephony_node") == 1


async def test_a_process_that_stops_in_order_keeps_no_name(database_url: str) -> None:
    async with open_office(database_url) as office:
        await runtime.stop(office.platform)

        assert await fetch_value("SELECT count(*) FROM telephony_node") == 0
        with pytest.raises(ProviderUnavailable):
            await office.running.connections.provider("switch")
        with pytest.raises(MediaUnavailable):
            await office.call()


async def test_calls_of_a_machine_that_died_are_ended_by_another_process(office: Office) -> None:
    call = await office.call()
    await execute("UPDATE telephony_leg SET node = 'far away'")
    await nodes.register("far away", "1", ("192.0.2.9", 1), 60)
    await execute("UPDATE telephony_node SET seen_at = now() - interval '1 minute' WHERE name = 'far away'")

    await office.running.watch.look()
    assert (await call_state(office.customer(), call.token)).phase == "waiting"

    await office.running.watch.look()
    assert await office.ended(call) == "media_lost"


async def test_a_node_that_could_not_write_for_a_while_keeps_its_calls(office: Office) -> None:
    call = await office.call()
    await execute("UPDATE telephony_leg SET node = 'far away'")
    await nodes.register("far away", "1", ("192.0.2.9", 1), 60)
    await execute("UPDATE telephony_node SET seen_at = now() - interval '1 minute' WHERE name = 'far away'")
    await office.running.watch.look()

    await nodes.beat("far away", "1")
    await office.running.watch.look()

    assert (await call_state(office.customer(), call.token)).phase == "waiting"


async def test_a_node_that_does_not_answer_does_not_count_as_alive(office: Office) -> None:
    await execute("UPDATE telephony_node SET seen_at = now() - interval '20 seconds'")
    office.switch.unreachable = "it hangs"

    with pytest.raises(ProviderUnavailable):
        await office.controller.reconcile()

    assert not await nodes.any_fresh()
    office.switch.unreachable = ""
    await office.controller.reconcile()
    assert await nodes.any_fresh()


async def test_of_two_processes_with_one_name_the_older_gives_way(office: Office) -> None:
    name = await _name(office)
    await nodes.register(name, "of another process", ("", 0), 60)
    call = await office.call()

    with pytest.raises(NodeReplaced):
        await office.controller.reconcile()

    assert (await call_state(office.customer(), call.token)).phase == "waiting"


async def test_calls_go_to_the_least_loaded_node_that_is_alive(office: Office) -> None:
    name = await _name(office)
    await nodes.register("empty", "1", ("192.0.2.9", 1), 60)
    await nodes.register("dead", "1", ("192.0.2.8", 1), 60)
    await execute("UPDATE telephony_node SET seen_at = now() - interval '1 minute' WHERE name = 'dead'")
    await office.call()
    await execute("UPDATE telephony_leg SET node = $1", name)

    assert [node.name for node in await nodes.nodes_with_room()] == ["empty", name]


async def test_another_process_reaches_the_node_by_its_row(office: Office) -> None:
    leg = await office.caller(await office.call())
    other = MediaConnections(office.platform, office.ctx.installation_settings)

    provider = await other.provider(leg.node)

    assert leg.leg in {each.leg for each in await provider.legs()}
    await other.close()


async def test_the_secret_of_a_node_is_new_with_every_start(office: Office) -> None:
    secrets = {control_secret(office.platform, name, epoch) for name in ("a", "b") for epoch in ("1", "2")}

    assert len(secrets) == 4
    assert all(len(secret) == 64 for secret in secrets)
