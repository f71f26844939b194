"""Queues."""

from __future__ import annotations

from tortoise import fields

from switchroom.models import TenantModel


class Queue(TenantModel):
    """Where interactions wait.

    Attributes:
        target_seconds: The service level target: calls should be answered within this time.
    """

    name = fields.CharField(max_length=100)
    target_seconds = fields.IntField(default=30)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "routing_queue"
        unique_together = (("tenant", "name"),)

    @property
    def reference(self) -> str:
        """How interactions name this queue."""
        return f"routing:queue:{self.id}"
