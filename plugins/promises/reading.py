"""Reads the ledger for pages and programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugins.promises.states import State, What
from switchroom import Context
from switchroom.database import fetch, fetch_row
from switchroom.errors import NotFound
from switchroom.locale import gettext as _


@dataclass(frozen=True)
class PromiseView:
    """A promise as people see it; see `Promise`.

    Attributes:
        owner: The owner's name; empty where nobody owns it.
        last_owner: The name of who owned it before nobody did.
        same_number: How many other promises are open to the same number.
        handled: Whether the reader has handled the interaction that it came from, or it came from none.
    """

    id: int
    kind: str
    state: State
    owner_id: int | None
    owner: str
    last_owner: str
    subject: str
    reference: str
    url: str
    contact_name: str
    contact_number: str
    contact_zone: str
    interaction_id: int | None
    fallback: str
    due_at: datetime
    reminded_at: datetime | None
    left_at: datetime | None
    settled_at: datetime | None
    created_at: datetime
    same_number: int
    handled: bool

    @property
    def owed(self) -> bool:
        """Whether something is still to be done."""
        return self.state in (State.OPEN, State.DUE)

    @property
    def who(self) -> str:
        """The customer's name, else the number."""
        return self.contact_name or self.contact_number

    def is_late(self, now: datetime) -> bool:
        """Whether its time has come, and nobody has kept it."""
        return self.owed and self.due_at <= now


@dataclass(frozen=True)
class Wanted:
    """Which promises somebody wants to see.

    Attributes:
        owner_id: Of this owner.
        unowned: Of nobody.
        settled_since: Those settled since then, the latest first; None gives those that are still owed, by their time.
        due_before: Due before then.
        kind: Of this kind; empty is any.
        words: With this in the name, the number or the subject.
    """

    owner_id: int | None = None
    unowned: bool = False
    settled_since: datetime | None = None
    due_before: datetime | None = None
    kind: str = ""
    words: str = ""


@dataclass(frozen=True)
class Step:
    """A line of a promise's history; `actor` and `owner` are names."""

    at: datetime
    actor: str
    what: What
    why: str
    owner: str
    due_at: datetime


@dataclass(frozen=True)
class Load:
    """What one owner still owes."""

    owner_id: int | None
    owner: str
    owed: int
    late: int


_VIEW = """
SELECT promise.id, promise.kind, promise.state, promise.owner_id, promise.subject, promise.reference, promise.url,
    promise.contact_name, promise.contact_number, promise.contact_zone, promise.interaction_id, promise.fallback,
    promise.due_at, promise.reminded_at, promise.left_at, promise.settled_at, promise.created_at,
    coalesce(owner.name, '') AS owner, coalesce(last.name, '') AS last_owner,
    (SELECT count(*) FROM promises_promise AS other WHERE other.tenant_id = promise.tenant_id
     AND other.contact_number = promise.contact_number AND other.contact_number <> '' AND other.id <> promise.id
     AND other.state IN ('open', 'due')) AS same_number,
    promise.interaction_id IS NULL OR EXISTS (SELECT FROM core_segment AS segment
     WHERE segment.interaction_id = promise.interaction_id AND segment.agent_id = $2) AS handled
FROM promises_promise AS promise
LEFT JOIN core_user AS owner ON owner.id = promise.owner_id AND owner.tenant_id = promise.tenant_id
LEFT JOIN core_user AS last ON last.id = promise.last_owner_id AND last.tenant_id = promise.tenant_id
WHERE promise.tenant_id = $1
"""


async def promises(
    ctx: Context, wanted: Wanted, *, after: tuple[datetime, int] | None = None, limit: int = 100
) -> list[PromiseView]:
    """Promises that are still owed, by their time; or settled ones, the latest first.

    Args:
        ctx: Where, and who reads.
        wanted: Which.
        after: Time and id of the last one of the page before: `due_at`, or `settled_at` of settled ones.
        limit: How many at most.
    """
    # Owed ones by index promises_of_owner or promises_owed, settled ones by promises_settled, in their order.
    values: list[object] = [ctx.tenant.id, ctx.actor.user_id]

    def mark(value: object) -> str:
        values.append(value)
        return f"${len(values)}"

    settled = wanted.settled_since is not None
    column, compares, order = ("settled_at", "<", "DESC") if settled else ("due_at", ">", "ASC")
    owed = f"promise.settled_at >= {mark(wanted.settled_since)}" if settled else "promise.state IN ('open', 'due')"
    clauses = [owed]
    if wanted.unowned:
        clauses.append("promise.owner_id IS NULL")
    elif wanted.owner_id is not None:
        clauses.append(f"promise.owner_id = {mark(wanted.owner_id)}")
    if wanted.due_before is not None:
        clauses.append(f"promise.due_at <= {mark(wanted.due_before)}")
    if wanted.kind:
        clauses.append(f"promise.kind = {mark(wanted.kind)}")
    if words := wanted.words.strip().lower():
        text = f"strpos(lower(promise.contact_name || ' ' || promise.subject), {mark(words)}) > 0"
        digits = "".join(letter for letter in words if letter.isdigit())
        by_number = f" OR strpos(promise.contact_number, {mark(digits)}) > 0" if len(digits) > 2 else ""
        clauses.append(f"({text}{by_number})")
    if after is not None:
        clauses.append(f"(promise.{column}, promise.id) {compares} ({mark(after[0])}, {mark(after[1])})")
    query = f"{_VIEW} AND {' AND '.join(clauses)} ORDER BY promise.{column} {order}, promise.id {order}"
    rows = await fetch(f"{query} LIMIT {mark(limit)}", *values)
    return [_view(row) for row in rows]


async def get(ctx: Context, promise_id: int) -> PromiseView:
    """One promise.

    Raises:
        NotFound: There is none.
    """
    row = await fetch_row(f"{_VIEW} AND promise.id = $3", ctx.tenant.id, ctx.actor.user_id, promise_id)
    if row is None:
        raise NotFound(_("There is no such promise."))
    return _view(row)


async def history(ctx: Context, promise_id: int) -> list[Step]:
    """What has happened to a promise, from the beginning."""
    # Index promises_change_of_promise.
    rows = await fetch(
        "SELECT change.at, change.what, change.why, change.due_at, coalesce(actor.name, '') AS actor, "
        "coalesce(owner.name, '') AS owner FROM promises_change AS change "
        "LEFT JOIN core_user AS actor ON actor.id = change.actor_id AND actor.tenant_id = change.tenant_id "
        "LEFT JOIN core_user AS owner ON owner.id = change.owner_id AND owner.tenant_id = change.tenant_id "
        "WHERE change.tenant_id = $1 AND change.promise_id = $2 ORDER BY change.id",
        ctx.tenant.id,
        promise_id,
    )
    return [Step(**{**row, "what": What(row["what"])}) for row in rows]


async def late_of(ctx: Context, owner_id: int) -> int:
    """How many promises of an owner are due."""
    # Index promises_of_owner.
    return await _count(ctx, "owner_id = $2 AND state IN ('open', 'due') AND due_at <= now()", owner_id)


async def unowned(ctx: Context) -> int:
    """How many promises nobody owns."""
    # Index promises_of_owner.
    return await _count(ctx, "owner_id IS NULL AND state IN ('open', 'due')")


async def at_hand(ctx: Context, owner_id: int, since: datetime, limit: int = 5) -> list[PromiseView]:
    """Promises of an owner of which he has been reminded, or whose time has come since then; the latest first."""
    # Index promises_of_owner.
    rows = await fetch(
        f"{_VIEW} AND promise.state IN ('open', 'due') AND promise.owner_id = $3 AND promise.due_at >= $4 "
        "AND (promise.due_at <= now() OR promise.reminded_at IS NOT NULL) ORDER BY promise.due_at DESC LIMIT $5",
        ctx.tenant.id,
        ctx.actor.user_id,
        owner_id,
        since,
        limit,
    )
    return [_view(row) for row in rows]


async def around(ctx: Context, owner_id: int, due: datetime, minutes: int = 15) -> int:
    """How many promises of an owner are due within some minutes of a time."""
    span = timedelta(minutes=minutes)
    # Index promises_of_owner.
    return await _count(
        ctx, "owner_id = $2 AND state IN ('open', 'due') AND due_at BETWEEN $3 AND $4", owner_id, due - span, due + span
    )


async def due_between(ctx: Context, first: datetime, last: datetime) -> int:
    """How many promises of anybody fall due in a span of time."""
    # Index promises_owed.
    return await _count(ctx, "state IN ('open', 'due') AND due_at > $2 AND due_at <= $3", first, last)


async def loads(ctx: Context) -> list[Load]:
    """What each owner still owes, the latest first; nobody comes before all."""
    rows = await fetch(
        "SELECT promise.owner_id, coalesce(owner.name, '') AS owner, count(*) AS owed, "
        "count(*) FILTER (WHERE promise.due_at <= now()) AS late FROM promises_promise AS promise "
        "LEFT JOIN core_user AS owner ON owner.id = promise.owner_id AND owner.tenant_id = promise.tenant_id "
        "WHERE promise.tenant_id = $1 AND promise.state IN ('open', 'due') GROUP BY 1, 2 "
        "ORDER BY promise.owner_id IS NOT NULL, late DESC, owed DESC, owner",
        ctx.tenant.id,
    )
    return [Load(**row) for row in rows]


async def kinds(ctx: Context) -> list[str]:
    """The kinds of promises that are still owed."""
    rows = await fetch(
        "SELECT DISTINCT kind FROM promises_promise WHERE tenant_id = $1 AND state IN ('open', 'due') ORDER BY kind",
        ctx.tenant.id,
    )
    return [row["kind"] for row in rows]


async def last_contact(ctx: Context, number: str) -> tuple[int, str] | None:
    """The latest interaction with a number that the reader has handled: its id, and the customer's name."""
    # Index core_interaction_of_number.
    row = await fetch_row(
        "SELECT interaction.id, interaction.contact_name FROM core_interaction AS interaction "
        "WHERE interaction.tenant_id = $1 AND interaction.contact_number = $2 AND EXISTS (SELECT FROM core_segment "
        "AS segment WHERE segment.interaction_id = interaction.id AND segment.agent_id = $3) "
        "ORDER BY interaction.id DESC LIMIT 1",
        ctx.tenant.id,
        number,
        ctx.actor.user_id,
    )
    return (row["id"], row["contact_name"]) if row else None


async def of_number(ctx: Context, number: str) -> Sequence[PromiseView]:
    """The open promises to a number, the next one first."""
    # Index promises_of_number.
    rows = await fetch(
        f"{_VIEW} AND promise.state IN ('open', 'due') AND promise.contact_number = $3 "
        "AND promise.contact_number <> '' ORDER BY promise.due_at LIMIT 5",
        ctx.tenant.id,
        ctx.actor.user_id,
        number,
    )
    return [_view(row) for row in rows]


async def _count(ctx: Context, condition: str, *values: object) -> int:
    row = await fetch_row(
        f"SELECT count(*) AS number FROM promises_promise WHERE tenant_id = $1 AND {condition}",  # noqa: S608 - constants
        ctx.tenant.id,
        *values,
    )
    return int(row["number"]) if row else 0


def _view(row: dict[str, object]) -> PromiseView:
    return PromiseView(**{**row, "state": State(str(row["state"]))})  # type: ignore[arg-type]
