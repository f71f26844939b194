"""What the columns of a file are: a guess, what somebody has said, and the line that comes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from plugins.records.services.own_records import LONGEST_TEXT
from plugins.records.services.queues import HIGHEST
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _
from switchroom.locale import mark


class Target(StrEnum):
    """What a column is."""

    TITLE = "title"
    NAME = "contact_name"
    NUMBER = "contact_number"
    KEY = "key"
    PRIORITY = "priority"
    FIELD = "field"
    """One of the fields of the record, as the others are too."""
    SKIP = "skip"


LABELS = {
    Target.FIELD: mark("A field"),
    Target.TITLE: mark("Title"),
    Target.NAME: mark("Customer's name"),
    Target.NUMBER: mark("Customer's number"),
    Target.KEY: mark("Number of the record"),
    Target.PRIORITY: mark("Priority"),
    Target.SKIP: mark("Leave out"),
}

_WORDS = {
    Target.NUMBER: r"phone|tel(efon)?|mobile|cell|тел|моб|номер телефона",
    Target.PRIORITY: r"priorit|приоритет|важность",
    Target.KEY: r"^(id|no\.?|#|№|key|ref(erence)?|number|номер|код|ид)$|case (id|number|no)|номер (обращения|записи)",
    Target.NAME: r"name|contact|customer|client|имя|фио|контакт|клиент|заказчик",
    Target.TITLE: r"title|subject|topic|summary|тема|заголовок|название|суть|предмет",
}
_LIMITS = {Target.TITLE: 200, Target.NAME: 200, Target.KEY: 200}
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


@dataclass(frozen=True)
class Line:
    """A line that is right: what becomes of it."""

    number: int
    key: str
    title: str
    contact_name: str
    contact_number: str
    priority: int
    cells: str
    """JSON."""


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line.

    Attributes:
        column: The name of the column; empty for the line as a whole.
        text: For people, marked for translation: files are looked through where nobody reads.
        values: What is put into the text.
        value: What stands there, shortened.
    """

    line: int
    column: str
    text: str
    values: dict[str, int] = field(default_factory=dict)
    value: str = ""


def guess(header: Sequence[str]) -> dict[str, str]:
    """What each column probably is, by its name: position → `Target`. Of each target but fields there is one."""
    found: dict[str, str] = {str(position): Target.FIELD.value for position in range(len(header))}
    for target, words in _WORDS.items():
        for position, name in enumerate(header):
            if found[str(position)] == Target.FIELD and re.search(words, name.casefold()):
                found[str(position)] = target.value
                break
    return found


def check_mapping(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping as it can be used: a column that is not named is a field.

    Raises:
        InvalidInput: A target is named twice, or nothing tells the records apart; names the fields.
    """
    whole = {str(position): mapping.get(str(position), Target.FIELD.value) for position in range(len(header))}
    problems: dict[str, str] = {}
    for position, target in whole.items():
        if target not in set(Target):
            problems[f"column.{position}"] = _("Choose what this column is.")
        elif target not in (Target.FIELD, Target.SKIP) and list(whole.values()).index(target) != int(position):
            problems[f"column.{position}"] = _("Another column is that already.")
    if not set(whole.values()) & {Target.TITLE, Target.NAME, Target.NUMBER}:
        problems["column.0"] = _("One column must be the title, the customer's name or the customer's number.")
    if problems:
        raise InvalidInput(_("The columns cannot be read so."), fields=problems)
    return whole


def read_line(
    number: int, cells: Sequence[str], header: Sequence[str], mapping: Mapping[str, str], region: str
) -> Line | list[Problem]:
    """A line of the file as a record, or all that is wrong in it.

    Args:
        number: Of the line, as the file counts.
        cells: Its texts.
        header: The names of the columns.
        mapping: As `check_mapping` gives it.
        region: The country of numbers without a country code; empty when they must have one.
    """
    if len(cells) > len(header):
        return [Problem(number, "", mark("There are more columns in this line than in the first one."))]
    problems: list[Problem] = []
    found: dict[str, str] = {}
    fields: dict[str, str] = {}
    for position, name in enumerate(header):
        target, value = mapping[str(position)], cells[position] if position < len(cells) else ""
        if target == Target.SKIP:
            continue
        problem = _problem(target, value, region)
        if problem:
            problems.append(Problem(number, name, *problem, value=value[:80]))
        fields[name] = value
        found[target] = value
    title = found.get(Target.TITLE) or found.get(Target.NAME) or found.get(Target.NUMBER) or ""
    if not title and not problems:
        problems.append(Problem(number, "", mark("There is neither a title nor a name nor a number in this line.")))
    if problems:
        return problems
    written = found.get(Target.NUMBER, "")
    return Line(
        number,
        found.get(Target.KEY, ""),
        title[:200],
        found.get(Target.NAME, ""),
        (to_e164(written, region) or "") if written else "",
        int(found.get(Target.PRIORITY) or 0),
        json.dumps(fields),
    )


def to_e164(written: str, region: str) -> str | None:
    """The number in E.164, or None when it is not one that exists. Spreadsheets drop the plus: it is tried with one."""
    for text, country in ((written, region), (f"+{written}" if written[:1].isdecimal() else "", "")):
        try:
            number = phonenumbers.parse(text, country or None)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return None


def _problem(target: str, value: str, region: str) -> tuple[str, dict[str, int]] | None:
    if _UNSTORABLE.search(value):
        return mark("There is a character here that cannot be stored."), {}
    most = _LIMITS.get(Target(target), LONGEST_TEXT)
    if len(value) > most:
        return mark("At most %(count)s characters."), {"count": most}
    if target == Target.NUMBER and value and (len(value) > 40 or to_e164(value, region) is None):
        return mark("This is no phone number that exists. With its country code it begins with a plus."), {}
    if target == Target.PRIORITY and value and not _is_priority(value):
        return mark("Give a whole number between %(least)s and %(most)s."), {"least": -HIGHEST, "most": HIGHEST}
    return None


def _is_priority(value: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]{1,5}", value) is not None and abs(int(value)) <= HIGHEST


def as_json(problem: Problem) -> dict[str, Any]:
    """A problem as it is stored."""
    return asdict(problem)
