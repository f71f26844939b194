"""The entries of lookups."""

from __future__ import annotations

from tortoise import fields

from core.tenancy.models import TenantModel


class LookupEntry(TenantModel):
    """One value of a lookup.

    Attributes:
        lookup: The name of the lookup, such as `core.contact_reasons`.
        code: Stored wherever the value is chosen; never changed.
        names: Language → what people read; one that is missing falls back to the tenant's.
        values: What the lookup's own schema asks for.
        position: Its place in the list, the smallest first.
        active: Whether it can still be chosen.
    """

    lookup = fields.CharField(max_length=80)
    code = fields.CharField(max_length=60)
    names: dict[str, str] = fields.JSONField(default=dict)
    values: dict[str, object] = fields.JSONField(default=dict)
    position = fields.IntField(default=0)
    active = fields.BooleanField(default=True)

    class Meta:
        table = "core_lookup_entry"
        unique_together = (("tenant", "lookup", "code"),)
