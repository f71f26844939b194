"""The ledger: what is done with promises, each function in one transaction, usable from pages, the API and plugins."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plugins.promises.permissions import KEEP
from plugins.promises.rows import (
    LONGEST_REASON,
    Row,
    find,
    lock_owed,
    locked_by_reference,
    move,
    note,
    own,
    tell,
)
from plugins.promises.states import State, What
from plugins.promises.times import GONE, schedule
from plugins.promises.zones import is_zone
from switchroom import Context
from switchroom.agents import people_who_may
from switchroom.audit import record
from switchroom.capabilities import NewPromise
from switchroom.database import execute, fetch_row, fetch_value, transaction
from switchroom.errors import Conflict, InvalidInput
from switchroom.locale import gettext as _

PLUGIN = "promises"
CALLBACK = "callback"
GRACE = timedelta(minutes=1)
"""How far in the past a new due time may lie: it takes a moment to say it."""
FARTHEST = timedelta(days=5 * 366)

_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


class AlreadyPromised(Conflict):
    """Something is promised to this number already.

    Attributes:
        promise_id: Which promise it is.
    """

    code = "already_promised"

    def __init__(self, message: str, promise_id: int, *, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.promise_id = promise_id


class Ledger:
    """The capability `PromiseLedger`."""

    async def promise(self, ctx: Context, new: NewPromise) -> int:
        """Adds a promise, or puts off the open one of the same reference.

        An owner who may not keep promises, such as one whose account is off, does not stop it: it has none then.

        Raises:
            InvalidInput: It is due in the past, or something of it cannot be used.
        """
        ctx = ctx.for_plugin(PLUGIN)
        new = _checked(new)
        async with transaction():
            there = await locked_by_reference(ctx, new.reference) if new.reference else None
            if there is not None:
                return await _promise_again(ctx, there, new)
            return await _add(ctx, new)

    async def settle(self, ctx: Context, reference: str, *, kept: bool) -> None:
        """What was owed is done, or is owed no more. Nothing happens when no promise of that reference is open."""
        ctx = ctx.for_plugin(PLUGIN)
        async with transaction():
            row = await locked_by_reference(ctx, reference)
            if row is not None:
                state, what = (State.KEPT, What.KEPT) if kept else (State.WITHDRAWN, What.WITHDRAWN)
                await move(ctx, row, state, what)


async def promise_once(ctx: Context, new: NewPromise) -> int:
    """Adds a promise, unless something is promised to the same number already.

    Raises:
        AlreadyPromised: It is; `Ledger.promise` adds another one all the same.
        InvalidInput: It is due in the past, or something of it cannot be used.
    """
    async with transaction():
        if new.contact_number:
            # Of two who promise to one number at a time, the second waits here and is told.
            await execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                f"promises:{ctx.tenant.id}:{new.contact_number}",
            )
        if other := await _of_number(ctx, new.contact_number):
            promise_id, owner = other
            text = (
                _("Something is promised to this number already, by %(owner)s.") % {"owner": owner}
                if owner
                else _("Something is promised to this number already.")
            )
            raise AlreadyPromised(text, promise_id, mend=_("Look at it first: one call may be enough."))
        return await Ledger().promise(ctx, new)


async def put_off(ctx: Context, promise_id: int, due: datetime, why: str = "") -> None:
    """Puts a promise off, or forward; so does whoever has made it with what it is about.

    Raises:
        Conflict: Whoever has made it refuses.
        InvalidInput: The time cannot be used.
        NotFound: There is no such promise.
        Settled: It was kept, withdrawn or released before.
    """
    due = checked_due(due)
    async with transaction():
        # Before the row is locked: whoever has made it locks rows of its own, and settles promises with these locked.
        if reference := await _reference(ctx, promise_id):
            await ctx.tell("promise_put_off", reference=reference, due=due)
        row = await lock_owed(ctx, promise_id)
        await _set_due(ctx, row, due, why)


async def keep(ctx: Context, promise_id: int, why: str = "") -> None:
    """What was promised is done; whoever has made it is told.

    Raises:
        Conflict: Whoever has made it refuses.
        InvalidInput: Somebody other than the owner says so, and does not say why.
        NotFound: There is no such promise.
        Settled: It was kept, withdrawn or released before.
    """
    async with transaction():
        await _tell_settled(ctx, promise_id, kept=True)
        row = await lock_owed(ctx, promise_id)
        if row.owner_id != ctx.actor.user_id:
            why = said(why, _("Say how it was kept: it is not yours."))
        await move(ctx, row, State.KEPT, What.KEPT, why.strip())


async def withdraw(ctx: Context, promise_id: int, why: str) -> None:
    """What was promised is owed no more; whoever has made it is told.

    Raises:
        Conflict: Whoever has made it refuses.
        InvalidInput: Nobody says why.
        NotFound: There is no such promise.
        Settled: It was kept, withdrawn or released before.
    """
    why = said(why, _("Say why it is owed no more."))
    async with transaction():
        await _tell_settled(ctx, promise_id, kept=False)
        row = await lock_owed(ctx, promise_id)
        await move(ctx, row, State.WITHDRAWN, What.WITHDRAWN, why)
        if row.owner_id != ctx.actor.user_id:
            await _audit(ctx, "promises.withdrawn", row, {"reason": why})


async def take(ctx: Context, promise_id: int) -> None:
    """Whoever acts owns the promise from now on.

    Raises:
        Conflict: Whoever has made it refuses.
        InvalidInput: The role does not allow to keep promises.
        NotFound: There is no such promise.
        Settled: It was kept, withdrawn or released before.
    """
    if ctx.actor.user_id is None:
        raise InvalidInput(_("Only a person can take a promise."))
    await _hand_over(ctx, promise_id, ctx.actor.user_id, What.TAKEN, "")


async def give(ctx: Context, promise_id: int, owner_id: int, why: str = "") -> None:
    """Gives a promise to somebody, and what it is about with it, as far as whoever has made it keeps that.

    Raises:
        Conflict: Whoever has made it refuses.
        InvalidInput: He may not keep promises, or has gone.
        NotFound: There is no such promise.
        Settled: It was kept, withdrawn or released before.
    """
    await _hand_over(ctx, promise_id, owner_id, What.GIVEN, why.strip())


async def set_zone(ctx: Context, promise_id: int, zone: str) -> None:
    """Says in which time zone the customer is; empty leaves it to his number.

    Raises:
        InvalidInput: There is no such zone.
        NotFound: There is no such promise.
        Settled: It was kept, withdrawn or released before.
    """
    _check_zone(zone)
    async with transaction():
        row = await lock_owed(ctx, promise_id)
        if row.contact_zone == zone:
            return
        await execute(
            "UPDATE promises_promise SET contact_zone = $3 WHERE tenant_id = $1 AND id = $2",
            ctx.tenant.id,
            row.id,
            zone,
        )
        await note(ctx, row.id, What.ZONE, row.owner_id, row.due_at, zone)
        await tell(ctx, row.owner_id)


def checked_due(due: datetime) -> datetime:
    """A time that something can be due at, in UTC.

    Raises:
        InvalidInput: It lies in the past, or too far away.
    """
    now = datetime.now(UTC)
    problem = ""
    if due.tzinfo is None:
        problem = _("Say in which time zone the time is.")
    elif due < now - GRACE:
        problem = _("Choose a time in the future.")
    elif due > now + FARTHEST:
        problem = _("Choose a time within five years.")
    if problem:
        raise InvalidInput(problem, fields={"due": problem})
    return due.astimezone(UTC)


def said(why: str, problem: str) -> str:
    """A reason that was given.

    Raises:
        InvalidInput: None was, or one that is too long.
    """
    why = why.strip()
    if not why:
        raise InvalidInput(problem, fields={"why": problem})
    if len(why) > LONGEST_REASON:
        text = _("Use at most %(number)d characters.") % {"number": LONGEST_REASON}
        raise InvalidInput(text, fields={"why": text})
    return why


async def _add(ctx: Context, new: NewPromise) -> int:
    owner, gone = await _owner_of(ctx, new.owner_id)
    row = await fetch_row(
        "INSERT INTO promises_promise (tenant_id, kind, state, owner_id, subject, reference, url, contact_name, "
        "contact_number, contact_zone, interaction_id, fallback, due_at, left_at, last_owner_id, created_at) "
        "VALUES ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
        "CASE WHEN $3::bigint IS NULL THEN now() END, $13, now()) "
        "ON CONFLICT (tenant_id, reference) WHERE state IN ('open', 'due') AND reference <> '' DO NOTHING RETURNING id",
        ctx.tenant.id,
        new.kind,
        owner,
        new.subject,
        new.reference,
        new.url,
        new.contact_name,
        new.contact_number,
        new.contact_zone,
        new.interaction_id,
        str(new.fallback),
        new.due,
        gone,
    )
    if row is None:
        # Somebody else has promised it at the same moment.
        there = await locked_by_reference(ctx, new.reference)
        return await _promise_again(ctx, there, new) if there else await _add(ctx, new)
    promise_id: int = row["id"]
    await note(ctx, promise_id, What.MADE, owner, new.due)
    if gone is not None:
        await note(ctx, promise_id, What.LEFT, None, new.due, GONE)
    await schedule(ctx, promise_id, new.due)
    await tell(ctx, owner)
    return promise_id


async def _promise_again(ctx: Context, there: Row, new: NewPromise) -> int:
    owner, gone = await _owner_of(ctx, new.owner_id)
    await execute(
        "UPDATE promises_promise SET kind = $3, subject = $4, url = $5, contact_name = $6, contact_number = $7, "
        "contact_zone = $8, fallback = $9 WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        there.id,
        new.kind,
        new.subject,
        new.url,
        new.contact_name,
        new.contact_number,
        new.contact_zone or there.contact_zone,
        str(new.fallback),
    )
    if owner != there.owner_id:
        await own(ctx, there, owner, What.GIVEN if owner else What.LEFT, GONE if gone else "")
        there = replace(there, owner_id=owner)
    await _set_due(ctx, there, new.due, "")
    return there.id


async def _set_due(ctx: Context, row: Row, due: datetime, why: str) -> None:
    await execute(
        "UPDATE promises_promise SET due_at = $3, state = 'open', reminded_at = NULL WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        row.id,
        due,
    )
    await note(ctx, row.id, What.PUT_OFF, row.owner_id, due, why.strip())
    await schedule(ctx, row.id, due)
    await tell(ctx, row.owner_id)


async def _hand_over(ctx: Context, promise_id: int, owner_id: int, what: What, why: str) -> None:
    people = await people_who_may(ctx, KEEP, owner_id)
    if owner_id not in people:
        text = _("Choose somebody who may keep promises.")
        raise InvalidInput(text, fields={"owner": text})
    async with transaction():
        if reference := await _reference(ctx, promise_id):
            await ctx.tell("promise_given", reference=reference, owner_id=owner_id)
        row = await lock_owed(ctx, promise_id)
        if row.owner_id == owner_id:
            return
        await own(ctx, row, owner_id, what, why)
        # The new owner gets as much notice as the time still allows.
        await schedule(ctx, row.id, row.due_at)
        await _audit(ctx, "promises.given", row, {"owner": people[owner_id]})


async def _tell_settled(ctx: Context, promise_id: int, *, kept: bool) -> None:
    if reference := await _reference(ctx, promise_id):
        await ctx.tell("promise_settled", reference=reference, kept=kept)


async def _reference(ctx: Context, promise_id: int) -> str:
    """What whoever has made a promise calls it; it never changes. Empty where nobody is to be told."""
    row = await find(ctx, promise_id)
    return row.reference if row is not None and row.owed else ""


async def _owner_of(ctx: Context, wanted: int | None) -> tuple[int | None, int | None]:
    """Who is to own a new promise, and who would have but cannot."""
    if wanted is None or wanted in await people_who_may(ctx, KEEP, wanted):
        return wanted, None
    return None, wanted


async def _of_number(ctx: Context, number: str) -> tuple[int, str] | None:
    """An open promise to this number and its owner's name."""
    # Index promises_of_number.
    row = await fetch_row(
        "SELECT promise.id, coalesce(owner.name, '') AS owner FROM promises_promise AS promise "
        "LEFT JOIN core_user AS owner ON owner.id = promise.owner_id AND owner.tenant_id = promise.tenant_id "
        "WHERE promise.tenant_id = $1 AND promise.contact_number = $2 AND promise.contact_number <> '' "
        "AND promise.state IN ('open', 'due') ORDER BY promise.due_at LIMIT 1",
        ctx.tenant.id,
        number,
    )
    return (row["id"], row["owner"]) if row else None


async def _audit(ctx: Context, action: str, row: Row, after: dict[str, str]) -> None:
    """What somebody does with a promise of somebody else."""
    before = ""
    if row.owner_id is not None:
        before = await fetch_value(
            "SELECT name FROM core_user WHERE tenant_id = $1 AND id = $2", ctx.tenant.id, row.owner_id
        )
    await record(
        ctx,
        action,
        subject=f"promises:promise:{row.id}",
        subject_name=row.title,
        before={"owner": before or ""},
        after=after,
    )


def _checked(new: NewPromise) -> NewPromise:
    wrong: dict[str, str] = {}
    if not _KIND.fullmatch(new.kind):
        wrong["kind"] = _("A kind is a word of small letters, digits and underscores.")
    if len(new.reference) > 120:
        wrong["reference"] = _("Use at most %(number)d characters.") % {"number": 120}
    if len(new.contact_number) > 32:
        wrong["number"] = _("Use at most %(number)d characters.") % {"number": 32}
    if new.url and (not new.url.startswith("/") or new.url.startswith("//") or len(new.url) > 500):
        wrong["url"] = _("Give the path of a page here, such as /card/5.")
    if not (new.subject.strip() or new.contact_name.strip() or new.contact_number):
        wrong["subject"] = _("Say what is owed, or to whom.")
    if wrong:
        raise InvalidInput(_("This cannot be promised."), fields=wrong)
    _check_zone(new.contact_zone)
    # Words that are longer than the ledger keeps are no reason to lose what is owed.
    return replace(
        new, due=checked_due(new.due), subject=new.subject.strip()[:500], contact_name=new.contact_name.strip()[:200]
    )


def _check_zone(zone: str) -> None:
    if zone and not is_zone(zone):
        text = _("There is no such time zone.")
        raise InvalidInput(text, fields={"zone": text})
