"""Texts."""

from tortoise import fields

from switchroom.models import TenantModel


class Note(TenantModel):
    """A text of a tenant."""

    text = fields.CharField(max_length=200)

    class Meta:
        table = "memory_note"
