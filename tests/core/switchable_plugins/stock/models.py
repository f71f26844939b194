"""Tables that point at each other, the first by name at the last."""

from typing import Any

from tortoise import fields

from switchroom.models import GlobalModel, TenantModel


class Arrival(TenantModel):
    """What came; must not go while it is on a shelf."""

    shelf: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "stock.Shelf", related_name=False, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "stock_arrival"


class Shelf(TenantModel):
    """Where it lies; shelves stand on shelves."""

    below: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "stock.Shelf", related_name=False, null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "stock_shelf"


class Country(GlobalModel):
    """Belongs to no tenant."""

    id = fields.BigIntField(primary_key=True)

    class Meta:
        table = "stock_country"
