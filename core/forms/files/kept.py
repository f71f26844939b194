"""Files that are there: which of them a form shows, who may have them, and how they become part of a submission."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.accounts.permissions import SEE_INTERACTIONS
from core.accounts.sessions import SignedIn
from core.database.connection import fetch
from core.errors import NotFound
from core.forms.answers import Value
from core.forms.components.files import File
from core.forms.files.models import FileState
from core.forms.files.storage import file_store
from core.forms.files.tickets import Ticket
from core.forms.reading import InvalidAnswers, Typed
from core.forms.schema import Form
from core.locale import gettext as _
from core.plugins.context import Context

OF_INTERACTIONS = ("core:segment:", "core:interaction:")
"""Subjects whose submissions are seen by whoever sees everybody's interactions."""


@dataclass(frozen=True)
class FormFileView:
    """A file that was given as an answer.

    Attributes:
        id: What the answer names.
        name: As people read it.
        media_type: By its content, such as `image/png`.
        size: Bytes.
    """

    id: int
    name: str
    media_type: str
    size: int

    @property
    def url(self) -> str:
        """Where those get it who may; a plugin with rights of its own has a page of its own for that."""
        return f"/files/{self.id}"

    @property
    def size_in_words(self) -> str:
        """Such as `1.2 MB`."""
        return in_bytes(self.size)


@dataclass(frozen=True)
class StoredFile(FormFileView):
    """The same, with its bytes.

    Attributes:
        user_id: Who gave it.
        subject: What the form is about.
        attached: Whether it was sent with a form.
    """

    user_id: int
    subject: str
    attached: bool
    store_key: str = field(repr=False)

    async def chunks(self, ctx: Context) -> AsyncIterator[bytes]:
        """Its bytes, in pieces.

        Raises:
            NotFound: They are not in the store of this machine.
        """
        return await file_store(ctx.installation).read(self.store_key)


@dataclass(frozen=True)
class Uploads:
    """What a page needs to know to show questions for files.

    Attributes:
        tickets: Field → the right to give files there.
        files: Those that are there already, by id.
    """

    tickets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[int, FormFileView] = field(default_factory=dict)


NO_UPLOADS = Uploads()


async def uploads_for(ctx: Context, form: Form, subject: str, user_id: int, typed: Typed) -> Uploads:
    """What `render_form` needs where a form asks for files: whoever calls this lets the user give them.

    Args:
        ctx: Where.
        form: What is asked.
        subject: What it is about, as for `save_draft` and `submit_form`.
        user_id: Who answers.
        typed: What is shown as answered.
    """
    questions = file_questions(form)
    if not questions:
        return NO_UPLOADS
    tickets = {
        key: Ticket(
            ctx.tenant.id, user_id, form.key, subject, key, question.accepts, question.max_megabytes * 1_000_000
        ).signed(ctx)
        for key, question in questions.items()
    }
    ids = [file_id for key, question in questions.items() for file_id in question.ids(typed.get(key, ""))]
    rows = (
        await fetch(
            "SELECT id, name, media_type, size FROM core_form_file WHERE tenant_id = $1 AND id = ANY($2::bigint[]) "
            "AND subject = $3 AND (state = 'attached' OR (state = 'loose' AND user_id = $4))",
            ctx.tenant.id,
            ids,
            subject,
            user_id,
        )
        if ids
        else []
    )
    return Uploads(tickets, {row["id"]: FormFileView(**row) for row in rows})


async def files_of_submission(ctx: Context, submission_id: int) -> dict[str, list[FormFileView]]:
    """Field → the files that were sent with a submission."""
    # Index core_form_file_submission.
    rows = await fetch(
        "SELECT field, id, name, media_type, size FROM core_form_file WHERE tenant_id = $1 AND submission_id = $2 "
        "ORDER BY id",
        ctx.tenant.id,
        submission_id,
    )
    found: dict[str, list[FormFileView]] = {}
    for row in rows:
        found.setdefault(row.pop("field"), []).append(FormFileView(**row))
    return found


async def attached_files(ctx: Context, ids: Collection[int]) -> dict[int, FormFileView]:
    """Those of these files that were sent with a form, by id."""
    rows = await fetch(
        "SELECT id, name, media_type, size FROM core_form_file "
        "WHERE tenant_id = $1 AND id = ANY($2::bigint[]) AND state = 'attached'",
        ctx.tenant.id,
        list(ids),
    )
    return {row["id"]: FormFileView(**row) for row in rows}


async def get_file(ctx: Context, file_id: int) -> StoredFile:
    """A file of the tenant; whether somebody may have it, the caller decides.

    Raises:
        NotFound: There is none, or it has not arrived yet.
    """
    rows = await fetch(
        "SELECT id, name, media_type, size, user_id, subject, state = 'attached' AS attached, store_key "
        "FROM core_form_file WHERE tenant_id = $1 AND id = $2 AND state <> 'arriving'",
        ctx.tenant.id,
        file_id,
    )
    if not rows:
        raise NotFound(_("There is no such file."))
    return StoredFile(**rows[0])


async def visible_file(ctx: Context, file_id: int, user: SignedIn) -> StoredFile:
    """A file that this user may have: his own, and those sent about interactions that he may see.

    Raises:
        NotFound: There is none for him.
    """
    file = await get_file(ctx, file_id)
    of_interaction = file.subject.startswith(OF_INTERACTIONS) and user.may(SEE_INTERACTIONS)
    if file.user_id != user.id and not (file.attached and of_interaction):
        raise NotFound(_("There is no such file."))
    return file


async def attach_files(
    ctx: Context,
    form: Form,
    subjects: tuple[str, ...],
    user_id: int,
    answers: Mapping[str, Value],
    submission_id: int,
) -> None:
    """Makes the files that answers name part of their submission, in its transaction.

    Only a loose file counts that this person has given for this question and one of these subjects, and one that is
    part of an earlier submission there: so a form that is sent again, or corrected, keeps its files.

    Raises:
        InvalidAnswers: One of them is gone, somebody else's, or not what the question takes; names each field.
    """
    errors: dict[str, str] = {}
    for key, question in file_questions(form).items():
        ids = {int(file_id) for file_id in _texts(answers.get(key))}
        if ids and (problem := await _attach(ctx, form, question, subjects, user_id, ids, submission_id)):
            errors[key] = problem
    if errors:
        raise InvalidAnswers(_("Some answers are missing or cannot be used."), fields=errors)


def file_questions(form: Form) -> dict[str, File]:
    """The questions of a form that are answered with files, by key."""
    return {key: question for key, question in form.questions.items() if isinstance(question, File)}


async def _attach(
    ctx: Context,
    form: Form,
    question: File,
    subjects: tuple[str, ...],
    user_id: int,
    ids: Collection[int],
    submission_id: int,
) -> str:
    """What is wrong with these files; empty when they are attached."""
    rows: list[dict[str, Any]] = await fetch(
        "UPDATE core_form_file SET state = $7, form = $6, expires_at = NULL, "
        "submission_id = coalesce(submission_id, $8) "
        "WHERE tenant_id = $1 AND id = ANY($2::bigint[]) AND subject = ANY($3::text[]) AND field = $4 "
        "AND (state = 'attached' OR (state = 'loose' AND user_id = $5 AND expires_at > now())) "
        "RETURNING name, media_type, size",
        ctx.tenant.id,
        sorted(ids),
        list(subjects),
        question.key,
        user_id,
        form.key,
        FileState.ATTACHED.value,
        submission_id,
    )
    if len(rows) != len(ids):
        return _("A file is no longer there, or was not given here. Remove it, and add it again.")
    return next((problem for row in rows if (problem := question.objection(row["media_type"], row["size"]))), "")


def _texts(value: Value) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def in_bytes(size: int) -> str:
    """A number of bytes as people say it."""
    if size < 1_000:
        return _("%(size)s bytes") % {"size": size}
    if size < 1_000_000:
        return _("%(size)s KB") % {"size": round(size / 1_000)}
    return _("%(size)s MB") % {"size": f"{size / 1_000_000:.1f}".removesuffix(".0")}
