"""The doctor asks STUN and TURN servers what a call would ask them."""

import asyncio
import socket

import pytest

from core.cli.doctor.finding import Finding, Outcome
from core.cli.doctor.ice import ice_servers
from core.settings import Settings
from tests.core.cli.turn_server import TurnServer, turn_server


def diagnose(*servers: dict[str, str], lose: int = 0) -> tuple[list[Finding], TurnServer]:
    """Examine servers whose `{port}` is that of a running one."""

    async def examine() -> tuple[list[Finding], TurnServer]:
        async with turn_server("user", "right") as server:
            server.lose = lose
            port = str(server.address[1])
            settings = Settings.model_validate(
                {"ice_servers": [{k: v.replace("{port}", port) for k, v in one.items()} for one in servers]}
            )
            return await ice_servers(settings), server

    return asyncio.run(examine())


def test_stun_server_that_answers_is_fine() -> None:
    [finding], _server = diagnose({"urls": "stun:127.0.0.1:{port}"})
    assert finding.outcome is Outcome.OK
    assert finding.text.endswith("sees this machine as 127.0.0.1")


def test_a_lost_datagram_is_sent_again() -> None:
    [finding], _server = diagnose({"urls": "stun:127.0.0.1:{port}"}, lose=1)
    assert finding.outcome is Outcome.OK


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_turn_server_that_relays_is_fine_and_gets_its_relay_back(transport: str) -> None:
    url = f"turn:127.0.0.1:{{port}}?transport={transport}"
    [finding], server = diagnose({"urls": url, "username": "user", "credential": "right"})
    assert (finding.outcome, finding.text[-19:]) == (Outcome.OK, "relays at 192.0.2.9")
    assert server.allocations == 0


def test_wrong_turn_password_is_named_and_not_shown() -> None:
    [finding], _server = diagnose({"urls": "turn:127.0.0.1:{port}", "username": "user", "credential": "hunter2"})
    assert finding.outcome is Outcome.FAIL
    assert finding.text.endswith("refuses: Unauthorized (401).")
    assert finding.mend == "Correct its username and credential."
    assert "hunter2" not in f"{finding}"


def test_server_that_does_not_answer_is_named_and_the_others_are_still_asked() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        first, second = diagnose(
            {"urls": f"stun:127.0.0.1:{silent.getsockname()[1]}"}, {"urls": "stun:127.0.0.1:{port}"}
        )[0]
    assert (first.outcome, second.outcome) == (Outcome.FAIL, Outcome.OK)
    assert first.text.endswith("does not answer.")


@pytest.mark.parametrize(
    "url",
    [
        "stun:no-such-host.invalid",
        "stuns:127.0.0.1:{port}",
        "turns:127.0.0.1:{port}",
        "turn:127.0.0.1:1?transport=tcp",
    ],
)
def test_server_that_cannot_be_talked_to_is_a_finding(url: str) -> None:
    [finding], _server = diagnose({"urls": url, "username": "user", "credential": "right"})
    assert finding.outcome is Outcome.FAIL
    assert finding.mend == "Check the address, and that firewalls let it through."


def test_no_servers_are_needed_on_one_machine_but_doubtful_beyond() -> None:
    def outcome(server: dict[str, str]) -> Outcome:
        return asyncio.run(ice_servers(Settings.model_validate({"server": server})))[0].outcome

    assert outcome({}) is Outcome.OK
    assert outcome({"public_url": "https://calls.example.com"}) is Outcome.WARN
