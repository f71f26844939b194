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


class Mode(StrEnum):
    """What follows a contact."""

    NONE = "none"
    """Nothing: no form, no after-contact work."""
    OPTIONAL = "optional"
    """The form may be sent, and the agent is free at once."""
    REQUIRED = "required"
    """The agent is free once he has sent the form; there is no clock."""
    TIMED = "timed"
    """The agent is free when he has sent the form, or when the clock has run down."""
    FIXED = "fixed"
    """The agent is free when the clock has run down, whenever he sends the form."""


class Rule(TenantModel):
    """What follows the contacts of a queue in one direction, or those of all queues that have no rule of their own.

    Attributes:
        queue: An opaque reference such as `routing:queue:3`; empty for all other queues.
        direction: `inbound` or `outbound`.
        mode: A `Mode`.
        form: The key of the form: `wrapup:simple`, or one of the organisation's own, such as `custom:delivery`.
        seconds: Of the clock; None is as long as the agent's team has set.
        offer_before: Seconds before the end from which on more time is offered.
        extension_seconds: How much each extension adds.
        extensions: How often time can be added; 0 for never.
        limit_seconds: After how long work without a clock ends all the same.
        outcome_id: The disposition that is recorded when the time is over, as a plain id; None is the one that the
            list of the queue has for it.
        keep_draft: Whether the agent can complete the form once its time is over.
    """

    queue = fields.CharField(max_length=60, default="")
    direction = fields.CharField(max_length=10)
    mode = fields.CharField(max_length=10)
    form = fields.CharField(max_length=80, default="wrapup:simple")
    seconds: int | None = fields.IntField(null=True)
    offer_before = fields.IntField(default=10)
    extension_seconds = fields.IntField(default=30)
    extensions = fields.IntField(default=2)
    limit_seconds = fields.IntField(default=3600)
    outcome_id: int | None = fields.BigIntField(null=True)
    keep_draft = fields.BooleanField(default=True)

    class Meta:
        table = "wrapup_rule"
        unique_together = (("tenant", "queue", "direction"),)


class WorkState(StrEnum):
    """What has become of the work that an agent's part of a contact makes."""

    OPEN = "open"
    """The form has not been sent: they talk, the clock runs, or it can still be sent by whoever likes."""
    SENT = "sent"
    """The agent has sent the form."""
    TIMED_OUT = "timed_out"
    """The clock has run down before it was sent."""
    ENDED = "ended"
    """A supervisor has ended it before it was sent."""
    UNSENT = "unsent"
    """There was no time for it after the talk, and the form has not been sent: it still can be."""
    COMPLETED = "completed"
    """It was sent after its time, by the agent or for him."""


class Work(TenantModel):
    """The work that one agent's part of a contact makes, with the rule that held when it began.

    Whoever changes anything of it holds this row before any other of the contact: so the end of the clock, two tabs and
    a supervisor come one after the other.

    Attributes:
        segment_id: The agent's part. A plain id: what is told here outlives it.
        queue: As of `Rule`; where the contact had waited.
        form_version: The version of `form` that is asked.
        state: A `WorkState`.
        began_at: When the form was there for the first time.
        timed_out_at: When the clock ran down, or a supervisor ended it.
        settled_at: When it was sent or completed.
        settled_by: Who did that.
        reason: Why a supervisor has ended it.
    """

    segment_id = fields.BigIntField()
    interaction_id = fields.BigIntField()
    agent_id = fields.BigIntField()
    queue = fields.CharField(max_length=60, default="")
    direction = fields.CharField(max_length=10)
    mode = fields.CharField(max_length=10)
    form = fields.CharField(max_length=80)
    form_version = fields.IntField(default=1)
    seconds: int | None = fields.IntField(null=True)
    offer_before = fields.IntField()
    extension_seconds = fields.IntField()
    extensions = fields.IntField()
    limit_seconds = fields.IntField()
    outcome_id: int | None = fields.BigIntField(null=True)
    keep_draft = fields.BooleanField(default=True)
    state = fields.CharField(max_length=10, default=WorkState.OPEN.value)
    began_at = fields.DatetimeField()
    timed_out_at = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)
    settled_by: int | None = fields.BigIntField(null=True)
    reason = fields.CharField(max_length=300, default="")

    class Meta:
        table = "wrapup_work"
        unique_together = (("tenant", "segment_id"),)
        indexes = (
            Index(fields=("tenant_id", "began_at"), name="wrapup_work_day"),
            Index(fields=("tenant_id", "agent_id", "began_at"), name="wrapup_work_of_agent"),
        )


class Correction(TenantModel):
    """What a supervisor has made of answers that were sent, or were missing. The answers themselves never change.

    Attributes:
        segment_id: The agent's part of the contact. A plain id, as are the others.
        by_id: The user who did it.
        reason: Why, in his words.
        before: Field → answer, as it was; empty where there was none.
        before_disposition: The name of what had been chosen.
        submission_id: The answers that hold from now on.
    """

    segment_id = fields.BigIntField()
    by_id = fields.BigIntField()
    at = fields.DatetimeField(auto_now_add=True)
    reason = fields.CharField(max_length=300)
    before: dict[str, object] = fields.JSONField(default=dict, db_default={})
    before_disposition = fields.CharField(max_length=100, default="")
    submission_id: int | None = fields.BigIntField(null=True)

    class Meta:
        table = "wrapup_correction"
        indexes = (Index(fields=("tenant_id", "segment_id"), name="wrapup_correction_of"),)
