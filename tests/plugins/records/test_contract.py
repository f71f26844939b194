"""Record queues keep what every plugin promises."""

from __future__ import annotations

from plugins.records.models import Item, Queue, Record
from plugins.records.services.importing.imports import begin_import
from plugins.records.services.own_records import reference_of_record, url_of_record
from plugins.records.services.queues import QueueValues, create_queue
from plugins.records.services.taking import open_item
from switchroom.runtime import Context
from switchroom.testing.contract import PluginContract

TABLE = b"Title;Phone\nA lamp;+4930123456\n"


class TestContract(PluginContract):
    plugin = "records"

    def hook_arguments(self, hook: str, arguments: dict[str, object]) -> dict[str, object]:
        """A promise that is none of ours."""
        return {**arguments, "reference": "wrapup:attempt:1"}

    async def arrange(self, ctx: Context) -> dict[str, object]:
        """An agent has a record in work, another one waits, and a file is being imported."""
        agent_id = ctx.actor.user_id
        assert agent_id is not None
        queue = await Queue.first()
        queue_id = queue.id if queue else await create_queue(ctx, QueueValues("Cases", "open", columns=("City",)))
        item = await Item.filter(owner_id=agent_id).exclude(state="done").first()
        if item is None:
            record = await Record.create(queue_id=queue_id, title="A lamp", cells={"City": "Berlin"})
            item = await Item.create(
                queue_id=queue_id, reference=reference_of_record(record.id), url=url_of_record(record.id),
                title="A lamp", cells={"City": "Berlin"},
            )  # fmt: skip
            await open_item(ctx, item.id, agent_id)
        record_id = int(item.reference.rpartition(":")[2])
        import_id = await begin_import(ctx, queue_id, agent_id, "lamps.csv", TABLE)
        return {
            "queue_id": queue_id, "item_id": item.id, "record_id": record_id, "import_id": import_id,
            "interaction_id": (await Item.get(id=item.id)).interaction_id or 1, "version": 1,
        }  # fmt: skip
