"""What forms of these pages send, read with care: whatever is missing or strange is what no service takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from litestar import Request, Response
from litestar.datastructures import FormMultiDict
from litestar.params import Parameter

from plugins.records.services.own_records import Edit
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _

AnyRequest = Request[Any, Any, Any]
Page = Response[Any]
AnyResponse = TypeVar("AnyResponse", bound=Response[Any])
RowId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]

CELL = "cell."


def text(form: FormMultiDict, name: str) -> str:
    """A field of a form; empty when it was not sent."""
    value = form.get(name, "")
    return value.replace("\0", "") if isinstance(value, str) else ""


def texts(form: FormMultiDict, name: str) -> list[str]:
    """All values of a field, such as of boxes that are ticked."""
    return [value for value in form.getall(name, []) if isinstance(value, str)]


def whole(form: FormMultiDict, name: str) -> int:
    """A whole number; -1, which is nobody's id or version, for anything else."""
    value = text(form, name).strip()
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 10 else -1


def signed(form: FormMultiDict, name: str) -> int:
    """A whole number with or without a sign; one that no limit allows for anything else."""
    value = text(form, name).strip()
    digits = value.removeprefix("-")
    return int(value) if digits.isdecimal() and digits.isascii() and len(digits) < 7 else 10**7


def edit_of(form: FormMultiDict) -> Edit | None:
    """What was typed into the fields of a record, where the form had any."""
    cells = {
        name.removeprefix(CELL): value.replace("\0", "")
        for name, value in form.multi_items()
        if name.startswith(CELL) and isinstance(value, str)
    }
    return Edit(whole(form, "record_version"), cells) if cells else None


def moment(value: str, zone: ZoneInfo, field: str) -> datetime:
    """A date with a time as a browser sends it, in the zone of who typed it.

    Raises:
        InvalidInput: It is none, or one that the clocks of the zone leave out.
    """
    try:
        typed = datetime.fromisoformat(value)
        local = typed.replace(tzinfo=zone) if typed.tzinfo is None else typed
        there = local.astimezone(UTC).astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(_("This is no time."), fields={field: _("Give a date and a time.")}) from error
    if typed.tzinfo is None and there.replace(tzinfo=None) != typed:
        problem = _("The clocks are put forward then: this time does not exist.")
        raise InvalidInput(_("This is no time."), fields={field: problem})
    return local.astimezone(UTC)


def at_address(response: AnyResponse, path: str) -> AnyResponse:
    """Lets the browser's address be that of the page which an action has led to."""
    response.headers["HX-Push-Url"] = path
    return response
