"""What agents have promised to do later."""

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
