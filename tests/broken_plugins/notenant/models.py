"""Rows of nobody."""

from tortoise import fields
from tortoise.models import Model


class Note(Model):
    """A text."""

    id = fields.BigIntField(primary_key=True)
    text = fields.CharField(max_length=200)

    class Meta:
        table = "notenant_note"
