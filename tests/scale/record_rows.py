"""What holds of record queues at any moment, and what must have become of everything that agents were told is done."""

from __future__ import annotations

import copy
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.floor_checks import Fetch, Row

WAITING, IN_WORK, POSTPONED, KEPT, DONE = "waiting", "in work", "postponed", "kept", "done"
TAKEN = frozenset({"taken", "taken_up"})
ENDS = {"done": DONE, "assigned": DONE, "postponed": POSTPONED, "kept": KEPT, "moved_to_end": WAITING}
"""What an agent does with a record that he has in work, and where it is then."""


@dataclass
class Told:
    """What agents were told, and what they will never know.

    Attributes:
        added: Items that are in a queue.
        took: Agent, item and a version of it: in this one or an earlier one he took it into work.
        did: Item and version → the agent who brought it about, and the action.
        unanswered: How often a process died before it could answer an agent: what he wanted is done, or it is not.
        refused: How often an agent was told that he was too late, or had enough, by the code of the answer.
        asking: How many agents wait for an answer at this moment, by the address of the web server.
    """

    added: set[int] = field(default_factory=set)
    took: list[tuple[int, int, int]] = field(default_factory=list)
    did: dict[tuple[int, int], tuple[int, str]] = field(default_factory=dict)
    unanswered: Counter[tuple[int, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    asking: Counter[str] = field(default_factory=Counter)

    def so_far(self) -> Told:
        """What they were told up to now."""
        return copy.deepcopy(self)

    def note_done(self, agent: int, item: int, version: int, action: str) -> None:
        """An agent was told that his action has brought about this version of an item."""
        before = self.did.setdefault((item, version), (agent, action))
        assert before == (agent, action), f"of {before} and {(agent, action)} on item {item} one must be refused"


async def check_records(fetch: Fetch, tenant_id: int, told: Told, most: int) -> None:
    """Every record is in one place and with at most one agent, and all that was acknowledged stands.

    Args:
        fetch: Reads rows, all of one moment.
        tenant_id: Whose.
        told: What agents had been told by that moment.
        most: How many records an agent may have in work.
    """
    items = {row["id"]: row for row in await fetch("SELECT * FROM records_item WHERE tenant_id = $1", tenant_id)}
    steps: dict[int, list[Row]] = defaultdict(list)
    for row in await fetch("SELECT * FROM records_step WHERE tenant_id = $1 ORDER BY id", tenant_id):
        steps[row["item_id"]].append(row)
    work = await fetch(
        "SELECT segment.agent_id, segment.state, segment.interaction_id, interaction.reference, "
        "interaction.state AS interaction_state FROM core_segment AS segment "
        "JOIN core_interaction AS interaction ON interaction.id = segment.interaction_id "
        "WHERE segment.tenant_id = $1 AND segment.channel = 'record' ORDER BY segment.id",
        tenant_id,
    )
    owed = await fetch(
        "SELECT reference, owner_id, due_at FROM promises_promise WHERE tenant_id = $1 AND state IN ('open', 'due')",
        tenant_id,
    )
    jobs = await fetch(
        "SELECT arguments FROM core_job WHERE tenant_id = $1 AND name IN ('records.come_back', "
        "'records.look_for_owner') AND state <> 'dead'",
        tenant_id,
    )
    assert told.added <= items.keys(), f"the records {told.added - items.keys()} are lost"
    for item_id, item in items.items():
        _check_history(item, steps[item_id])
    _check_work(items, steps, work, most)
    _check_postponed(items, owed, jobs)
    _check_told(told, steps)


def place_of(item: Row) -> str:
    """Where an item is.

    Raises:
        AssertionError: Its row says two things at once.
    """
    in_hand = item["interaction_id"] is not None
    if item["state"] == "done":
        place, agrees = DONE, not in_hand and not item["aside"] and item["done_at"] and item["outcome"]
    elif item["owner_id"] is None:
        place, agrees = WAITING, not in_hand and not item["aside"]
    elif item["aside"]:
        place, agrees = item["aside"], not in_hand
    else:
        place, agrees = IN_WORK, in_hand and item["state"] == "in_work"
    assert agrees, f"an item that is {place} and is not: {item}"
    assert (item["next_at"] is not None) == (place == POSTPONED), item
    return str(place)


def _check_history(item: Row, steps: Sequence[Row]) -> None:
    """Each step follows from the one before it, and the last one is what the row says."""
    place, owner, transfers = "", None, 0
    for step in steps:
        what, who = step["action"], step["user_id"]
        if what == "added":
            assert not place, f"added again: {step}"
            place = WAITING
        elif what == "taken":
            assert place == WAITING, f"taken from the hands of {owner}: {step}"
            place, owner = IN_WORK, who
        elif what == "taken_up":
            assert (place, owner) in ((KEPT, who), (POSTPONED, who)), f"taken up as {place} of {owner}: {step}"
            place = IN_WORK
        else:
            assert (place, owner) == (IN_WORK, who), f"it was {place} with {owner}: {step}"
            place = ENDS[what]
            if what == "moved_to_end":
                owner, transfers = None, transfers + 1
    assert (place_of(item), item["owner_id"], item["transfers"]) == (place, owner, transfers), (item, steps)
    assert item["version"] == len(steps), (item, steps)


def _check_work(items: Mapping[int, Row], steps: Mapping[int, list[Row]], work: Sequence[Row], most: int) -> None:
    """The agents have in hand what the items say, one interaction each time that somebody took one."""
    in_hand = {(row["interaction_id"], row["agent_id"], row["reference"]) for row in work if row["state"] != "closed"}
    in_work = {
        (item["interaction_id"], item["owner_id"], f"records:item:{item_id}")
        for item_id, item in items.items()
        if place_of(item) == IN_WORK
    }
    assert in_hand == in_work, f"in hand, but not in work, or the reverse: {in_hand ^ in_work}"
    too_many = {agent: number for agent, number in Counter(row[1] for row in in_hand).items() if number > most}
    assert not too_many, f"agents with more records than they may have: {too_many}"
    takers: dict[str, list[int]] = defaultdict(list)
    for row in work:
        takers[row["reference"]].append(row["agent_id"])
        assert row["interaction_state"] == row["state"], row
    for item_id, of_item in steps.items():
        taken = [step["user_id"] for step in of_item if step["action"] in TAKEN]
        assert takers[f"records:item:{item_id}"] == taken, f"item {item_id} was taken by {taken}"


def _check_postponed(items: Mapping[int, Row], owed: Sequence[Row], jobs: Sequence[Row]) -> None:
    """What is postponed is in the ledger, and something will bring it back."""
    postponed = {item_id: item for item_id, item in items.items() if place_of(item) == POSTPONED}
    promised = {(row["reference"], row["owner_id"], row["due_at"]) for row in owed}
    assert promised == {(f"records:item:{key}", row["owner_id"], row["next_at"]) for key, row in postponed.items()}
    comes_back = {
        (arguments["item_id"], arguments["version"]) for arguments in (json.loads(row["arguments"]) for row in jobs)
    }
    forgotten = {(key, row["version"]) for key, row in postponed.items()} - comes_back
    assert not forgotten, f"nothing will bring back {forgotten}"


def _check_told(told: Told, steps: Mapping[int, list[Row]]) -> None:
    """What was acknowledged has happened."""
    for (item, version), (agent, action) in told.did.items():
        happened = [(step["user_id"], step["action"]) for step in steps[item][version - 1 : version]]
        assert happened == [(agent, action)], f"agent {agent} was told that item {item} is {action}: {happened}"
    for agent, item, version in told.took:
        mine = [step for step in steps[item][:version] if step["user_id"] == agent and step["action"] in TAKEN]
        assert mine, f"agent {agent} was told that he has item {item}, and he has never had it"


def check_nothing_else(told: Told, steps: Sequence[Row]) -> None:
    """Nothing has happened that no agent wanted, and nothing twice: what nobody was told is what was not answered.

    Args:
        told: What agents were told.
        steps: Everything that has happened to all items.
    """
    took, did = told.took, Counter(told.did.values())
    happened = Counter(
        (step["user_id"], "taken" if step["action"] in TAKEN else step["action"])
        for step in steps
        if step["action"] != "added"
    )
    wanted = did + Counter((agent, "taken") for agent, _item, _version in took) + told.unanswered
    assert happened <= wanted, f"nobody wanted {happened - wanted}"
