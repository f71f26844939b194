"""What people have answered, and are about to answer."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index

from core.accounts.models import User
from core.tenancy.models import TenantModel


class FormDefinition(TenantModel):
    """A schema that somebody has answered, kept so that the answers always show as they were asked.

    Attributes:
        digest: SHA-256 of the schema's JSON. It, not the version, says what was asked: a schema that was changed
            without a new version is a row of its own.
        schema: The schema as JSON.
    """

    form = fields.CharField(max_length=80)
    version = fields.IntField()
    digest = fields.CharField(max_length=64)
    schema: dict[str, object] = fields.JSONField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_form_definition"
        unique_together = (("tenant", "form", "digest"),)


class FormDraft(TenantModel):
    """Answers as they were typed, not yet sent.

    Attributes:
        form: The key of the form, such as `wrapup:simple`.
        subject: An opaque reference to what the form is about, such as `core:segment:17`.
        answers: Field → the texts that the browser holds; unchecked, since half a date is worth keeping too.
        writer: The browser tab that wrote last.
        sequence: That tab's count of writes, so that two of its writes that overtake each other end in order.
    """

    form = fields.CharField(max_length=80)
    version = fields.IntField()
    subject = fields.CharField(max_length=80)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    answers: dict[str, list[str]] = fields.JSONField(default=dict)
    writer = fields.CharField(max_length=40, default="")
    sequence = fields.IntField(default=0)
    saved_at = fields.DatetimeField()

    class Meta:
        table = "core_form_draft"
        unique_together = (("tenant", "form", "subject", "user"),)
        indexes = (Index(fields=("tenant_id", "user_id", "form", "saved_at"), name="core_form_draft_of_user"),)


class FormSubmission(TenantModel):
    """Answers that were sent. Never changed.

    Attributes:
        definition: The schema that was answered.
        answers: Field → typed value; times in UTC.
        once: Whether the form may be sent once only by one person for one subject; a unique index holds that.
        outcome: What it ended with, where a button that ends it was pressed.
    """

    form = fields.CharField(max_length=80)
    definition: fields.ForeignKeyRelation[FormDefinition] = fields.ForeignKeyField(
        "core.FormDefinition", related_name=False, on_delete=fields.RESTRICT
    )
    definition_id: int
    subject = fields.CharField(max_length=80)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    answers: dict[str, object] = fields.JSONField(default=dict)
    once = fields.BooleanField(default=True)
    outcome = fields.CharField(max_length=120, default="", db_default="")
    submitted_at = fields.DatetimeField()

    class Meta:
        table = "core_form_submission"
        indexes = (
            Index(fields=("tenant_id", "subject"), name="core_form_submission_subject"),
            Index(fields=("tenant_id", "form", "submitted_at", "id"), name="core_form_submission_of_form"),
        )


class FormWalk(TenantModel):
    """Where somebody is in a form that is gone through page by page. What was typed is in the draft; gone when sent.

    Attributes:
        definition: The form as it was begun, with the forms that it opens and with what plugins ask in it.
        path: The keys of the pages that were gone through, the one that is shown last.
        revision: Counts the steps: a tab that shows an earlier one is told, and changes nothing.
    """

    form = fields.CharField(max_length=80)
    subject = fields.CharField(max_length=80)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    definition: fields.ForeignKeyRelation[FormDefinition] = fields.ForeignKeyField(
        "core.FormDefinition", related_name=False, on_delete=fields.RESTRICT
    )
    definition_id: int
    path: list[str] = fields.JSONField(default=list)
    revision = fields.IntField(default=1)
    begun_at = fields.DatetimeField()
    moved_at = fields.DatetimeField()

    class Meta:
        table = "core_form_walk"
        unique_together = (("tenant", "form", "subject", "user"),)
