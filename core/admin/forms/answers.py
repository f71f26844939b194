"""What was answered in a form: the latest at a glance, and all of a time as a table."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from core.accounts.permissions import EXPORT_ANSWERS
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page
from core.audit.log import record
from core.forms.components import Question
from core.forms.library.store import Design, get_design
from core.forms.library.submissions import (
    AnsweredForms,
    Period,
    Sent,
    asked_questions,
    count_submissions,
    each_page,
    find_submissions,
)
from core.forms.reader import Reader
from core.forms.telling import ToldAnswer, tell_submissions
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.rendering import page
from core.web.spreadsheets import CSV_MARK, csv_line
from core.web.workbooks import XLSX, xlsx_pieces

SHOWN = 20
"""Submissions on the page."""


class Format(StrEnum):
    """What the file is."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {Format.CSV: "text/csv", Format.XLSX: XLSX}


@dataclass(frozen=True)
class Line:
    """A submission on the page."""

    sent: Sent
    outcome: str
    told: list[ToldAnswer]


@get("/admin/forms/{name:str}/answers", permission=EXPORT_ANSWERS)
async def answers_page(request: AnyRequest, ctx: Context, user: SignedIn, name: str) -> Page:
    """The latest answers of a time, and where the file is."""
    design = await get_design(ctx, name)
    values, period = _period(request, user)
    found = await find_submissions(ctx, design.key, period, AnsweredForms(ctx), limit=SHOWN)
    told = await tell_submissions(ctx, [each.submission for each in found], Reader(user.zone))
    address = f"/admin/forms/{name}/answers"
    return await page(
        "admin/forms/answers.html",
        title=_("Answers to “%(title)s”") % {"title": design.title},
        design=design,
        address=address,
        values=values,
        filtered=any(values.values()),
        count=await count_submissions(ctx, design.key, period),
        lines=[Line(sent, _outcome(sent), answers) for sent, answers in zip(found, told, strict=True)],
        exports={form.name: f"{address}/export?{urlencode({**values, 'format': form.value})}" for form in Format},
    )


@get("/admin/forms/{name:str}/answers/export", permission=EXPORT_ANSWERS)
async def export_answers(
    request: AnyRequest,
    ctx: Context,
    user: SignedIn,
    name: str,
    form: Annotated[Format, QueryParameter(name="format")],
) -> Stream:
    """All answers of a time as a file; who has loaded it is noted in the audit log."""
    design = await get_design(ctx, name)
    values, period = _period(request, user)
    asked = {"format": form.value, **{key: value for key, value in values.items() if value}}
    await record(
        ctx,
        "core.form_answers_exported",
        subject=f"core:form:{name}",
        subject_name=design.title[:200],
        after=asked,
    )
    questions = await asked_questions(ctx, design.key)
    rows = _rows(ctx, design, period, questions, Reader(user.zone))
    pieces = _csv(questions, rows) if form is Format.CSV else xlsx_pieces(_head(questions), rows)
    file_name = f"answers-{name}-{datetime.now(user.zone).date()}.{form.value}"
    return Stream(
        pieces,
        media_type=MEDIA_TYPES[form],
        headers={"content-disposition": f'attachment; filename="{file_name}"'},
    )


async def _csv(questions: Mapping[str, Question], rows: AsyncIterator[list[list[str]]]) -> AsyncGenerator[bytes, None]:
    yield CSV_MARK + csv_line(_head(questions))
    async for some in rows:
        yield b"".join(csv_line(row) for row in some)


def _head(questions: Mapping[str, Question]) -> list[str]:
    fixed = [_("Sent"), _("Person"), _("Customer"), _("Number"), _("About"), _("Version"), _("Outcome")]
    return [*fixed, *(f"{question.label} [{key}]" for key, question in questions.items())]


async def _rows(
    ctx: Context, design: Design, period: Period, questions: Mapping[str, Question], reader: Reader
) -> AsyncIterator[list[list[str]]]:
    async for some in each_page(ctx, design.key, period):
        told = await tell_submissions(ctx, [each.submission for each in some], reader)
        yield [_row(sent, answers, questions, reader) for sent, answers in zip(some, told, strict=True)]


def _row(sent: Sent, answers: list[ToldAnswer], questions: Mapping[str, Question], reader: Reader) -> list[str]:
    submission, by_key = sent.submission, {answer.key: answer.text for answer in answers}
    at = submission.submitted_at.astimezone(reader.zone).isoformat(sep=" ", timespec="seconds")[:19]
    fixed = [at, sent.by, sent.contact_name, sent.contact_number, submission.subject, str(submission.form.version)]
    return [*fixed, _outcome(sent), *(by_key.get(key, "") for key in questions)]


def _outcome(sent: Sent) -> str:
    end = sent.submission.form.outcomes.get(sent.submission.outcome)
    return str(end.label) if end else sent.submission.outcome


def _period(request: AnyRequest, user: SignedIn) -> tuple[dict[str, str], Period]:
    """What the filter shows, and which time that is by the user's clock."""
    since, until = (_day(request.query_params.get(name, "")) for name in ("since", "until"))
    values = {"since": since.isoformat() if since else "", "until": until.isoformat() if until else ""}
    return values, Period(_midnight(since, user), _midnight(until + timedelta(days=1) if until else None, user))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # What a database and a time zone can hold, with a day to spare.
    return day if 1970 <= day.year <= 9000 else None


def _midnight(day: date | None, user: SignedIn) -> datetime | None:
    return datetime.combine(day, time.min, user.zone).astimezone(UTC) if day else None


HANDLERS = [answers_page, export_answers]
