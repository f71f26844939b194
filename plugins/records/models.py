"""Record queues, what lies in them, simple records of our own, and files that are being imported."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from tortoise import fields

from switchroom.models import TenantModel
from switchroom.states import Machine


class QueueKind(StrEnum):
    """How agents come to an item."""

    OPEN = "open"
    """From a list, any of them."""
    CLOSED = "closed"
    """The next one, and no other."""


class ItemState(StrEnum):
    """How far an item has come."""

    WAITING = "waiting"
    IN_WORK = "in_work"
    """An agent has taken it. It stays so when he postpones it, keeps it, or moves it to the end of the queue."""
    DONE = "done"


class Aside(StrEnum):
    """Why an item that has an owner is not in his hands."""

    NO = ""
    POSTPONED = "postponed"
    """Until `next_at`; then he takes it up again."""
    KEPT = "kept"
    """Without a date."""


ITEM = Machine(
    "item",
    {
        ItemState.WAITING: frozenset({ItemState.IN_WORK, ItemState.DONE}),
        ItemState.IN_WORK: frozenset({ItemState.IN_WORK, ItemState.WAITING, ItemState.DONE}),
        ItemState.DONE: frozenset(),
    },
)


class Queue(TenantModel):
    """Where items lie in line.

    Attributes:
        kind: A `QueueKind`.
        priority: Of several queues of an agent, the highest is served first.
        teams: Ids of the teams whose agents work in it; empty for every team.
        columns: Names of the fields that its list shows.
        active: Whether items are taken from it.
    """

    name = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=10)
    priority = fields.IntField(default=0)
    teams: list[int] = fields.JSONField(default=list, db_default=[])
    columns: list[str] = fields.JSONField(default=list, db_default=[])
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "records_queue"
        unique_together = (("tenant", "name"),)


class Record(TenantModel):
    """A simple record of our own, such as a line of a table that was imported.

    Attributes:
        key: What it was called where it came from; of one queue's records, no two have the same.
        queue_id: Into which queue it was imported. A plain id: the record outlives the queue.
        owner_id: Whose record it is, once somebody has assigned it to himself.
        version: Raised with each change of the cells.
    """

    key = fields.CharField(max_length=200, default="")
    queue_id = fields.BigIntField()
    title = fields.CharField(max_length=200)
    cells: dict[str, str] = fields.JSONField(default=dict, db_default={})
    owner_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "records_record"


class Item(TenantModel):
    """A record's place in a queue. It is linked to the record and is not the record.

    Attributes:
        reference: What of which plugin the record is, such as `records:record:12`. Of each, one item is open.
        url: The page of the record.
        cells: What the list shows of the record, by name.
        priority: The higher, the earlier.
        placed_at: Since when it has its place among those of the same priority.
        state: An `ItemState`. An item that is not done and has no owner can be taken.
        aside: An `Aside`.
        next_at: When an agent who has postponed it takes it up again.
        transfers: How often it was moved to the end.
        owner_id: User id of the agent whose it is. A plain id: the item outlives the account.
        interaction_id: Of the work that is going on; None while nobody has it in his hands.
        version: Raised with each change: who acts on an older one is told what has happened.
        outcome: How it was done: `done`, `assigned`, `closed`.
    """

    queue: fields.ForeignKeyRelation[Queue] = fields.ForeignKeyField(
        "records.Queue", related_name=False, on_delete=fields.RESTRICT
    )
    queue_id: int
    reference = fields.CharField(max_length=120)
    url = fields.CharField(max_length=500, default="")
    title = fields.CharField(max_length=200)
    contact_name = fields.CharField(max_length=200, default="")
    contact_number = fields.CharField(max_length=32, default="")
    cells: dict[str, str] = fields.JSONField(default=dict, db_default={})
    priority = fields.IntField(default=0)
    placed_at = fields.DatetimeField(auto_now_add=True)
    state = fields.CharField(max_length=10, default=ItemState.WAITING.value)
    aside = fields.CharField(max_length=10, default="")
    next_at: datetime | None = fields.DatetimeField(null=True)
    transfers = fields.IntField(default=0)
    owner_id = fields.BigIntField(null=True)
    taken_at: datetime | None = fields.DatetimeField(null=True)
    interaction_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)
    outcome = fields.CharField(max_length=10, default="")
    done_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "records_item"


class Step(TenantModel):
    """One thing that has happened to an item.

    Attributes:
        action: What, as a stable word, such as `taken` or `postponed`.
        actor: Who did it, as facts have it.
        user_id: The user who did it, if one did.
        detail: Values of the step: `at`, `reason`, `to`.
    """

    item: fields.ForeignKeyRelation[Item] = fields.ForeignKeyField(
        "records.Item", related_name=False, on_delete=fields.CASCADE
    )
    item_id: int
    at = fields.DatetimeField(auto_now_add=True)
    action = fields.CharField(max_length=20)
    actor = fields.CharField(max_length=60)
    user_id = fields.BigIntField(null=True)
    detail: dict[str, Any] = fields.JSONField(default=dict, db_default={})

    class Meta:
        table = "records_step"


class ImportState(StrEnum):
    """How far an import has come."""

    MAPPING = "mapping"
    """The file is here; somebody says what its columns are."""
    CHECKING = "checking"
    CHECKED = "checked"
    DONE = "done"
    FAILED = "failed"
    """The file cannot be read to its end."""


class Import(TenantModel):
    """A file whose lines become records.

    Attributes:
        content: The file; empty once it is done.
        reading: How it is read: `kind`, `encoding`, `delimiter`, `sheet`.
        header: The names of its columns.
        mapping: Column number → what it is, see `services.mapping`.
        problems: The first problems: line, column, text and the value.
        lines: How many lines were read, without the header.
        bad: How many of them have a problem.
        twice: How many of them are in the queue, or in the file, already.
        failure: Why the file cannot be read: `text` and `values`.
    """

    queue: fields.ForeignKeyRelation[Queue] = fields.ForeignKeyField(
        "records.Queue", related_name=False, on_delete=fields.CASCADE
    )
    queue_id: int
    user_id = fields.BigIntField(null=True)
    name = fields.CharField(max_length=200)
    content = fields.BinaryField(default=b"")
    reading: dict[str, str] = fields.JSONField(default=dict, db_default={})
    header: list[str] = fields.JSONField(default=list, db_default=[])
    sample: list[list[str]] = fields.JSONField(default=list, db_default=[])
    mapping: dict[str, str] = fields.JSONField(default=dict, db_default={})
    state = fields.CharField(max_length=10, default=ImportState.MAPPING.value)
    problems: list[dict[str, Any]] = fields.JSONField(default=list, db_default=[])
    lines = fields.IntField(default=0)
    bad = fields.IntField(default=0)
    twice = fields.IntField(default=0)
    imported = fields.IntField(default=0)
    failure: dict[str, Any] = fields.JSONField(default=dict, db_default={})
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "records_import"


class ImportLine(TenantModel):
    """A line of a file that was read and is right, before it becomes a record.

    Attributes:
        line: As the file counts, from 1.
        twice: Whether its key is in the queue, or earlier in the file, already.
    """

    source: fields.ForeignKeyRelation[Import] = fields.ForeignKeyField(
        "records.Import", related_name=False, on_delete=fields.CASCADE
    )
    source_id: int
    line = fields.IntField()
    key = fields.CharField(max_length=200, default="")
    title = fields.CharField(max_length=200)
    contact_name = fields.CharField(max_length=200, default="")
    contact_number = fields.CharField(max_length=32, default="")
    priority = fields.IntField(default=0)
    cells: dict[str, str] = fields.JSONField(default=dict, db_default={})
    twice = fields.BooleanField(default=False)

    class Meta:
        table = "records_import_line"


def reference_of(item_id: int) -> str:
    """How interactions and promises name an item."""
    return f"records:item:{item_id}"


def queue_reference(queue_id: int) -> str:
    """How interactions name a record queue."""
    return f"records:queue:{queue_id}"


def item_of(reference: str) -> int | None:
    """The item that a reference names; None for what is none of ours."""
    prefix, _colon, number = reference.rpartition(":")
    return int(number) if prefix == "records:item" and number.isdecimal() and len(number) < 19 else None


def record_of(reference: str) -> int | None:
    """The record of our own that a reference names; None for one of another plugin."""
    prefix, _colon, number = reference.rpartition(":")
    return int(number) if prefix == "records:record" and number.isdecimal() and len(number) < 19 else None
