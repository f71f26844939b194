"""Putting records of any plugin into queues: the capability `RecordQueues`, and what its plugin is told afterwards."""

from __future__ import annotations

import json

from plugins.records.models import Item, ItemState, Queue, queue_reference
from plugins.records.services.changing import change, end_work, settle_promise
from plugins.records.services.queues import HIGHEST
from plugins.records.services.steps import note
from switchroom import Context, job
from switchroom.capabilities import QueuedRecord, RecordQueue
from switchroom.database import fetch_value, transaction
from switchroom.errors import InvalidInput, NotFound
from switchroom.locale import gettext as _

LIMITS = {"reference": 120, "url": 500, "title": 200, "contact_name": 200, "contact_number": 32}
"""The most characters of each text."""

PLUGIN = "records"

# Of each reference one item is open: whoever adds it again at the same moment finds this one. Index records_item_open.
_ADD = """
INSERT INTO records_item (tenant_id, queue_id, reference, url, title, contact_name, contact_number, cells, priority,
    placed_at, state, aside, transfers, version, outcome, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9, clock_timestamp(), 'waiting', '', 0, 1, '', now())
ON CONFLICT (tenant_id, reference) WHERE state <> 'done' DO NOTHING RETURNING id
"""


class Queues:
    """The capability `RecordQueues`."""

    async def queues(self, ctx: Context) -> list[RecordQueue]:
        """The queues that are on, the highest priority first."""
        found = await Queue.filter(active=True).order_by("-priority", "name")
        return [RecordQueue(queue_reference(queue.id), queue.name) for queue in found]

    async def add(self, ctx: Context, queue: str, record: QueuedRecord) -> int:
        """Puts a record into a queue; one that is in a queue stays there and is brought up to date."""
        _check(record)
        queue_id = _queue_id(queue)
        async with transaction():
            if not await Queue.filter(id=queue_id).exists():
                raise NotFound(_("There is no such record queue."))
            ours = ctx.for_plugin(PLUGIN)
            item_id: int | None = await fetch_value(
                _ADD,
                ctx.tenant.id,
                queue_id,
                record.reference,
                record.url,
                record.title,
                record.contact_name,
                record.contact_number,
                _json(record),
                record.priority,
            )
            if item_id is not None:
                await note(ours, item_id, "added")
                await ctx.publish("records")
                return item_id
            await self.update(ctx, record)
            item = await Item.filter(reference=record.reference).exclude(state=ItemState.DONE).first()
            # It may have been done at this very moment: then there is none, and its plugin is told.
            return item.id if item is not None else 0

    async def update(self, ctx: Context, record: QueuedRecord) -> bool:
        """Brings what the queue shows of a record up to date; gives whether it is in a queue."""
        _check(record)
        async with transaction():
            item = await _open(record.reference)
            if item is None:
                return False
            values = {
                "url": record.url,
                "title": record.title,
                "contact_name": record.contact_name,
                "contact_number": record.contact_number,
                "cells": dict(record.cells),
                "priority": record.priority,
            }
            # Not a step, and no new version: the agent who has it in work goes on.
            await Item.filter(id=item.id).update(**values)
            await ctx.publish("records", f"record:{item.id}")
        return True

    async def close(self, ctx: Context, reference: str) -> bool:
        """Takes a record out of its queue, whoever has it; gives whether it was in one."""
        async with transaction():
            item = await _open(reference)
            if item is None:
                return False
            await settle_promise(ctx, item.id, kept=False)
            interaction_id = item.interaction_id
            await change(
                ctx.for_plugin(PLUGIN), item, "closed", state=ItemState.DONE.value, outcome="closed", aside="",
                next_at=None, interaction_id=None, done_at=await fetch_value("SELECT now()"),
            )  # fmt: skip
            await end_work(ctx, interaction_id, "closed")
        return True


@job("records.tell_processed")
async def tell_processed(ctx: Context, item_id: int) -> None:
    """Tells the plugins what has become of a record; tried again until none of them fails."""
    item = await Item.get_or_none(id=item_id)
    if item is not None and item.outcome:
        await ctx.tell("record_processed", reference=item.reference, outcome=item.outcome, agent_id=item.owner_id)


def _queue_id(reference: str) -> int:
    prefix, _colon, number = reference.rpartition(":")
    if prefix != "records:queue" or not number.isdecimal() or len(number) > 18:
        raise NotFound(_("There is no such record queue."))
    return int(number)


def _json(record: QueuedRecord) -> str:

    return json.dumps(dict(record.cells))


async def _open(reference: str) -> Item | None:
    # Index records_item_open.
    return await Item.filter(reference=reference).exclude(state=ItemState.DONE).select_for_update().first()


def _check(record: QueuedRecord) -> None:
    problems = {
        name: _("At most %(count)s characters.") % {"count": most}
        for name, most in LIMITS.items()
        if len(getattr(record, name)) > most
    }
    if not record.reference:
        problems["reference"] = _("Say which record it is.")
    if not record.title.strip():
        problems["title"] = _("Give the record a title.")
    if not -HIGHEST <= record.priority <= HIGHEST:
        text = _("Give a whole number between %(least)s and %(most)s.")
        problems["priority"] = text % {"least": -HIGHEST, "most": HIGHEST}
    if problems:
        raise InvalidInput(_("The record was not put into the queue."), fields=problems)
