"""Forms: what they ask, how they are shown, read, kept as drafts and sent.

A form is data (`Form`, or `read_form` from JSON). A page renders it with `render_form` inside its own `<form>` element;
`pick_answers` takes the answers out of what was posted; `save_draft` keeps them as typed, `submit_form` checks and
stores them. `<form data-autosave="ADDRESS">` saves as people type: each save is a POST of the answers with the fields
`_tab` and `_sequence`, read by `read_writer`.
"""

from core.forms.components import (
    AnyComponent,
    Component,
    DateTime,
    LongText,
    Option,
    Question,
    Radio,
    StaticText,
    TextLine,
    YesNo,
)
from core.forms.conditions import All, Any_, Condition, Equals, Value
from core.forms.reader import Reader
from core.forms.reading import (
    InvalidAnswers,
    Reading,
    Typed,
    accept_answers,
    initial_texts,
    pick_answers,
    read_answers,
    show_answers,
)
from core.forms.rendering import render_form
from core.forms.schema import Form, Page, read_form
from core.forms.store import (
    AlreadySubmitted,
    Draft,
    Submission,
    Writer,
    drafts_since,
    get_draft,
    get_submission,
    read_writer,
    save_draft,
    submit_form,
)
from core.forms.text import Text

__all__ = [
    "All",
    "AlreadySubmitted",
    "AnyComponent",
    "Any_",
    "Component",
    "Condition",
    "DateTime",
    "Draft",
    "Equals",
    "Form",
    "InvalidAnswers",
    "LongText",
    "Option",
    "Page",
    "Question",
    "Radio",
    "Reader",
    "Reading",
    "StaticText",
    "Submission",
    "Text",
    "TextLine",
    "Typed",
    "Value",
    "Writer",
    "YesNo",
    "accept_answers",
    "drafts_since",
    "get_draft",
    "get_submission",
    "initial_texts",
    "pick_answers",
    "read_answers",
    "read_form",
    "read_writer",
    "render_form",
    "save_draft",
    "show_answers",
    "submit_form",
]
