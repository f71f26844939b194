"""Record queues: what there are, who works in which, and how much lies in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugins.records.models import Item, Queue, QueueKind, queue_reference
from switchroom import Context
from switchroom.agents import all_teams
from switchroom.audit import record
from switchroom.database import execute, fetch, fetch_value, transaction
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.locale import gettext as _
from switchroom.locale import ngettext

MOST_COUNTED = 10_000
"""Waiting items beyond these are not counted: a page that many have open would count them again and again."""
MOST_COLUMNS = 8
HIGHEST = 1000
"""Priorities go from minus this to this."""


@dataclass(frozen=True)
class Counters:
    """How much lies in a queue.

    Attributes:
        waiting: What can be taken; at most `MOST_COUNTED`.
        done_today: In the tenant's time zone.
    """

    waiting: int = 0
    in_work: int = 0
    postponed: int = 0
    kept: int = 0
    done_today: int = 0

    @property
    def many(self) -> bool:
        """Whether more wait than were counted."""
        return self.waiting >= MOST_COUNTED


@dataclass(frozen=True)
class QueueView:
    """A queue with what lies in it."""

    id: int
    name: str
    kind: QueueKind
    priority: int
    teams: tuple[int, ...]
    columns: tuple[str, ...]
    active: bool
    counters: Counters

    @property
    def closed(self) -> bool:
        """Whether it gives one record after the other."""
        return self.kind is QueueKind.CLOSED


@dataclass(frozen=True)
class QueueValues:
    """What an administrator says of a queue."""

    name: str
    kind: str
    priority: int = 0
    teams: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    active: bool = True


async def all_queues(ctx: Context) -> list[QueueView]:
    """Every queue, the highest priority first."""
    return await _views(ctx, await Queue.all().order_by("-priority", "name"))


async def queues_of(ctx: Context, user_id: int) -> list[QueueView]:
    """The queues that an agent works in and that are on, the highest priority first."""
    team_id = await fetch_value(
        "SELECT team_id FROM core_agent WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id
    )
    if team_id is None:
        return []
    queues = await Queue.filter(active=True).order_by("-priority", "name")
    return await _views(ctx, [queue for queue in queues if not queue.teams or team_id in queue.teams])


async def works_in(ctx: Context, user_id: int, queue: Queue) -> bool:
    """Whether an agent works in a queue."""
    team_id = await fetch_value(
        "SELECT team_id FROM core_agent WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id
    )
    return team_id is not None and (not queue.teams or team_id in queue.teams)


async def get_queue(ctx: Context, queue_id: int) -> QueueView:
    """One queue.

    Raises:
        NotFound: The tenant has no such queue.
    """
    return (await _views(ctx, [await find_queue(queue_id)]))[0]


async def find_queue(queue_id: int) -> Queue:
    """The row of a queue.

    Raises:
        NotFound: The tenant has no such queue.
    """
    queue = await Queue.get_or_none(id=queue_id)
    if queue is None:
        raise NotFound(_("There is no such record queue."))
    return queue


async def create_queue(ctx: Context, values: QueueValues) -> int:
    """Makes a queue and gives its id.

    Raises:
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        after = await _checked(ctx, values, None)
        queue = await Queue.create(**after)
        await record(
            ctx, "records.queue_created", subject=queue_reference(queue.id), subject_name=queue.name, after=after
        )
        await ctx.publish("records")
    queue_id: int = queue.id
    return queue_id


async def save_queue(ctx: Context, queue_id: int, values: QueueValues) -> None:
    """Changes a queue; what is in work stays so.

    Raises:
        NotFound: The tenant has no such queue.
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        after = await _checked(ctx, values, queue_id)
        queue = await _locked(queue_id)
        before = {key: getattr(queue, key) for key in after}
        if before == after:
            return
        await queue.update_from_dict(after).save(update_fields=list(after))
        await record(
            ctx, "records.queue_changed", subject=queue_reference(queue_id), subject_name=queue.name,
            before=before, after=after,
        )  # fmt: skip
        await ctx.publish("records")


async def delete_queue(ctx: Context, queue_id: int) -> None:
    """Removes a queue in which nothing is left to do, with the trace of what was done there.

    Raises:
        NotFound: The tenant has no such queue.
        Conflict: Records are left in it; says how many.
    """
    async with transaction():
        queue = await _locked(queue_id)
        left = await left_in(ctx, queue_id)
        if left:
            raise Conflict(
                ngettext(
                    "There is %(count)s record in this queue that is not done.",
                    "There are %(count)s records in this queue that are not done.",
                    left,
                )
                % {"count": left},
                mend=_("Move them to another queue first, below."),
            )
        await Item.filter(queue_id=queue_id).delete()
        await queue.delete()
        await record(
            ctx, "records.queue_deleted", subject=queue_reference(queue_id), subject_name=queue.name,
            before={"name": queue.name, "kind": queue.kind},
        )  # fmt: skip
        await ctx.publish("records")


async def move_everything(ctx: Context, queue_id: int, target_id: int) -> int:
    """Moves all that is not done to another queue, whoever has it; gives the number.

    Raises:
        NotFound: The tenant has no such queue.
        InvalidInput: It is the same queue.
    """
    if queue_id == target_id:
        raise InvalidInput(_("The records were not moved."), fields={"target": _("Choose another queue.")})
    async with transaction():
        # In the order of their ids, so that two who move in opposite directions do not wait for each other.
        for each in sorted((queue_id, target_id)):
            await _locked(each)
        source, target = await find_queue(queue_id), await find_queue(target_id)
        count = await execute(
            "UPDATE records_item SET queue_id = $3, version = version + 1 "
            "WHERE tenant_id = $1 AND queue_id = $2 AND state <> 'done'",
            ctx.tenant.id,
            queue_id,
            target_id,
        )
        await record(
            ctx, "records.items_moved", subject=queue_reference(queue_id), subject_name=source.name,
            after={"to": target.name, "count": count},
        )  # fmt: skip
        await ctx.publish("records")
    return count


async def left_in(ctx: Context, queue_id: int) -> int:
    """How many items of a queue are not done."""
    # Index records_item_in_queue.
    count: int = await fetch_value(
        "SELECT count(*) FROM records_item WHERE tenant_id = $1 AND queue_id = $2 AND state <> 'done'",
        ctx.tenant.id,
        queue_id,
    )
    return count


# Indexes records_item_next, records_item_owned and records_item_done, of each queue what it needs.
_COUNTERS = """
SELECT queue.id,
    (SELECT count(*) FROM (SELECT FROM records_item AS item WHERE item.tenant_id = $1 AND item.queue_id = queue.id
        AND item.owner_id IS NULL AND item.state <> 'done' LIMIT $4) AS counted) AS waiting,
    owned.in_work, owned.postponed, owned.kept,
    (SELECT count(*) FROM records_item AS item WHERE item.tenant_id = $1 AND item.queue_id = queue.id
        AND item.state = 'done' AND item.done_at >= $3) AS done_today
FROM unnest($2::bigint[]) AS queue (id) CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE aside = '') AS in_work, count(*) FILTER (WHERE aside = 'postponed') AS postponed,
        count(*) FILTER (WHERE aside = 'kept') AS kept
    FROM records_item AS item WHERE item.tenant_id = $1 AND item.queue_id = queue.id AND item.owner_id IS NOT NULL
        AND item.state <> 'done'
) AS owned
"""


async def _views(ctx: Context, queues: Sequence[Queue]) -> list[QueueView]:
    midnight = datetime.now(ctx.tenant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = await fetch(_COUNTERS, ctx.tenant.id, [queue.id for queue in queues], midnight, MOST_COUNTED)
    counters = {row.pop("id"): Counters(**row) for row in rows}
    return [
        QueueView(
            queue.id, queue.name, QueueKind(queue.kind), queue.priority, tuple(queue.teams), tuple(queue.columns),
            queue.active, counters[queue.id],
        )
        for queue in queues
    ]  # fmt: skip


async def _locked(queue_id: int) -> Queue:
    queue = await Queue.filter(id=queue_id).select_for_update().first()
    if queue is None:
        raise NotFound(_("There is no such record queue."))
    return queue


async def _checked(ctx: Context, values: QueueValues, queue_id: int | None) -> dict[str, Any]:
    """The columns of a queue.

    Raises:
        InvalidInput: A value cannot be used; names the field.
    """
    problems: dict[str, str] = {}
    name = " ".join(values.name.split())
    columns = [column for column in (" ".join(each.split()) for each in values.columns) if column]
    if not name or len(name) > 100:
        problems["name"] = _("Give the queue a name of at most 100 characters.")
    elif await Queue.filter(name__iexact=name).exclude(id=queue_id or 0).exists():
        problems["name"] = _("There is a queue of this name already.")
    if values.kind not in set(QueueKind):
        problems["kind"] = _("Choose whether agents take records from a list or one after the other.")
    if not -HIGHEST <= values.priority <= HIGHEST:
        text = _("Give a whole number between %(least)s and %(most)s.")
        problems["priority"] = text % {"least": -HIGHEST, "most": HIGHEST}
    if not set(values.teams) <= {team.id for team in await all_teams(ctx)}:
        problems["teams"] = _("One of these teams is not there any more.")
    if len(columns) > MOST_COLUMNS or any(len(column) > 60 for column in columns):
        text = _("Name at most %(count)s columns, each with at most 60 characters.")
        problems["columns"] = text % {"count": MOST_COLUMNS}
    if problems:
        raise InvalidInput(_("The queue was not saved."), fields=problems)
    return {
        "name": name,
        "kind": str(values.kind),
        "priority": values.priority,
        "teams": sorted(set(values.teams)),
        "columns": list(dict.fromkeys(columns)),
        "active": values.active,
    }
