"""Answers as people read them, in the active language: of one question, and of all that was sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime

from core.forms.answers import Value
from core.forms.components import File, Option, Question, Table, YesNoNA
from core.forms.files.kept import FormFileView, attached_files
from core.forms.reader import Reader
from core.forms.store import Submission
from core.locale import active_language
from core.locale import gettext as _
from core.plugins.context import Context


@dataclass(frozen=True)
class ToldAnswer:
    """One question, and what was answered.

    Attributes:
        key: The question's, as expressions and exports name it.
        question: Its words, as they were asked.
        text: The answer; lines of a table and names of files are lines of it.
        files: The files that are the answer; one that is gone is missing here.
    """

    key: str
    question: str
    text: str
    files: tuple[FormFileView, ...] = ()


async def tell_submission(ctx: Context, submission: Submission, reader: Reader) -> list[ToldAnswer]:
    """What was answered, in the order in which it was asked; what was not answered is left out.

    Args:
        ctx: Where.
        submission: What was sent; it is told in the words of the form as it was asked.
        reader: Who reads: times are told in his zone.
    """
    return (await tell_submissions(ctx, [submission], reader))[0]


async def tell_submissions(ctx: Context, submissions: Sequence[Submission], reader: Reader) -> list[list[ToldAnswer]]:
    """The same of several: their files are looked up at once."""
    wanted = [file_id for sent in submissions for file_id in _file_ids(sent)]
    files = await attached_files(ctx, wanted) if wanted else {}
    return [
        [
            _told(question, value, reader, files)
            for question, value in ((each, sent.answers.get(key)) for key, each in sent.form.questions.items())
            if is_answered(question, value, reader)
        ]
        for sent in submissions
    ]


def is_answered(question: Question, value: Value, reader: Reader) -> bool:
    """Whether there is something to tell: a box that was not ticked says nothing, *no* does."""
    return value is not None and bool(question.show(value, reader))


def answer_in_words(question: Question, value: Value, reader: Reader) -> str:
    """One answer. Files are told by how many they are: `tell_submission` knows their names."""
    if isinstance(question, YesNoNA):
        words = {"yes": _("Yes"), "no": _("No"), "na": _("Not applicable")}
        return words.get(str(value), str(value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(question, File):
        return str(len(value)) if isinstance(value, list) else ""
    if isinstance(question, Table):
        return _rows(question, value, reader)
    if isinstance(value, dict):
        return ", ".join(text for text in question.texts(value, reader) if text)
    labels = _labels(getattr(question, "options", ()))
    if isinstance(value, list):
        return ", ".join(labels.get(str(each), str(each)) for each in value)
    if isinstance(value, str) and question.kind_name() == "date_time":
        moment = datetime.fromisoformat(value).astimezone(reader.zone)
        return format_datetime(moment, "d MMM y, HH:mm", locale=active_language())
    return labels.get(str(value), "") or question.show(value, reader)


def _told(question: Question, value: Value, reader: Reader, files: dict[int, FormFileView]) -> ToldAnswer:
    label = str(question.label)
    if not isinstance(question, File):
        return ToldAnswer(question.key, label, answer_in_words(question, value, reader))
    given = tuple(files[each] for each in _ids(value) if each in files)
    gone = len(_ids(value)) - len(given)
    names = [*(file.name for file in given), *([_("A file that is gone")] * gone)]
    return ToldAnswer(question.key, label, "\n".join(names), given)


def _rows(table: Table, value: Value, reader: Reader) -> str:
    """A line for each row: its cells with the names of their columns."""
    lines = []
    for row in value if isinstance(value, list) else []:
        if not isinstance(row, dict):
            continue
        told = []
        for column in table.columns:
            cell = row.get(column.key)
            if cell is not None:
                text = _labels(column.options).get(str(cell), "") or column.show(cell, reader)
                told.append(f"{column.label}: {text}")
        lines.append(", ".join(told))
    return "\n".join(lines)


def _labels(options: Iterable[Option]) -> dict[str, str]:
    return {option.value: str(option.label) for option in options}


def _file_ids(submission: Submission) -> list[int]:
    return [
        file_id
        for key, question in submission.form.questions.items()
        if isinstance(question, File)
        for file_id in _ids(submission.answers.get(key))
    ]


def _ids(value: Value) -> list[int]:
    return (
        [int(each) for each in value if isinstance(each, str) and each.isdecimal()] if isinstance(value, list) else []
    )
