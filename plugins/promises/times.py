"""What the clock does to promises: reminds of them, makes them due, and sees to those whose owner is absent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plugins.promises.permissions import KEEP
from plugins.promises.rows import Row, find, lock, move, own, tell
from plugins.promises.settings import PromisesSettings
from plugins.promises.states import State, What
from switchroom import Context, Event, job
from switchroom.agents import Intent, Status, people_who_may, view
from switchroom.capabilities import Fallback
from switchroom.database import fetch, fetch_value, transaction

ABSENT = "absent"
GONE = "gone"
"""Why a promise has no owner any more, as its history keeps it: he was absent when it was due, or has left for good."""


async def schedule(ctx: Context, promise_id: int, due: datetime) -> None:
    """Writes the jobs of a promise that is due then, in the caller's transaction."""
    settings: PromisesSettings = ctx.settings
    key = f"{promise_id}:{int(due.timestamp())}"
    if settings.remind_minutes:
        at = due - timedelta(minutes=settings.remind_minutes)
        await ctx.enqueue(remind, at=at, key=key, promise_id=promise_id)
    await ctx.enqueue(fall_due, at=due, key=key, promise_id=promise_id)
    absent = due + timedelta(minutes=settings.absent_minutes)
    await ctx.enqueue(fall_back, at=absent, key=key, promise_id=promise_id)


@job("promises.remind")
async def remind(ctx: Context, promise_id: int) -> None:
    """Tells the owner that a promise is due soon; once, and not of one that was put off meanwhile."""
    settings: PromisesSettings = ctx.settings
    async with transaction():
        rows = await fetch(
            "UPDATE promises_promise SET reminded_at = now() WHERE tenant_id = $1 AND id = $2 AND state = 'open' "
            "AND reminded_at IS NULL AND due_at <= now() + make_interval(mins => $3) RETURNING owner_id",
            ctx.tenant.id,
            promise_id,
            settings.remind_minutes,
        )
        for row in rows:
            await tell(ctx, row["owner_id"])


@job("promises.fall_due")
async def fall_due(ctx: Context, promise_id: int) -> None:
    """Makes a promise due whose time has come."""
    async with transaction():
        if await find(ctx, promise_id) is None:
            return
        row = await lock(ctx, promise_id)
        if row.state is State.OPEN and row.due_at <= await _now():
            await move(ctx, row, State.DUE, What.FALLEN_DUE)


@job("promises.fall_back")
async def fall_back(ctx: Context, promise_id: int) -> None:
    """Sees to a promise that has been due for a while and whose owner is absent.

    Whoever made it may take it back into its queue, when it says so; else supervisors find it among those that nobody
    owns. An owner who is there keeps it, and is looked at again by `look_after`.
    """
    settings: PromisesSettings = ctx.settings
    row = await find(ctx, promise_id)
    if row is None or row.state is not State.DUE or row.owner_id is None:
        return
    if row.due_at + timedelta(minutes=settings.absent_minutes) > await _now():
        return
    if not await _is_absent(ctx, row.owner_id):
        return
    # No row of the ledger is locked while somebody else's are: they settle promises with theirs locked.
    if row.fallback == Fallback.QUEUE and await ctx.first("promise_released", reference=row.reference):
        await _release(ctx, row)
    else:
        await leave(ctx, promise_id, row.owner_id, ABSENT)


@job("promises.look_after", on=(Event.RIGHTS_CHANGED,), coalesce=True)
async def look_after(ctx: Context) -> None:
    """Finds what nobody would see: promises of owners who have gone, and those whose hour the clock has missed.

    The clock misses it while the plugin is off, and where an owner has become absent only after his turn.
    """
    # Index promises_of_owner.
    owned = await fetch(
        "SELECT owner_id, array_agg(id ORDER BY id) AS ids FROM promises_promise "
        "WHERE tenant_id = $1 AND state IN ('open', 'due') AND owner_id IS NOT NULL GROUP BY owner_id",
        ctx.tenant.id,
    )
    there = await people_who_may(ctx, KEEP) if owned else {}
    for owner in owned:
        if owner["owner_id"] not in there:
            for promise_id in owner["ids"]:
                await leave(ctx, promise_id, owner["owner_id"], GONE)
    settings: PromisesSettings = ctx.settings
    # Index promises_owed.
    late = await fetch(
        "SELECT id, state, owner_id, due_at <= now() - make_interval(mins => $2) AS long FROM promises_promise "
        "WHERE tenant_id = $1 AND state IN ('open', 'due') AND due_at <= now() ORDER BY due_at, id",
        ctx.tenant.id,
        settings.absent_minutes,
    )
    for row in late:
        if row["state"] == State.OPEN:
            await fall_due.function(ctx, row["id"])
        if row["long"] and row["owner_id"] is not None:
            await ctx.enqueue(fall_back, key=f"{row['id']}:again", promise_id=row["id"])


async def leave(ctx: Context, promise_id: int, owner_id: int, why: str) -> None:
    """Leaves a promise without an owner, unless somebody else has it by now."""
    async with transaction():
        row = await lock(ctx, promise_id)
        if row.owed and row.owner_id == owner_id:
            await own(ctx, row, None, What.LEFT, why)


async def _release(ctx: Context, seen: Row) -> None:
    """Notes that it is in its queue again, unless it was promised anew meanwhile."""
    async with transaction():
        row = await lock(ctx, seen.id)
        if row.owed and (row.due_at, row.owner_id) == (seen.due_at, seen.owner_id):
            await move(ctx, row, State.RELEASED, What.RELEASED, ABSENT)


async def _is_absent(ctx: Context, user_id: int) -> bool:
    settings: PromisesSettings = ctx.settings
    agent = await view(ctx, user_id)
    if agent is None or agent.status is Status.OFFLINE:
        return True
    on_break = agent.status is Status.PAUSED and agent.intent is Intent.PAUSE
    return on_break and settings.break_counts_as_absent


async def _now() -> datetime:
    now: datetime = await fetch_value("SELECT now()")
    return now.astimezone(UTC)
