"""Nothing that is promised is lost, doubled in silence, or shut without a word."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.exceptions import IntegrityError

from core.accounts.permissions import SUPERVISOR
from core.accounts.users import deactivate_user, set_roles
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from plugins.promises import ledger, reading
from plugins.promises.reading import Wanted
from plugins.promises.rows import Settled
from plugins.promises.states import MACHINE, State
from switchroom.capabilities import Fallback, NewPromise, PromiseLedger
from switchroom.errors import InvalidInput, NotFound
from switchroom.testing.jobs import Jobs
from switchroom.testing.people import Agent, Person, add_agent, add_person
from tests.plugins.promises.people import NUMBER, promised, time_passes

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sue(platform: Platform, tenant: TenantRef) -> Person:
    """A supervisor."""
    return await add_person(platform, tenant, "sue", SUPERVISOR)


@pytest.fixture
async def ben(platform: Platform, tenant: TenantRef) -> Agent:
    """Another agent at work."""
    return await add_agent(platform, tenant, "ben")


async def row_of(promise_id: int) -> dict[str, object]:
    (row,) = await fetch("SELECT * FROM promises_promise WHERE id = $1", promise_id)
    return row


async def deeds(person: Person, promise_id: int) -> list[tuple[str, str, str]]:
    async with person.context("promises") as ctx:
        return [(step.what.value, step.actor, step.why) for step in await reading.history(ctx, promise_id)]


# --- The capability ---


async def test_a_promise_is_there_for_who_made_it_and_in_nobody_elses_list(agent: Agent, ben: Agent) -> None:
    made = await promised(agent, "records:item:7", url="/p/records/7", fallback=Fallback.QUEUE)
    async with agent.context("promises") as ctx:
        (mine,) = await reading.promises(ctx, Wanted(owner_id=agent.id))
    assert (mine.id, mine.owner, mine.url, mine.fallback) == (made, "Anna", "/p/records/7", "queue")
    async with ben.context("promises") as ctx:
        assert await reading.promises(ctx, Wanted(owner_id=ben.id)) == []
    assert await deeds(agent, made) == [("made", "Anna", "")]


async def test_plugins_find_the_ledger_by_its_protocol(ctx: Context) -> None:
    assert isinstance(ctx.capability(PromiseLedger), ledger.Ledger)  # type: ignore[type-abstract]


async def test_a_promise_goes_with_the_transaction_of_whoever_makes_it(agent: Agent) -> None:
    async def promise_and_fail() -> None:
        async with transaction():
            await promised(agent, "records:item:7")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await promise_and_fail()
    assert await fetch_value("SELECT count(*) FROM promises_promise") == 0
    assert await fetch_value("SELECT count(*) FROM core_job WHERE name LIKE 'promises.%'") == 0


async def test_the_same_reference_is_put_off_and_not_doubled(agent: Agent, ben: Agent) -> None:
    first = await promised(agent, "records:item:7", minutes=10)
    again = await promised(ben, "records:item:7", minutes=600, subject="Later")
    row = await row_of(first)
    assert again == first
    assert (row["subject"], row["owner_id"], row["state"]) == ("Later", ben.id, "open")
    assert [deed for deed, _who, _why in await deeds(agent, first)] == ["made", "given", "put_off"]
    with pytest.raises(IntegrityError):
        await execute(
            "INSERT INTO promises_promise (tenant_id, kind, state, subject, reference, url, contact_name, "
            "contact_number, contact_zone, fallback, due_at, created_at) "
            "SELECT tenant_id, kind, state, subject, reference, url, contact_name, contact_number, contact_zone, "
            "fallback, due_at, now() FROM promises_promise WHERE id = $1",
            first,
        )


async def test_two_who_promise_the_same_at_once_make_one(agent: Agent, ben: Agent) -> None:
    made = await asyncio.gather(*(promised(each, "records:item:7") for each in (agent, ben, agent, ben)))
    assert len(set(made)) == 1
    assert await fetch_value("SELECT count(*) FROM promises_promise") == 1


@pytest.mark.parametrize(("kept", "state"), [(True, "kept"), (False, "withdrawn")])
async def test_what_is_settled_may_be_promised_anew(agent: Agent, kept: bool, state: str) -> None:
    first = await promised(agent, "records:item:7")
    async with agent.context() as ctx:
        await ledger.Ledger().settle(ctx, "records:item:7", kept=kept)
        await ledger.Ledger().settle(ctx, "records:item:7", kept=kept)
        await ledger.Ledger().settle(ctx, "records:item:8", kept=kept)
    assert (await row_of(first))["state"] == state
    assert await promised(agent, "records:item:7") != first


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"minutes": -10}, "due"),
        ({"minutes": 60 * 24 * 366 * 6}, "due"),
        ({"kind": "Call back!"}, "kind"),
        ({"contact_zone": "Mars/Base"}, "zone"),
        ({"url": "https://elsewhere.example/"}, "url"),
        ({"url": "//elsewhere.example/"}, "url"),
        ({"reference": "x" * 121}, "reference"),
        ({"contact_number": "1" * 33}, "number"),
        ({"contact_number": "", "contact_name": "", "subject": " "}, "subject"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(agent: Agent, values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await promised(agent, **values)  # type: ignore[arg-type]
    assert set(caught.value.fields) == {field}
    assert await fetch_value("SELECT count(*) FROM promises_promise") == 0


async def test_a_time_without_a_zone_is_refused(agent: Agent) -> None:
    with pytest.raises(InvalidInput):
        await promised(agent, due=datetime.now() + timedelta(hours=1))  # noqa: DTZ005 - that is the point


# --- One number ---


async def test_a_second_promise_to_one_number_is_told(agent: Agent, ben: Agent) -> None:
    await promised(agent)
    new = NewPromise(
        kind="callback", due=datetime.now(UTC) + timedelta(hours=2), subject="", owner_id=ben.id, contact_number=NUMBER
    )
    async with ben.context("promises") as ctx:
        with pytest.raises(ledger.AlreadyPromised, match="by Anna"):
            await ledger.promise_once(ctx, new)
        made = await ledger.Ledger().promise(ctx, new)
        assert (await reading.get(ctx, made)).same_number == 1


async def test_of_two_who_promise_to_one_number_at_once_one_is_told(agent: Agent, ben: Agent) -> None:
    async def promise(person: Agent) -> object:
        new = NewPromise("callback", datetime.now(UTC) + timedelta(hours=2), "", person.id, contact_number=NUMBER)
        async with person.context("promises") as ctx:
            return await ledger.promise_once(ctx, new)

    made = await asyncio.gather(promise(agent), promise(ben), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["AlreadyPromised", "int"]


# --- Changes ---


async def test_every_change_is_noted_with_who_and_why(agent: Agent, ben: Agent, sue: Person) -> None:
    made = await promised(agent)
    async with agent.context("promises") as ctx:
        await ledger.put_off(ctx, made, datetime.now(UTC) + timedelta(hours=5), "She is on a train.")
        await ledger.set_zone(ctx, made, "Asia/Tokyo")
    async with sue.context("promises") as ctx:
        await ledger.take(ctx, made)
        await ledger.give(ctx, made, ben.id, "You know her.")
    async with ben.context("promises") as ctx:
        await ledger.keep(ctx, made)
    assert await deeds(agent, made) == [
        ("made", "Anna", ""),
        ("put_off", "Anna", "She is on a train."),
        ("zone", "Anna", "Asia/Tokyo"),
        ("taken", "Sue", ""),
        ("given", "Sue", "You know her."),
        ("kept", "Ben", ""),
    ]
    audited = await fetch("SELECT action, after FROM core_audit WHERE action LIKE 'promises.%' ORDER BY id")
    assert [row["action"] for row in audited] == ["promises.given", "promises.given"]


async def test_nobody_shuts_a_promise_of_somebody_else_without_saying_why(agent: Agent, sue: Person) -> None:
    made = await promised(agent)
    async with sue.context("promises") as ctx:
        for shut in (ledger.keep, ledger.withdraw):
            with pytest.raises(InvalidInput) as caught:
                await shut(ctx, made, "  ")
            assert set(caught.value.fields) == {"why"}
        await ledger.withdraw(ctx, made, "She has called herself.")
    assert (await deeds(agent, made))[-1] == ("withdrawn", "Sue", "She has called herself.")
    assert await fetch_value("SELECT after->>'reason' FROM core_audit WHERE action = 'promises.withdrawn'")


async def test_the_owner_too_says_why_he_withdraws(agent: Agent) -> None:
    made = await promised(agent)
    async with agent.context("promises") as ctx:
        with pytest.raises(InvalidInput):
            await ledger.withdraw(ctx, made, "")


async def test_what_is_settled_stays_so(agent: Agent, ben: Agent) -> None:
    made = await promised(agent)
    async with agent.context("promises") as ctx:
        await ledger.keep(ctx, made)
        later = datetime.now(UTC) + timedelta(hours=1)
        for change in (
            ledger.keep(ctx, made),
            ledger.put_off(ctx, made, later),
            ledger.withdraw(ctx, made, "No."),
            ledger.give(ctx, made, ben.id),
            ledger.set_zone(ctx, made, "UTC"),
        ):
            with pytest.raises(Settled):
                await change
    assert (await row_of(made))["state"] == "kept"


async def test_it_is_given_to_nobody_who_may_not_keep_it(agent: Agent, platform: Platform, tenant: TenantRef) -> None:
    made = await promised(agent)
    reader = await add_person(platform, tenant, "rita", "kb_reader")
    async with agent.context("promises") as ctx:
        for other in (reader.id, 999_999):
            with pytest.raises(InvalidInput):
                await ledger.give(ctx, made, other)
    assert (await row_of(made))["owner_id"] == agent.id


async def test_a_promise_that_is_not_there_is_not_found(agent: Agent) -> None:
    async with agent.context("promises") as ctx:
        with pytest.raises(NotFound):
            await ledger.keep(ctx, 4711)


def test_each_state_ends_or_goes_on_as_the_table_says() -> None:
    assert MACHINE.final == {State.KEPT, State.WITHDRAWN, State.RELEASED}
    assert all(MACHINE.transitions[state] >= MACHINE.final for state in (State.OPEN, State.DUE))


# --- Owners who leave ---


async def test_an_owner_whose_account_is_switched_off_leaves_his_promises_to_supervisors(
    agent: Agent, ben: Agent, sue: Person, jobs: Jobs, ctx: Context
) -> None:
    made, other = await promised(agent), await promised(ben, contact_number="")
    await deactivate_user(ctx, agent.id)
    await jobs.run_due()
    async with sue.context("promises") as seen:
        (left,) = await reading.promises(seen, Wanted(unowned=True))
    assert (left.id, left.last_owner, left.owner_id) == (made, "Anna", None)
    assert (await deeds(ben, made))[-1] == ("left", "", "gone")
    assert (await row_of(other))["owner_id"] == ben.id


async def test_an_owner_who_loses_the_role_leaves_them_too(agent: Agent, jobs: Jobs, ctx: Context) -> None:
    made = await promised(agent)
    await set_roles(ctx, agent.id, ["kb_reader"])
    await jobs.run_due()
    assert (await row_of(made))["owner_id"] is None


async def test_a_promise_for_somebody_who_has_left_is_not_lost(agent: Agent, ben: Agent, ctx: Context) -> None:
    await deactivate_user(ctx, agent.id)
    made = await promised(ben, owner_id=agent.id)
    row = await row_of(made)
    assert (row["owner_id"], row["last_owner_id"], row["state"]) == (None, agent.id, "open")
    assert row["left_at"] is not None


async def test_somebody_who_takes_one_that_is_nobodys_owns_it(agent: Agent, sue: Person) -> None:
    made = await promised(agent, owner_id=None)
    async with sue.context("promises") as ctx:
        assert await reading.unowned(ctx) == 1
        await ledger.take(ctx, made)
        assert await reading.unowned(ctx) == 0
    row = await row_of(made)
    assert (row["owner_id"], row["left_at"], row["last_owner_id"]) == (sue.id, None, None)


async def test_numbers_of_what_is_owed(agent: Agent, ben: Agent) -> None:
    late, _soon, _other = await promised(agent), await promised(agent, minutes=5), await promised(ben)
    await time_passes(late, 90)
    async with agent.context("promises") as ctx:
        assert await reading.late_of(ctx, agent.id) == 1
        assert await reading.around(ctx, agent.id, datetime.now(UTC)) == 1
        assert [(load.owner, load.owed, load.late) for load in await reading.loads(ctx)] == [
            ("Anna", 2, 1),
            ("Ben", 1, 0),
        ]
