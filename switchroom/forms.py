"""Forms: what they ask, how they are shown, read, kept as drafts and sent.

A form is data (`Form`, or `read_form` from JSON). A page renders it with `render_form` inside its own `<form>` element;
`pick_answers` takes the answers out of what was posted; `save_draft` keeps them as typed, `submit_form` checks and
stores them. A form whose buttons lead on is gone through page by page: `begin_walk`, `render_step`, `take_step`,
`keep_step`. `<form data-autosave="ADDRESS">` saves as people type: each save is a POST of the answers with the fields
`_tab` and `_sequence`, read by `read_writer`.
"""

from core.forms.actions import Answered, Calculated, EndForm, Given, LeadTo, OpenForm, RunAction, SetField
from core.forms.answers import Value
from core.forms.components import (
    REMOVED,
    AnyComponent,
    Button,
    ButtonOption,
    Checkbox,
    Column,
    Component,
    Computed,
    Consent,
    Contact,
    DateTime,
    LongText,
    Money,
    MultiSelect,
    Number,
    Option,
    Phone,
    Question,
    Radio,
    Rating,
    RichText,
    Secret,
    Section,
    Select,
    Slider,
    StaticText,
    Switch,
    Table,
    TextLine,
    TextList,
    UnusableError,
    YesNo,
    YesNoNA,
)
from core.forms.conditions import All, Any_, Condition, Equals
from core.forms.contributed import extend_form
from core.forms.expressions import Expression
from core.forms.flows.beginning import begin_walk
from core.forms.flows.opening import CannotOpen
from core.forms.flows.showing import render_step
from core.forms.flows.steps import Ended, keep_step, take_step
from core.forms.flows.walks import StepPassed, Walk, find_walk
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
from core.forms.library.versions import PublishedForm, published_form, published_forms, published_version
from core.forms.published import form_json_schema
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
    "Answered",
    "AnyComponent",
    "Any_",
    "Button",
    "ButtonOption",
    "Calculated",
    "CannotOpen",
    "Checkbox",
    "Column",
    "Component",
    "Computed",
    "Condition",
    "Consent",
    "Contact",
    "DateTime",
    "Draft",
    "EndForm",
    "Ended",
    "Equals",
    "Expression",
    "Form",
    "FormRef",
    "Given",
    "InvalidAnswers",
    "Lead",
    "LeadTo",
    "LongText",
    "Money",
    "MultiSelect",
    "Number",
    "OpenForm",
    "Option",
    "Page",
    "Phone",
    "PublishedForm",
    "Question",
    "Radio",
    "Rating",
    "Reader",
    "Reading",
    "RichText",
    "RunAction",
    "Secret",
    "Section",
    "Select",
    "SetField",
    "Slider",
    "StaticText",
    "StepPassed",
    "Submission",
    "Switch",
    "Table",
    "Text",
    "TextLine",
    "TextList",
    "Typed",
    "UnsupportedField",
    "UnusableError",
    "Value",
    "Walk",
    "Writer",
    "YesNo",
    "YesNoNA",
    "accept_answers",
    "begin_walk",
    "drafts_since",
    "extend_form",
    "fields_of_error",
    "find_walk",
    "form_json_schema",
    "form_kinds",
    "form_of_schema",
    "get_draft",
    "get_submission",
    "initial_texts",
    "keep_step",
    "pick_answers",
    "pick_values",
    "published_form",
    "published_forms",
    "published_version",
    "read_answers",
    "read_form",
    "read_writer",
    "render_form",
    "render_step",
    "save_draft",
    "show_answers",
    "shown_as",
    "submit_form",
    "take_step",
    "typed_of_values",
    "values_of_answers",
]
