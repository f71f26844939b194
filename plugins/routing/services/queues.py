"""Makes, changes, orders and removes queues; whoever serves one does so from the same moment on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from plugins.routing.deadlines import set_deadlines_of_queue
from plugins.routing.holding import hold_settings
from plugins.routing.hours import Span
from plugins.routing.models import Holiday, OpenHours, Queue, QueueSkill
from plugins.routing.services.values import HolidayValue, QueueValues, check
from plugins.routing.serving import place_everybody
from switchroom import Context
from switchroom.agents import drop_pool
from switchroom.audit import record
from switchroom.database import fetch, fetch_value, transaction
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.interactions import move_to_queue
from switchroom.locale import gettext as _
from switchroom.locale import ngettext
from switchroom.runtime import TenantRef

WAITING = ("waiting", "offered")


async def queue_of(queue_id: int) -> Queue:
    """The row of a queue.

    Raises:
        NotFound: The tenant has no such queue.
    """
    queue = await Queue.get_or_none(id=queue_id)
    if queue is None:
        raise NotFound(_("There is no such queue."))
    return queue


async def all_queues() -> list[Queue]:
    """Every queue of the tenant, in its order."""
    # Index routing_queue_in_order.
    return await Queue.all().order_by("position", "id")


async def ensure_queue(ctx: Context) -> Queue:
    """The tenant's first queue, made where there is none at all."""
    queue = await Queue.all().order_by("position", "id").first()
    if queue is None:
        async with transaction():
            queue, created = await Queue.get_or_create(
                name="Main", tenant_id=ctx.tenant.id, defaults={"channels": ["voice"]}
            )
            if created:
                await place_everybody(ctx, queue)
    return queue


async def read_values(queue_id: int) -> QueueValues:
    """All that is set of a queue.

    Raises:
        NotFound: The tenant has no such queue.
    """
    queue = await queue_of(queue_id)
    week: dict[int, list[Span]] = defaultdict(list)
    for row in await OpenHours.filter(queue_id=queue_id).order_by("weekday", "opens"):
        week[row.weekday].append(Span(row.opens, row.closes))
    holidays = [
        HolidayValue(
            row.day, row.name, None if row.opens is None or row.closes is None else Span(row.opens, row.closes)
        )
        for row in await Holiday.filter(queue_id=queue_id).order_by("day")
    ]
    asked = await QueueSkill.filter(queue_id=queue_id).order_by("skill_id")
    return QueueValues(
        name=queue.name,
        target_seconds=queue.target_seconds,
        channels=tuple(queue.channels),
        priority=queue.priority,
        strategy=queue.strategy,
        sticky_hours=queue.sticky_hours,
        teams=tuple(queue.teams),
        timezone=queue.timezone,
        always_open=queue.always_open,
        week={day: tuple(spans) for day, spans in week.items()},
        holidays=tuple(holidays),
        overflow_queue_id=queue.overflow_queue_id,
        overflow_seconds=queue.overflow_seconds,
        longest_wait_seconds=queue.longest_wait_seconds,
        most_waiting=queue.most_waiting,
        skills={row.skill_id: row.level for row in asked},
    )


async def create_queue(ctx: Context, values: QueueValues) -> int:
    """Makes a queue behind all others, and gives its id.

    Raises:
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        await hold_settings(ctx)
        values = _tidy(values)
        await check(ctx, values, None)
        values = _in_order(values)
        position = 1 + max((queue.position for queue in await all_queues()), default=0)
        queue = await Queue.create(position=position, **values.columns)
        await _write_parts(queue.id, values)
        await place_everybody(ctx, queue)
        await record(
            ctx, "routing.queue_created", subject=queue.reference, subject_name=queue.name, after=values.audited
        )
        await ctx.publish("queue", "queues")
    queue_id: int = queue.id
    return queue_id


async def change_queue(ctx: Context, queue_id: int, values: QueueValues) -> None:
    """Changes a queue; who serves it, and how long one waits in it, is as the new values say at once.

    Raises:
        NotFound: The tenant has no such queue.
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        await hold_settings(ctx)
        values = _tidy(values)
        before = await read_values(queue_id)
        await check(ctx, values, queue_id)
        values = _in_order(values)
        if before == values:
            return
        queue = await queue_of(queue_id)
        await queue.update_from_dict(values.columns).save(update_fields=list(values.columns))
        await _write_parts(queue_id, values)
        await place_everybody(ctx, queue)
        if _deadlines(before) != _deadlines(values):
            await ctx.enqueue(set_deadlines_of_queue, key=str(queue_id), queue_id=queue_id)
        await record(
            ctx,
            "routing.queue_changed",
            subject=queue.reference,
            subject_name=queue.name,
            before=before.audited,
            after=values.audited,
        )
        await ctx.publish("queue", "queues")


async def save_queue(ctx: Context, queue_id: int, *, name: str, target_seconds: int) -> None:
    """Changes the name and the target of a queue, and leaves the rest.

    Raises:
        NotFound: The tenant has no such queue.
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        await hold_settings(ctx)
        await change_queue(
            ctx, queue_id, replace(await read_values(queue_id), name=name, target_seconds=target_seconds)
        )


async def order_queues(ctx: Context, queue_ids: Sequence[int]) -> None:
    """Puts the queues in this order.

    Raises:
        InvalidInput: These are not all queues, each once.
    """
    async with transaction():
        await hold_settings(ctx)
        before = await all_queues()
        if sorted(queue_ids) != sorted(queue.id for queue in before):
            raise InvalidInput(_("The queues have changed meanwhile."), mend=_("Load the page again."))
        if list(queue_ids) == [queue.id for queue in before]:
            return
        queues = {queue.id: queue for queue in before}
        for position, queue_id in enumerate(queue_ids, start=1):
            await queues[queue_id].update_from_dict({"position": position}).save(update_fields=["position"])
        await record(
            ctx,
            "routing.queues_ordered",
            before={"order": [queue.name for queue in before]},
            after={"order": [queues[queue_id].name for queue_id in queue_ids]},
        )
        await ctx.publish("queues")


async def count_waiting(ctx: Context, queue: Queue) -> int:
    """How many interactions wait in a queue, those included that are just being offered."""
    # Index core_interaction_in_queue.
    count: int = await fetch_value(
        "SELECT count(*) FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND state = ANY($3::text[])",
        ctx.tenant.id,
        queue.reference,
        list(WAITING),
    )
    return count


async def move_waiting(ctx: Context, queue_id: int, target_id: int) -> int:
    """Lets all that waits in a queue wait in another one, and gives the number; what rings at an agent stays there.

    Raises:
        NotFound: The tenant has no such queue.
        InvalidInput: It is the same queue.
    """
    source, target = await queue_of(queue_id), await queue_of(target_id)
    if source.id == target.id:
        raise InvalidInput(_("Choose another queue."), fields={"target": _("They wait in this one already.")})
    # Index core_interaction_in_queue.
    rows = await fetch(
        "SELECT id, priority FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND state = 'waiting' "
        "ORDER BY id",
        ctx.tenant.id,
        source.reference,
    )
    moved = 0
    # One after the other, so that nobody waits for the last of a thousand.
    for row in rows:
        priority = row["priority"] - source.priority + target.priority
        moved += await move_to_queue(ctx, row["id"], target.reference, priority=priority, cause="moved")
    if moved:
        await record(
            ctx,
            "routing.queue_emptied",
            subject=source.reference,
            subject_name=source.name,
            after={"moved": moved, "to": target.name},
        )
    return moved


async def delete_queue(ctx: Context, queue_id: int) -> None:
    """Removes a queue in which nobody waits.

    Raises:
        NotFound: The tenant has no such queue.
        Conflict: Somebody waits in it, or it is the only one.
    """
    async with transaction():
        await hold_settings(ctx)
        # Whoever is being admitted at this moment holds the row: nobody comes in after this look.
        queue = await Queue.filter(id=queue_id).select_for_update().first()
        if queue is None:
            raise NotFound(_("There is no such queue."))
        waiting = await count_waiting(ctx, queue)
        if waiting:
            raise Conflict(
                ngettext("%(count)d customer waits in it.", "%(count)d customers wait in it.", waiting)
                % {"count": waiting},
                mend=_("Move them to another queue first."),
                code="queue_not_empty",
            )
        if await Queue.all().count() == 1:
            raise Conflict(_("This is the only queue."), mend=_("Make another one first."))
        before = await read_values(queue_id)
        await drop_pool(ctx, queue.reference)
        await queue.delete()
        await record(
            ctx, "routing.queue_deleted", subject=queue.reference, subject_name=queue.name, before=before.audited
        )
        await ctx.publish("queue", "queues", "agents")


async def copy_queues(ctx: Context, source: TenantRef) -> None:
    """Gives a tenant the queues of another one; what names teams or agents of the other is left out."""
    async with ctx.in_tenant(source):
        originals = await all_queues()
        values = [await read_values(queue.id) for queue in originals]
    for position, each in enumerate(values, start=1):
        if await Queue.get_or_none(name=each.name) is not None:
            continue
        own = replace(each, teams=(), skills={}, overflow_queue_id=None, overflow_seconds=0)
        queue = await Queue.create(position=position, **own.columns)
        await _write_parts(queue.id, own)
        await place_everybody(ctx, queue)
    await ensure_queue(ctx)


def _tidy(values: QueueValues) -> QueueValues:
    """The same values in one form, so that equal ones are equal."""
    week = {day: tuple(sorted(spans)) for day, spans in sorted(values.week.items()) if spans}
    return replace(
        values,
        name=values.name.strip(),
        channels=tuple(dict.fromkeys(values.channels)),
        teams=tuple(sorted(set(values.teams))),
        week=week,
    )


def _in_order(values: QueueValues) -> QueueValues:
    """With the holidays in order: once they have been looked at, since what is wrong is said by their numbers."""
    return replace(values, holidays=tuple(sorted(values.holidays, key=lambda holiday: holiday.day)))


def _deadlines(values: QueueValues) -> tuple[int | None, int, int]:
    return values.overflow_queue_id, values.overflow_seconds, values.longest_wait_seconds


async def _write_parts(queue_id: int, values: QueueValues) -> None:
    await OpenHours.filter(queue_id=queue_id).delete()
    for weekday, spans in values.week.items():
        for span in spans:
            await OpenHours.create(queue_id=queue_id, weekday=weekday, opens=span.opens, closes=span.closes)
    await Holiday.filter(queue_id=queue_id).delete()
    for holiday in values.holidays:
        opens, closes = (holiday.span.opens, holiday.span.closes) if holiday.span else (None, None)
        await Holiday.create(queue_id=queue_id, day=holiday.day, name=holiday.name, opens=opens, closes=closes)
    await QueueSkill.filter(queue_id=queue_id).delete()
    for skill_id, level in values.skills.items():
        await QueueSkill.create(queue_id=queue_id, skill_id=skill_id, level=level)
