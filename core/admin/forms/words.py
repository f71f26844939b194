"""What the builder calls what can be set of a form, and how it says where a problem is."""

from __future__ import annotations

from collections.abc import Mapping

from core.forms.components import Kinds
from core.forms.library.content import Content, parts
from core.forms.library.palette import offered_of
from core.forms.library.properties import Property, Widget
from core.forms.text import Text
from core.locale import gettext as _
from core.locale import mark

# Title and hint by the name of the field, the same for every kind.
_WORDS: Mapping[str, tuple[str, str]] = {
    "title": (mark("Title"), ""),
    "label": (mark("Label"), ""),
    "text": (mark("Text"), ""),
    "help": (mark("Help"), mark("A sentence below the label.")),
    "options": (mark("Options"), ""),
    "columns": (mark("Columns"), ""),
    "formula": (mark("Formula"), mark("Such as (people or 0) * price.")),
    "required": (mark("Must be answered"), ""),
    "required_if": (mark("Must be answered if"), mark("A condition, such as people > 3.")),
    "shown_if": (mark("Shown only if"), mark("A condition, such as successful == false.")),
    "default": (mark("Filled in from the start"), ""),
    "value": (mark("Value that is stored"), ""),
    "unit": (mark("Unit"), mark("What stands behind the number, such as km.")),
    "minimum": (mark("At least"), ""),
    "maximum": (mark("At most"), ""),
    "step": (mark("In steps of"), ""),
    "whole": (mark("Whole numbers only"), ""),
    "max_length": (mark("Characters at most"), ""),
    "max_items": (mark("Lines at most"), ""),
    "min_rows": (mark("Rows at least"), mark("Where there is a row at all, or the table must be answered.")),
    "max_rows": (mark("Rows at most"), ""),
    "accepts": (
        mark("Sorts of files"),
        mark("One a line: image, pdf, document, spreadsheet, text, audio, video, archive."),
    ),
    "max_megabytes": (mark("Megabytes of each file at most"), ""),
    "max_files": (mark("Files at most"), ""),
    "score": (mark("Score"), mark("What choosing it counts: score(name) in a formula.")),
    "not_applicable": (mark("Means that nothing applies"), mark("It answers the question, and counts as nothing.")),
    "rows": (mark("Height in lines"), ""),
    "asks_for": (mark("Asks for"), ""),
    "format": (mark("Must be"), ""),
    "must_be": (mark("Must be"), ""),
    "most": (mark("Best mark"), ""),
    "lowest": (mark("What the mark 1 means"), ""),
    "highest": (mark("What the best mark means"), ""),
    "shortcuts": (mark("Answered with Alt+Y and Alt+N"), ""),
    "pictures": (mark("Shown as pictures"), mark("The values are names of icons, such as coffee.")),
    "region": (mark("Country of numbers without a code"), mark("Two letters, such as GB.")),
    "currencies": (mark("Currencies"), mark("Codes of three letters, one a line.")),
    "repeatable": (mark("Can be sent more than once"), mark("By one person for one subject.")),
    "leads_to": (mark("Goes on to"), mark("The first way whose condition holds; without one, the next page.")),
    "page": (mark("Page"), mark("Its name; empty for the end of the form.")),
    "when": (mark("If"), mark("A condition; empty for always.")),
    "does": (mark("What it does"), mark("In this order; without anything, it leads on.")),
    "kind": (mark("What to do"), ""),
    "to": ("", mark("A question's name, a value such as 'text' or 3, or an expression.")),
    "arguments": ("", mark("One a line, such as about = comment.")),
    "into": ("", mark("One a line: what it gives = the question's name.")),
    "closing": (mark("Comes last in any case"), mark("Whichever way led to the end.")),
    "key": (mark("Name"), mark("In conditions and exports: small letters, digits and _.")),
}

_CHOICES: Mapping[str, str] = {
    "yes": mark("Yes"),
    "no": mark("No"),
    "na": mark("Not applicable"),
    "future": mark("In the future"),
    "past": mark("In the past"),
    "email": mark("An e-mail address"),
    "url": mark("A web address"),
    "text": mark("Text"),
    "number": mark("A number"),
    "option": mark("One of the options"),
    "lead": mark("Lead to a page"),
    "open_form": mark("Lead through another form"),
    "set": mark("Set an answer"),
    "run": mark("Run an action of a plugin"),
    "end": mark("End the form"),
}

FIRST = ("title", "label", "text", "help", "options", "columns", "formula")
"""What stands above all else, in this order."""

WHEN = ("shown_if", "required_if", "leads_to")
"""What belongs to conditions."""


def title_of_field(name: str, own: str = "") -> str:
    """What a field is called; `own` is what a plugin calls it."""
    title, _hint = _WORDS.get(name, ("", ""))
    return own or (_(title) if title else name.replace("_", " ").capitalize())


def hint_of(each: Property) -> str:
    """A sentence on a field."""
    _title, hint = _WORDS.get(each.name, ("", ""))
    said = each.hint or (_(hint) if hint else "")
    return f"{said} {', '.join(each.choices)}" if each.widget is Widget.LINES and each.choices else said


def choice_word(value: str) -> str:
    """What a value to choose is called."""
    return _(_CHOICES[value]) if value in _CHOICES else value


def name_at(content: Content, place: str, kinds: Kinds) -> str:
    """What stands at a place, for people: its kind and what it asks."""
    for part in parts(content):
        if part.place == place:
            return part_name(part.data, place, kinds)
    return _("The form itself")


def part_name(data: Mapping[str, object], place: str, kinds: Kinds) -> str:
    """What a page or a component is called: its kind and its words, or its name where it has none."""
    words = words_of(data) or str(data.get("key", ""))
    if "components" not in place:
        return _("Page: %(title)s") % {"title": words}
    return f"{offered_of(str(data.get('kind', '')), kinds).title}: {words}"


def words_of(data: Mapping[str, object]) -> str:
    """What a part says, in the active language; empty when it says nothing that can be used."""
    for name in ("label", "title", "text"):
        try:
            return str(Text.model_validate(data.get(name)))
        except ValueError:
            continue
    return ""


def place_of_part(content: Content, place: str) -> str:
    """The part that a place is in: `pages.0.components.3` of `pages.0.components.3.options.0.label`."""
    known = [part.place for part in parts(content) if f"{place}.".startswith(f"{part.place}.")]
    return max(known, key=len, default="form")
