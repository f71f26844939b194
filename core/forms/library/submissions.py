"""What was answered in a form, whichever versions of it were asked: found page by page, the newest first."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from core.database.connection import fetch, fetch_value
from core.forms.components import Question
from core.forms.kinds import form_kinds
from core.forms.schema import Form, read_answered_form
from core.forms.store import Submission
from core.plugins.context import Context

PAGE = 500
"""Submissions that are read at once."""

DEFINITIONS = 20
"""Forms as they were asked that are read at once."""

MOST_KEPT = 200
"""Forms as they were asked that are kept at once while their answers are read."""


@dataclass(frozen=True)
class Period:
    """When answers were sent; None is open on that side.

    Attributes:
        since: From this moment on.
        until: Before this moment.
    """

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Sent:
    """A submission, with who it is about where that is known.

    Attributes:
        by: Who has answered.
        contact_name: Of the contact whose segment it is about; empty for other subjects.
        contact_number: The same.
        interaction_id: The same; None for other subjects.
    """

    submission: Submission
    by: str
    contact_name: str
    contact_number: str
    interaction_id: int | None


@dataclass(frozen=True)
class SubmissionKey:
    """The place of a submission among those of its form."""

    at: datetime
    id: int


async def count_submissions(ctx: Context, form_key: str, period: Period) -> int:
    """How often the form was answered in this time."""
    found: int = await fetch_value(
        "SELECT count(*) FROM core_form_submission WHERE tenant_id = $1 AND form = $2 "
        "AND ($3::timestamptz IS NULL OR submitted_at >= $3) AND ($4::timestamptz IS NULL OR submitted_at < $4)",
        ctx.tenant.id,
        form_key,
        period.since,
        period.until,
    )
    return found


async def asked_questions(ctx: Context, form_key: str) -> dict[str, Question]:
    """Every question that was ever asked in a form and answered, by key, in its newest wording.

    They stand as the newest form asks them; then come those that only older ones have asked, the newest of them first.
    """
    found: dict[str, Question] = {}
    before: int | None = None
    while rows := await fetch(
        "SELECT id, schema FROM core_form_definition WHERE tenant_id = $1 AND form = $2 "
        "AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
        ctx.tenant.id,
        form_key,
        before,
        DEFINITIONS,
    ):
        for row in rows:
            for key, question in read_answered_form(json.loads(row["schema"]), form_kinds(ctx)).questions.items():
                found.setdefault(key, question)
        before = rows[-1]["id"]
    return found


class AnsweredForms:
    """The forms of submissions that are read one after another, as they were asked; those not used longest go."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._forms: OrderedDict[int, Form] = OrderedDict()

    async def of(self, ids: set[int]) -> dict[int, Form]:
        """The forms of these definitions."""
        rows = await fetch(
            "SELECT id, schema FROM core_form_definition WHERE tenant_id = $1 AND id = ANY($2::bigint[])",
            self._ctx.tenant.id,
            [each for each in ids if each not in self._forms],
        )
        kinds = form_kinds(self._ctx)
        self._forms |= {row["id"]: read_answered_form(json.loads(row["schema"]), kinds) for row in rows}
        found = {each: self._forms[each] for each in ids}
        for each in ids:
            self._forms.move_to_end(each)
        while len(self._forms) > MOST_KEPT:
            self._forms.popitem(last=False)
        return found


# Index core_form_submission_of_form: the key of the last one leads to the next page, however far down it is.
_PAGE = """
SELECT sent.id, sent.definition_id, sent.subject, sent.user_id, sent.answers, sent.submitted_at, sent.outcome,
    coalesce(person.name, '') AS by, interaction.id AS interaction_id,
    coalesce(interaction.contact_name, '') AS contact_name, coalesce(interaction.contact_number, '') AS contact_number
FROM core_form_submission AS sent
LEFT JOIN core_user AS person ON person.tenant_id = $1 AND person.id = sent.user_id
LEFT JOIN core_segment AS segment ON segment.tenant_id = $1 AND segment.id =
    CASE WHEN sent.subject ~ '^core:segment:[0-9]{1,18}$' THEN substr(sent.subject, 14)::bigint END
LEFT JOIN core_interaction AS interaction ON interaction.tenant_id = $1 AND interaction.id = segment.interaction_id
WHERE sent.tenant_id = $1 AND sent.form = $2
    AND ($3::timestamptz IS NULL OR sent.submitted_at >= $3) AND ($4::timestamptz IS NULL OR sent.submitted_at < $4)
    AND ($5::timestamptz IS NULL OR (sent.submitted_at, sent.id) < ($5::timestamptz, $6::bigint))
ORDER BY sent.submitted_at DESC, sent.id DESC LIMIT $7
"""


async def find_submissions(
    ctx: Context,
    form_key: str,
    period: Period,
    forms: AnsweredForms,
    *,
    after: SubmissionKey | None = None,
    limit: int,
) -> list[Sent]:
    """The submissions of a form, the newest first, at most `limit`, from the one after `after` on."""
    rows = await fetch(
        _PAGE,
        ctx.tenant.id,
        form_key,
        period.since,
        period.until,
        after.at if after else None,
        after.id if after else None,
        limit,
    )
    asked = await forms.of({row["definition_id"] for row in rows}) if rows else {}
    return [
        Sent(
            Submission(
                row["id"],
                asked[row["definition_id"]],
                row["subject"],
                row["user_id"],
                json.loads(row["answers"]),
                row["submitted_at"],
                row["outcome"],
            ),
            row["by"],
            row["contact_name"],
            row["contact_number"],
            row["interaction_id"],
        )
        for row in rows
    ]


async def each_page(ctx: Context, form_key: str, period: Period) -> AsyncIterator[list[Sent]]:
    """All submissions of a form, some at a time."""
    forms, after = AnsweredForms(ctx), None
    while page := await find_submissions(ctx, form_key, period, forms, after=after, limit=PAGE):
        yield page
        last = page[-1].submission
        after = SubmissionKey(last.submitted_at, last.id)
