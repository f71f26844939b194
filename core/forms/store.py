"""Drafts and submissions. All functions work on the rows of the current tenant."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput
from core.forms.answers import Value
from core.forms.contributed import ask_plugins
from core.forms.files.kept import attach_files
from core.forms.kinds import form_kinds
from core.forms.reader import Reader
from core.forms.reading import Typed, accept_reading
from core.forms.reference import FormRef
from core.forms.schema import Form, read_answered_form
from core.locale import gettext as _
from core.plugins.context import Context


class AlreadySubmitted(Conflict):
    """The form may be sent once, and it was."""

    code = "already_submitted"

    def __init__(self) -> None:
        super().__init__(_("This form was sent already."))


@dataclass(frozen=True)
class Writer:
    """A browser tab that saves a draft, again and again.

    Attributes:
        tab: A name that the tab has made up, at most 40 characters.
        sequence: Its count of writes; one that arrives after a later one of the same tab changes nothing.
    """

    tab: str = ""
    sequence: int = 0

    def __post_init__(self) -> None:
        if len(self.tab) > 40 or not 0 <= self.sequence < 2**31:
            raise InvalidInput("A draft names the tab that writes it, and counts its writes from 0.")


def read_writer(posted: Iterable[tuple[str, str]]) -> Writer:
    """The tab that `static/src/forms.js` names when it saves: its fields `_tab` and `_sequence`.

    Raises:
        InvalidInput: They are not what a tab sends.
    """
    given = dict(posted)
    sequence = given.get("_sequence", "0")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 10):
        raise InvalidInput("A draft counts its writes from 0.", fields={"_sequence": "Give a whole number."})
    return Writer(given.get("_tab", ""), int(sequence))


@dataclass(frozen=True)
class Draft:
    """Answers as they were typed, not yet sent."""

    subject: str
    version: int
    typed: dict[str, str]
    saved_at: datetime


@dataclass(frozen=True)
class Submission:
    """Answers that were sent, with the form as it was asked.

    Attributes:
        answers: Field → typed value; a time is its UTC instant in ISO format.
        outcome: What it ended with, where a button that ends it was pressed: `form.outcomes` says more of it.
    """

    id: int
    form: Form
    subject: str
    user_id: int
    answers: dict[str, Value]
    submitted_at: datetime
    outcome: str = ""


async def save_draft(
    ctx: Context, form: Form, subject: str, user_id: int, typed: Typed, writer: Writer | None = None
) -> None:
    """Keeps what was typed, in place of what was kept before. Nothing of it need be right. Secrets are not kept.

    Args:
        ctx: Where.
        form: What is being answered.
        subject: An opaque reference to what it is about, such as `core:segment:17`.
        user_id: Who answers.
        typed: Field → text, from `pick_answers`.
        writer: The browser tab, for saves that may overtake each other.

    Raises:
        AlreadySubmitted: The answers have been sent.
    """
    by = writer or Writer()
    async with transaction():
        if await fetch_value(
            "SELECT EXISTS (SELECT FROM core_form_submission "
            "WHERE tenant_id = $1 AND form = $2 AND subject = $3 AND user_id = $4 AND once)",
            ctx.tenant.id,
            form.key,
            subject,
            user_id,
        ):
            raise AlreadySubmitted
        await execute(
            "INSERT INTO core_form_draft AS draft "
            "(tenant_id, form, version, subject, user_id, answers, writer, sequence, saved_at) "
            "VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, now()) "
            "ON CONFLICT (tenant_id, form, subject, user_id) DO UPDATE SET version = excluded.version, "
            "answers = excluded.answers, writer = excluded.writer, sequence = excluded.sequence, saved_at = now() "
            "WHERE draft.writer <> excluded.writer OR draft.sequence <= excluded.sequence",
            ctx.tenant.id,
            form.key,
            form.version,
            subject,
            user_id,
            json.dumps({key: text for key, text in typed.items() if key not in form.secrets}),
            by.tab,
            by.sequence,
        )


async def get_draft(ctx: Context, form_key: str, subject: str, user_id: int) -> Draft | None:
    """What the user has typed and not sent, or None."""
    row = await fetch_row(
        "SELECT subject, version, answers, saved_at FROM core_form_draft "
        "WHERE tenant_id = $1 AND form = $2 AND subject = $3 AND user_id = $4",
        ctx.tenant.id,
        form_key,
        subject,
        user_id,
    )
    return _draft(row) if row else None


async def drafts_since(ctx: Context, form_key: str, user_id: int, since: datetime, limit: int = 50) -> list[Draft]:
    """The user's drafts of a form that were saved since a moment and have not been sent, the newest first."""
    # A save that crossed the sending of the same form may have left a draft behind, so sent ones are left out here too.
    # Index core_form_draft_of_user.
    rows = await fetch(
        "SELECT subject, version, answers, saved_at FROM core_form_draft AS draft "
        "WHERE tenant_id = $1 AND form = $2 AND user_id = $3 AND saved_at >= $4 "
        "AND NOT EXISTS (SELECT FROM core_form_submission AS sent WHERE sent.tenant_id = draft.tenant_id "
        "AND sent.form = draft.form AND sent.subject = draft.subject AND sent.user_id = draft.user_id AND sent.once) "
        "ORDER BY saved_at DESC, id DESC LIMIT $5",
        ctx.tenant.id,
        form_key,
        user_id,
        since,
        limit,
    )
    return [_draft(row) for row in rows]


async def submit_form(
    ctx: Context, form: Form, subject: str, user_id: int, typed: Typed, reader: Reader, *, corrects: str | None = None
) -> Submission:
    """Checks and stores the answers, and removes the draft; one transaction, part of the caller's where there is one.

    Plugins look at the answers before (`form_validate`), and are told in the transaction (`form_submitted`).

    Args:
        ctx: Where.
        form: What was answered, as `extend_form` gave it where plugins may add to it: so it is stored.
        subject: An opaque reference to what it is about.
        user_id: Who answered.
        typed: Field → text, from `pick_answers`.
        reader: Who answered, for zone and present.
        corrects: The subject of answers that these correct, where it is another one: files that were given there count.

    Raises:
        InvalidAnswers: Answers are missing or wrong, a plugin says so, or a file is gone or somebody else's; names each
            field. Nothing has changed.
        AlreadySubmitted: The form was sent before and may be sent once only. Nothing has changed.
        ValueError: The form asks for a secret, which is no answer to be stored and read again.
    """
    if form.secrets:
        raise ValueError(f"{form.key} asks for secrets ({', '.join(sorted(form.secrets))}): it is not one to submit.")
    reading = accept_reading(form, typed, reader)
    answers, outcome = reading.answers, reading.end.outcome if reading.end is not None else ""
    await ask_plugins(ctx, FormRef(form.key, subject, user_id), form, answers)
    async with transaction():
        row = await fetch_row(
            "INSERT INTO core_form_submission "
            "(tenant_id, form, definition_id, subject, user_id, answers, once, outcome, submitted_at) "
            "VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8::text, now()) "
            "ON CONFLICT (tenant_id, form, subject, user_id) WHERE once DO NOTHING RETURNING id, submitted_at",
            ctx.tenant.id,
            form.key,
            await keep_definition(ctx, form),
            subject,
            user_id,
            json.dumps(answers),
            not form.repeatable,
            outcome,
        )
        if row is None:
            raise AlreadySubmitted
        await drop_draft(ctx, form.key, subject, user_id)
        await attach_files(ctx, form, (subject, corrects or subject), user_id, answers, row["id"])
        submission = Submission(row["id"], form, subject, user_id, answers, row["submitted_at"], outcome)
        await ctx.tell("form_submitted", submission=submission)
    return submission


async def drop_draft(ctx: Context, form_key: str, subject: str, user_id: int) -> None:
    """Forgets what the user has typed and not sent, and where in the form he was."""
    await execute(
        "WITH walked AS (DELETE FROM core_form_walk "
        "WHERE tenant_id = $1 AND form = $2 AND subject = $3 AND user_id = $4) "
        "DELETE FROM core_form_draft WHERE tenant_id = $1 AND form = $2 AND subject = $3 AND user_id = $4",
        ctx.tenant.id,
        form_key,
        subject,
        user_id,
    )


async def get_submission(ctx: Context, form_key: str, subject: str, user_id: int) -> Submission | None:
    """What the user has sent last for a subject, with the form as it was asked, or None."""
    row = await fetch_row(
        "SELECT sent.id, sent.subject, sent.user_id, sent.answers, sent.submitted_at, sent.outcome, definition.schema "
        "FROM core_form_submission AS sent JOIN core_form_definition AS definition "
        "ON definition.tenant_id = sent.tenant_id AND definition.id = sent.definition_id "
        "WHERE sent.tenant_id = $1 AND sent.form = $2 AND sent.subject = $3 AND sent.user_id = $4 "
        "ORDER BY sent.id DESC LIMIT 1",
        ctx.tenant.id,
        form_key,
        subject,
        user_id,
    )
    if row is None:
        return None
    form, answers = read_answered_form(json.loads(row["schema"]), form_kinds(ctx)), json.loads(row["answers"])
    return Submission(row["id"], form, row["subject"], row["user_id"], answers, row["submitted_at"], row["outcome"])


async def keep_definition(ctx: Context, form: Form) -> int:
    """The id of the row that holds the form as it is now; made by its first submission."""
    values = (ctx.tenant.id, form.key, form.digest)
    find = "SELECT id FROM core_form_definition WHERE tenant_id = $1 AND form = $2 AND digest = $3"
    known: int | None = await fetch_value(find, *values)
    if known is None:
        await execute(
            "INSERT INTO core_form_definition (tenant_id, form, digest, version, schema, created_at) "
            "VALUES ($1, $2, $3, $4, $5::text::jsonb, now()) ON CONFLICT (tenant_id, form, digest) DO NOTHING",
            *values,
            form.version,
            json.dumps(form.as_json()),
        )
        # A statement of its own: it sees the row that another transaction has just committed.
        known = await fetch_value(find, *values)
    assert known is not None  # noqa: S101 - it was there, or has been added by one of us
    return known


def _draft(row: dict[str, Any]) -> Draft:
    return Draft(row["subject"], row["version"], json.loads(row["answers"]), row["saved_at"])
