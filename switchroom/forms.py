"""Forms: what they ask, how they are shown, read, kept as drafts and sent.

A form is data (`Form`, or `read_form` from JSON). A page renders it with `render_form` inside its own `<form>` element;
`pick_answers` takes the answers out of what was posted; `save_draft` keeps them as typed, `submit_form` checks and
stores them. `<form data-autosave="ADDRESS">` saves as people type: each save is a POST of the answers with the fields
`_tab` and `_sequence`, read by `read_writer`.
"""

from core.forms.answers import Value
from core.forms.components import (
    REMOVED,
    AnyComponent,
    Component,
    Computed,
    DateTime,
    LongText,
    MultiSelect,
    Number,
    Option,
    Question,
    Radio,
    Secret,
    Section,
    Select,
    StaticText,
    Switch,
    TextLine,
    TextList,
    UnusableError,
    YesNo,
)
from core.forms.conditions import All, Any_, Condition, Equals
from core.forms.contributed import extend_form
from core.forms.expressions import Expression
from core.forms.from_schema import (
    WHOLE_FORM,
    UnsupportedField,
    fields_of_error,
    form_of_schema,
    shown_as,
    typed_of_values,
    values_of_answers,
)
from core.forms.kinds import form_kinds
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
from core.forms.reference import FormRef
from core.forms.rendering import render_form
from core.forms.schema import Form, Lead, Page, read_form
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
from core.forms.values import pick_values

__all__ = [
    "REMOVED",
    "WHOLE_FORM",
    "All",
    "AlreadySubmitted",
    "AnyComponent",
    "Any_",
    "Component",
    "Computed",
    "Condition",
    "DateTime",
    "Draft",
    "Equals",
    "Expression",
    "Form",
    "FormRef",
    "InvalidAnswers",
    "Lead",
    "LongText",
    "MultiSelect",
    "Number",
    "Option",
    "Page",
    "Question",
    "Radio",
    "Reader",
    "Reading",
    "Secret",
    "Section",
    "Select",
    "StaticText",
    "Submission",
    "Switch",
    "Text",
    "TextLine",
    "TextList",
    "Typed",
    "UnsupportedField",
    "UnusableError",
    "Value",
    "Writer",
    "YesNo",
    "accept_answers",
    "drafts_since",
    "extend_form",
    "fields_of_error",
    "form_kinds",
    "form_of_schema",
    "get_draft",
    "get_submission",
    "initial_texts",
    "pick_answers",
    "pick_values",
    "read_answers",
    "read_form",
    "read_writer",
    "render_form",
    "save_draft",
    "show_answers",
    "shown_as",
    "submit_form",
    "typed_of_values",
    "values_of_answers",
]
