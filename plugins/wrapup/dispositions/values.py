"""What people say of a disposition, and whether it can be used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from plugins.wrapup.models import Disposition, DispositionType, ServiceType
from switchroom.locale import gettext as _
from switchroom.locale import mark

LONGEST_NAME = 100
LONGEST_DESCRIPTION = 1000
LONGEST_CODE = 10
MOST = 500
"""Dispositions of one list."""
MOST_FOLDERS = 50

TYPES = {
    DispositionType.SUCCESS: mark("Success"),
    DispositionType.FAILURE: mark("Failure"),
    DispositionType.CONTINUE: mark("Continue"),
    DispositionType.DO_NOT_CALL: mark("Do not call"),
}
SERVICE_TYPES = {
    ServiceType.INBOUND: mark("Inbound"),
    ServiceType.OUTBOUND: mark("Outbound"),
    ServiceType.BLENDED: mark("Blended"),
    ServiceType.CHAT: mark("Chat"),
    ServiceType.EMAIL: mark("E-mail"),
}

# Line ends and tabs may stand in a description; the reader of pages takes out what cannot be stored at all.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class DispositionValues:
    """What an administrator says of a disposition; see `plugins.wrapup.models.Disposition`."""

    name: str
    type: str
    description: str = ""
    code: str = ""
    agent_selects: bool = True
    inbound: bool = True
    outbound: bool = True
    preview: bool = False
    service_type: str = ServiceType.BLENDED.value

    @property
    def columns(self) -> dict[str, Any]:
        """Name of a column → value."""
        return asdict(self)


def values_of(row: Disposition) -> dict[str, Any]:
    """What is kept of a disposition, as `DispositionValues.columns` has it."""
    return {name: getattr(row, name) for name in DispositionValues.__dataclass_fields__}


def folded(name: str) -> str:
    """The same for two names that differ in capital letters alone, by this language's rules or by the database's."""
    return "".join(letter.lower()[0] for letter in name).casefold()


def tidy(name: str) -> str:
    """A name without needless blanks."""
    return " ".join(name.split())


def problems_of(values: DispositionValues) -> dict[str, str]:
    """Field → what is wrong with its value, whatever else is in the list."""
    problems: dict[str, str] = {}
    if not values.name or len(values.name) > LONGEST_NAME:
        problems["name"] = _("Give a name of at most %(count)s characters.") % {"count": LONGEST_NAME}
    elif _CONTROL.search(values.name):
        problems["name"] = _("There is a character here that cannot be stored.")
    if len(values.description) > LONGEST_DESCRIPTION:
        problems["description"] = _("Use at most %(count)s characters.") % {"count": LONGEST_DESCRIPTION}
    elif _CONTROL.search(values.description):
        problems["description"] = _("There is a character here that cannot be stored.")
    if values.code and not re.fullmatch(rf"[0-9]{{1,{LONGEST_CODE}}}", values.code):
        problems["code"] = _("Use digits only, at most %(count)s.") % {"count": LONGEST_CODE}
    if values.type not in set(DispositionType):
        problems["type"] = _("Choose what it means.")
    if values.service_type not in set(ServiceType):
        problems["service_type"] = _("Choose a kind of service.")
    return problems


def folder_problem(name: str) -> str:
    """What is wrong with the name of a folder, whatever other folders there are; empty for nothing."""
    if not name or len(name) > LONGEST_NAME:
        return _("Give a name of at most %(count)s characters.") % {"count": LONGEST_NAME}
    return _("There is a character here that cannot be stored.") if _CONTROL.search(name) else ""


def taken(name: str, names: Iterable[str]) -> bool:
    """Whether one of the names is the same, or differs in capital letters alone."""
    return folded(name) in {folded(each) for each in names}
