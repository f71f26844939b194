"""A tenant's own form, as it is being built, and as it was published."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields

from core.accounts.models import User
from core.tenancy.models import TenantModel


class FormDesign(TenantModel):
    """A form of the tenant, with the copy that is worked on.

    Attributes:
        name: The form's key is `custom:<name>`; it never changes.
        content: The working copy: title, whether it is repeatable, pages. It may be unusable.
        revision: Counts the changes of the working copy, so that nobody overwrites what he has not seen.
        published: The number of the newest version, 0 before the first.
        archived_at: Since when it is offered nowhere any more; where it is in use it stays.
    """

    name = fields.CharField(max_length=40)
    content: dict[str, object] = fields.JSONField()
    revision = fields.IntField(default=1)
    published = fields.IntField(default=0)
    archived_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()
    changed_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "core.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    changed_by_id: int | None

    class Meta:
        table = "core_form_design"
        unique_together = (("tenant", "name"),)


class FormVersion(TenantModel):
    """A version that was published. Never changed.

    Attributes:
        content: Title, whether it is repeatable, pages; usable when it was published.
    """

    design: fields.ForeignKeyRelation[FormDesign] = fields.ForeignKeyField(
        "core.FormDesign", related_name=False, on_delete=fields.CASCADE
    )
    design_id: int
    number = fields.IntField()
    content: dict[str, object] = fields.JSONField()
    published_at = fields.DatetimeField()
    published_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "core.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    published_by_id: int | None

    class Meta:
        table = "core_form_version"
        unique_together = (("design", "number"),)
