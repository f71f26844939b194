from __future__ import annotations

from tortoise import fields

from switchroom.models import TenantModel


class Note(TenantModel):
    text = fields.CharField(max_length=200)
    # No migration makes this one.
    colour = fields.CharField(max_length=20, null=True)

    class Meta:
        table = "leaky_note"
