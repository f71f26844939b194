"""A form as a file: one JSON object, always written in the same way, to be taken to another tenant."""

from __future__ import annotations

import json
from typing import Any

from core.errors import InvalidInput
from core.forms.library.content import LONGEST_CONTENT, Content, canonical, check_shape
from core.forms.library.store import Design, make_design
from core.locale import gettext as _
from core.plugins.context import Context

FORMAT = "switchroom-form"
FORMAT_VERSION = 1
LONGEST_FILE = 4 * LONGEST_CONTENT
"""Bytes of a file."""


def write_file(name: str, content: Content) -> bytes:
    """A form as a file. The same form gives the same bytes, in every tenant.

    Args:
        name: Of the form; whoever takes it in may choose another one.
        content: The working copy, or a version.
    """
    return canonical({"format": FORMAT, "format_version": FORMAT_VERSION, "name": name, "form": content}).encode()


def read_file(file: bytes) -> tuple[str, Content]:
    """Name and content of a form in a file.

    Raises:
        InvalidInput: It is none; says what is wrong, and where.
    """
    if len(file) > LONGEST_FILE:
        raise _refused(_("The file is too large: at most %(most)s MB.") % {"most": LONGEST_FILE // 1_000_000})
    try:
        given: Any = json.loads(file.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _refused(_("The file is not in the encoding UTF-8.")) from None
    except RecursionError:
        raise _refused(_("Its parts stand too far within each other.")) from None
    except ValueError as error:
        place = {"line": getattr(error, "lineno", 1), "column": getattr(error, "colno", 1)}
        raise _refused(_("The file is no JSON: line %(line)s, character %(column)s.") % place) from None
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise _refused(_("The file holds no form. Choose one that was exported here or in another organisation."))
    if given.get("format_version") != FORMAT_VERSION:
        raise _refused(_("The file was written by a later version of this program, which this one cannot read."))
    unknown = sorted(given.keys() - {"format", "format_version", "name", "form"})
    if unknown or not isinstance(given.get("name"), str):
        raise _refused(
            _("The file holds more or less than a form: %(names)s.") % {"names": ", ".join(unknown) or "name"}
        )
    try:
        return given["name"], check_shape(given.get("form"))
    except InvalidInput as error:
        places = [f"{place}: {problem}" for place, problem in error.fields.items()]
        raise InvalidInput(error.message, fields={"file": " ".join(places)}, mend=error.mend) from error


async def import_form(ctx: Context, file: bytes, name: str = "") -> Design:
    """Makes a form of a file. It need not be usable: what is wrong is marked where it is built.

    Args:
        ctx: The tenant.
        file: What `write_file` gives.
        name: What it is to be called here; empty for the name in the file.

    Raises:
        InvalidInput: The file holds no form, or the name cannot be used or is taken. Nothing has changed.
    """
    own_name, content = read_file(file)
    return await make_design(ctx, name or own_name, content)


def _refused(problem: str) -> InvalidInput:
    return InvalidInput(_("The file cannot be used."), fields={"file": problem})
