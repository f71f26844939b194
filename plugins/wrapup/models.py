"""What agents have promised to do later, and the dispositions by which they say what came of a contact."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from switchroom.models import TenantModel


class AttemptState(StrEnum):
    """What has become of a promised attempt."""

    OPEN = "open"
    """Nothing but this row knows of it."""
    PROMISED = "promised"
    """The organisation keeps promises: what becomes of it is in that ledger."""


class NextAttempt(TenantModel):
    """Another call, promised for a time.

    Attributes:
        segment: An opaque reference to the agent's part of the call that it follows, such as `core:segment:17`.
        interaction: The same of the call, such as `core:interaction:5`.
        agent_id: The user who promised it. A plain id: the promise outlives the account.
        contact_number: E.164.
        due_at: When.
        state: An `AttemptState`.
    """

    segment = fields.CharField(max_length=60)
    interaction = fields.CharField(max_length=60)
    agent_id = fields.BigIntField()
    contact_name = fields.CharField(max_length=200, default="")
    contact_number = fields.CharField(max_length=32, default="")
    due_at = fields.DatetimeField()
    state = fields.CharField(max_length=12, default=AttemptState.OPEN.value)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "wrapup_next_attempt"
        unique_together = (("tenant", "segment"),)
        indexes = (Index(fields=("tenant_id", "state", "due_at"), name="wrapup_next_attempt_due"),)


class DispositionType(StrEnum):
    """What a disposition means for the work that it ends."""

    SUCCESS = "success"
    FAILURE = "failure"
    """It came to nothing, and nothing more is tried."""
    CONTINUE = "continue"
    """Not yet: there will be another attempt."""
    DO_NOT_CALL = "do_not_call"
    """The customer is not to be called again."""


class ServiceType(StrEnum):
    """In what kind of service a disposition is used."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    BLENDED = "blended"
    CHAT = "chat"
    EMAIL = "email"


class DispositionList(TenantModel):
    """The dispositions of a queue, or of all queues that have no list of their own. Whoever changes it holds this row.

    Attributes:
        queue: An opaque reference such as `routing:queue:3`; empty for the list of all other queues.
        version: Raised with each change: who imports a table over an older one is told.
    """

    queue = fields.CharField(max_length=60, default="")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "wrapup_disposition_list"
        unique_together = (("tenant", "queue"),)


class DispositionFolder(TenantModel):
    """Dispositions that are shown together. Of one list, no two have the same name, however it is written."""

    listing: fields.ForeignKeyRelation[DispositionList] = fields.ForeignKeyField(
        "wrapup.DispositionList", related_name=False, on_delete=fields.CASCADE
    )
    listing_id: int
    name = fields.CharField(max_length=100)
    position = fields.IntField(default=0)

    class Meta:
        table = "wrapup_disposition_folder"


class Disposition(TenantModel):
    """A coded outcome. Of those of one list that are in use, no two have the same name, however it is written.

    Attributes:
        code: Digits, for phones and scripts; empty for none.
        agent_selects: Whether agents are offered it.
        type: A `DispositionType`.
        inbound: Whether it is for contacts that customers begin.
        outbound: Whether it is for contacts that we begin.
        preview: Whether it is for records that an agent looks at before he calls.
        system_type: What the system itself sets it for, such as `BUSY`; empty for one that people have added.
        service_type: A `ServiceType`.
        position: Its place in the folder, the smallest first.
        active: Whether it is in use.
    """

    listing: fields.ForeignKeyRelation[DispositionList] = fields.ForeignKeyField(
        "wrapup.DispositionList", related_name=False, on_delete=fields.CASCADE
    )
    listing_id: int
    folder: fields.ForeignKeyRelation[DispositionFolder] = fields.ForeignKeyField(
        "wrapup.DispositionFolder", related_name=False, on_delete=fields.CASCADE
    )
    folder_id: int
    name = fields.CharField(max_length=100)
    description = fields.TextField(default="")
    code = fields.CharField(max_length=10, default="")
    agent_selects = fields.BooleanField(default=True)
    type = fields.CharField(max_length=12)
    inbound = fields.BooleanField(default=True)
    outbound = fields.BooleanField(default=True)
    preview = fields.BooleanField(default=False)
    system_type = fields.CharField(max_length=40, default="")
    service_type = fields.CharField(max_length=10, default=ServiceType.BLENDED.value)
    position = fields.IntField(default=0)
    active = fields.BooleanField(default=True)

    class Meta:
        table = "wrapup_disposition"


class ChosenDisposition(TenantModel):
    """What an agent has chosen for his part of a contact, as it was called then.

    Attributes:
        segment: An opaque reference to that part, such as `core:segment:17`.
        agent_id: A plain id: what was chosen outlives the account.
        disposition_id: A plain id: what was chosen outlives the disposition.
    """

    segment = fields.CharField(max_length=60)
    agent_id = fields.BigIntField()
    disposition_id = fields.BigIntField()
    name = fields.CharField(max_length=100)
    code = fields.CharField(max_length=10, default="")
    type = fields.CharField(max_length=12)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "wrapup_chosen_disposition"
        unique_together = (("tenant", "segment"),)
