"""Endpoints, the lines in which deliveries wait, deliveries and their attempts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from switchroom.models import TenantModel


class EndpointState(StrEnum):
    """Whether an endpoint is sent to."""

    ACTIVE = "active"
    PAUSED = "paused"
    """It has failed for long, or has said that it is gone: what happens is kept until it is resumed."""
    OFF = "off"
    """Somebody has switched it off: what happens is not for it."""


class DeliveryState(StrEnum):
    """What has become of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class Endpoint(TenantModel):
    """An address of another program.

    Attributes:
        events: The event types that it is told of, each with the moment since when. `*` stands for all.
        secret: What deliveries are signed with, sealed.
        old_secret: The one before, sealed; deliveries are signed with it too until `old_secret_until`.
        state_reason: Why it is paused, a `PauseReason`; else empty.
        failing_since: When the first of the failures came that no success has followed; None while it is well.
        failures: How many there were since.
        quiet_until: Nothing is sent before: it was not reachable just now, or has asked for a pause.
    """

    url = fields.CharField(max_length=2000)
    description = fields.CharField(max_length=200, default="")
    events: dict[str, str] = fields.JSONField(default=dict)
    secret = fields.TextField()
    old_secret = fields.TextField(default="")
    old_secret_until: datetime | None = fields.DatetimeField(null=True)
    state = fields.CharField(max_length=8, default=EndpointState.ACTIVE.value)
    state_reason = fields.CharField(max_length=12, default="")
    failing_since: datetime | None = fields.DatetimeField(null=True)
    failures = fields.IntField(default=0)
    quiet_until: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "webhooks_endpoint"


class Line(TenantModel):
    """Deliveries to one endpoint that must arrive in order: those of one interaction, or of one agent.

    Attributes:
        key: Whose line it is, such as `interaction:17`.
        last_fact_id: The newest fact that has been looked at for it.
        due_at: When its first delivery may be sent; None while none waits. Who takes it puts this off, so that a line
            whose sender dies is due again by itself.
        claim: Counts who has taken it; the answer to an older claim changes nothing.
    """

    endpoint: fields.ForeignKeyRelation[Endpoint] = fields.ForeignKeyField(
        "webhooks.Endpoint", related_name=False, on_delete=fields.CASCADE
    )
    endpoint_id: int
    key = fields.CharField(max_length=60)
    last_fact_id = fields.BigIntField(default=0)
    last_fact_at: datetime | None = fields.DatetimeField(null=True)
    due_at: datetime | None = fields.DatetimeField(null=True)
    claim = fields.IntField(default=0)
    touched_at = fields.DatetimeField()

    class Meta:
        table = "webhooks_line"
        unique_together = (("endpoint", "key"),)
        indexes = (
            Index(fields=("endpoint_id", "due_at"), name="webhooks_line_due"),
            Index(fields=("tenant_id", "touched_at"), name="webhooks_line_touched"),
        )


class Delivery(TenantModel):
    """One event for one endpoint.

    Attributes:
        message_id: What the receiver knows it by: the same in every attempt.
        body: Exactly what is sent.
        attempts: How many there were.
        last_attempt: The number of the attempt after which it counts as dead.
        finished_at: When it was delivered, or died.
    """

    endpoint: fields.ForeignKeyRelation[Endpoint] = fields.ForeignKeyField(
        "webhooks.Endpoint", related_name=False, on_delete=fields.CASCADE
    )
    endpoint_id: int
    line: fields.ForeignKeyRelation[Line] = fields.ForeignKeyField(
        "webhooks.Line", related_name=False, on_delete=fields.CASCADE
    )
    line_id: int
    message_id = fields.CharField(max_length=40)
    event = fields.CharField(max_length=80)
    body = fields.TextField()
    state = fields.CharField(max_length=10, default=DeliveryState.WAITING.value)
    attempts = fields.IntField(default=0)
    last_attempt = fields.IntField()
    created_at = fields.DatetimeField()
    finished_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "webhooks_delivery"
        indexes = (
            Index(fields=("tenant_id", "id"), name="webhooks_delivery_log"),
            Index(fields=("tenant_id", "state", "id"), name="webhooks_delivery_state"),
            Index(fields=("endpoint_id", "state", "id"), name="webhooks_delivery_of"),
            Index(fields=("tenant_id", "created_at"), name="webhooks_delivery_age"),
            Index(fields=("line_id", "id"), name="webhooks_delivery_line"),
        )


class Attempt(TenantModel):
    """One time that a delivery was sent.

    Attributes:
        status: The HTTP status of the answer; None when there was none, or not yet.
        problem: Why it failed, a `Problem`; empty when it did not.
        detail: What belongs to the problem.
        milliseconds: None until it is over, or when the process died during it.
    """

    delivery: fields.ForeignKeyRelation[Delivery] = fields.ForeignKeyField(
        "webhooks.Delivery", related_name=False, on_delete=fields.CASCADE
    )
    delivery_id: int
    number = fields.IntField()
    at = fields.DatetimeField()
    status: int | None = fields.IntField(null=True)
    milliseconds: int | None = fields.IntField(null=True)
    problem = fields.CharField(max_length=12, default="")
    detail = fields.TextField(default="")
    answer = fields.TextField(default="")

    class Meta:
        table = "webhooks_attempt"
        unique_together = (("delivery", "number"),)
        indexes = (Index(fields=("tenant_id", "at"), name="webhooks_attempt_at"),)
