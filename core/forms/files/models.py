"""What is known of the files that were given as answers; the bytes lie in the store."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from core.accounts.models import User
from core.forms.models import FormSubmission
from core.tenancy.models import GlobalModel, TenantModel


class FileState(StrEnum):
    """How far a file has come."""

    ARRIVING = "arriving"
    """Its bytes are on their way; who breaks off leaves a row that goes when its time is over."""
    LOOSE = "loose"
    """It is there, and named in no answer that was sent. It goes when its time is over."""
    ATTACHED = "attached"
    """It belongs to a submission, and stays as long as that."""


class FormFile(TenantModel):
    """A file that somebody has given in a form.

    When a row goes, whatever the reason, a trigger notes its `store_key` as waste and gives its size back.

    Attributes:
        user: Who gave it.
        subject: What the form is about, as everywhere.
        field: The key of the question.
        name: As people read it, cleaned.
        media_type: By its content.
        size: Bytes; 0 while it arrives.
        sha256: Of its bytes, in hexadecimal digits.
        store_key: What the store knows it by; nobody can guess it.
        expires_at: When it goes unless it is attached by then.
    """

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    form = fields.CharField(max_length=80)
    subject = fields.CharField(max_length=80)
    field = fields.CharField(max_length=120)
    submission: fields.ForeignKeyNullableRelation[FormSubmission] = fields.ForeignKeyField(
        "core.FormSubmission", related_name=False, null=True, on_delete=fields.CASCADE
    )
    submission_id: int | None
    name = fields.CharField(max_length=200, default="")
    media_type = fields.CharField(max_length=120, default="")
    size = fields.BigIntField(default=0)
    sha256 = fields.CharField(max_length=64, default="")
    store_key = fields.CharField(max_length=80, unique=True)
    state = fields.CharEnumField(FileState, max_length=10)
    uploaded_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "core_form_file"
        indexes = (Index(fields=("tenant_id", "submission_id"), name="core_form_file_submission"),)


class FormFileUsage(TenantModel):
    """How many bytes the files of a tenant have together, so that nobody has to add them up."""

    bytes = fields.BigIntField(default=0)

    class Meta:
        table = "core_form_file_usage"
        unique_together = (("tenant",),)


class FormUploadRate(TenantModel):
    """How many files somebody has sent since a moment: a limit that all processes share."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    since = fields.DatetimeField()
    uploads = fields.IntField()

    class Meta:
        table = "core_form_upload_rate"
        unique_together = (("tenant", "user"),)


class FileWaste(GlobalModel):
    """Bytes in the store that no row speaks of any more: `core.remove_file_waste` removes them."""

    id = fields.BigIntField(primary_key=True)
    store_key = fields.CharField(max_length=80)
    gone_at = fields.DatetimeField()

    class Meta:
        table = "core_file_waste"
