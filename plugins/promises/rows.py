"""The rows of the ledger: read under a lock, and changed together with a line of the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins.promises.states import MACHINE, State, What
from switchroom import Context
from switchroom.database import execute, fetch_row
from switchroom.errors import Conflict, NotFound
from switchroom.locale import gettext as _

LONGEST_REASON = 500


class Settled(Conflict):
    """The promise was kept, withdrawn or released before."""

    code = "promise_settled"


@dataclass(frozen=True)
class Row:
    """What has to be known of a promise before it is changed; see `Promise`."""

    id: int
    kind: str
    state: State
    owner_id: int | None
    reference: str
    fallback: str
    contact_name: str
    contact_number: str
    contact_zone: str
    subject: str
    due_at: datetime

    @property
    def owed(self) -> bool:
        """Whether something is still to be done."""
        return self.state not in MACHINE.final

    @property
    def title(self) -> str:
        """What people call it."""
        return self.contact_name or self.contact_number or self.subject


_COLUMNS = "id, kind, state, owner_id, reference, fallback, contact_name, contact_number, contact_zone, subject, due_at"


async def find(ctx: Context, promise_id: int) -> Row | None:
    """A promise as it is at the moment, or None."""
    return await _read(ctx, promise_id, "")


async def lock(ctx: Context, promise_id: int) -> Row:
    """Locks a promise until the transaction ends. It is the last lock that anybody takes, besides those of jobs.

    Raises:
        NotFound: There is none.
    """
    row = await _read(ctx, promise_id, "FOR NO KEY UPDATE")
    if row is None:
        raise NotFound(_("There is no such promise."))
    return row


async def lock_owed(ctx: Context, promise_id: int) -> Row:
    """The same, of one that is still owed.

    Raises:
        NotFound: There is none.
        Settled: It was kept, withdrawn or released before.
    """
    row = await lock(ctx, promise_id)
    if not row.owed:
        raise Settled(_("This promise is settled already."), mend=_("Its history says by whom."))
    return row


async def locked_by_reference(ctx: Context, reference: str) -> Row | None:
    """The open promise of a reference, locked; None where there is none."""
    # Index promises_of_reference.
    found = await fetch_row(
        f"SELECT {_COLUMNS} FROM promises_promise WHERE tenant_id = $1 AND reference = $2 AND reference <> '' "  # noqa: S608
        "AND state IN ('open', 'due') FOR NO KEY UPDATE",
        ctx.tenant.id,
        reference,
    )
    return Row(**{**found, "state": State(found["state"])}) if found else None


async def _read(ctx: Context, promise_id: int, clause: str) -> Row | None:
    found = await fetch_row(
        f"SELECT {_COLUMNS} FROM promises_promise WHERE tenant_id = $1 AND id = $2 {clause}",  # noqa: S608 - constants
        ctx.tenant.id,
        promise_id,
    )
    return Row(**{**found, "state": State(found["state"])}) if found else None


async def move(ctx: Context, row: Row, state: State, what: What, why: str = "") -> None:
    """Takes a locked promise into another state, and notes it.

    Raises:
        IllegalTransition: That state cannot follow.
    """
    MACHINE.check(row.state, state)
    # Columns of one row: no index but the primary key.
    await execute(
        "UPDATE promises_promise SET state = $3::text, settled_at = CASE WHEN $4 THEN now() END "
        "WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        row.id,
        str(state),
        state in MACHINE.final,
    )
    await note(ctx, row.id, what, row.owner_id, row.due_at, why)
    await tell(ctx, row.owner_id)


async def own(ctx: Context, row: Row, owner_id: int | None, what: What, why: str = "") -> None:
    """Gives a locked promise to somebody, or to nobody, and notes it."""
    await execute(
        "UPDATE promises_promise SET owner_id = $3::bigint, reminded_at = NULL, "
        "last_owner_id = CASE WHEN $3::bigint IS NULL THEN owner_id END, "
        "left_at = CASE WHEN $3::bigint IS NULL THEN now() END WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        row.id,
        owner_id,
    )
    await note(ctx, row.id, what, owner_id, row.due_at, why)
    await tell(ctx, row.owner_id, owner_id)


async def note(ctx: Context, promise_id: int, what: What, owner_id: int | None, due: datetime, why: str = "") -> None:
    """Adds a line to the history of a promise."""
    await execute(
        "INSERT INTO promises_change (tenant_id, promise_id, at, actor, actor_id, what, why, owner_id, due_at) "
        "VALUES ($1, $2, clock_timestamp(), $3, $4, $5, $6, $7, $8)",
        ctx.tenant.id,
        promise_id,
        str(ctx.actor),
        ctx.actor.user_id,
        str(what),
        why[:LONGEST_REASON],
        owner_id,
        due,
    )


async def tell(ctx: Context, *owners: int | None) -> None:
    """Tells the pages of these owners, and those of supervisors, that something is different."""
    personal = [f"promises:{owner}" for owner in sorted({owner for owner in owners if owner is not None})]
    await ctx.publish("promises", *personal, *(["promises:unowned"] if None in owners else []))
