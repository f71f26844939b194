"""A reference to what is not there."""

from tortoise import fields

from switchroom.models import TenantModel


class Note(TenantModel):
    """A text about nothing."""

    subject: fields.ForeignKeyRelation[TenantModel] = fields.ForeignKeyField("nobody.Nothing", related_name=False)

    class Meta:
        table = "badreference_note"
