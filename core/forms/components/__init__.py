"""What a form is made of: one small class a component, each knowing how its answer is read and shown again.

A component's markup is the macro of its kind in `templates/forms/components.html`; a plugin's kind brings a template.
"""

from __future__ import annotations

from core.forms.components.base import (
    LONGEST_TEXT,
    Component,
    Question,
    RichText,
    StaticText,
    TemplateFile,
    UnusableError,
    clean,
)
from core.forms.components.choices import (
    Button,
    ButtonOption,
    Checkbox,
    Consent,
    MultiSelect,
    Option,
    Radio,
    Rating,
    Select,
    Switch,
    YesNo,
    YesNoNA,
)
from core.forms.components.computed import Computed
from core.forms.components.contacts import Contact, Money, Phone
from core.forms.components.files import File
from core.forms.components.kinds import AnyComponent, Kinds, Section
from core.forms.components.numbers import Number, Slider
from core.forms.components.tables import Column, Table
from core.forms.components.texts import REMOVED, LongText, Secret, TextLine, TextList
from core.forms.components.times import DateTime

__all__ = [
    "LONGEST_TEXT",
    "REMOVED",
    "AnyComponent",
    "Button",
    "ButtonOption",
    "Checkbox",
    "Column",
    "Component",
    "Computed",
    "Consent",
    "Contact",
    "DateTime",
    "File",
    "Kinds",
    "LongText",
    "Money",
    "MultiSelect",
    "Number",
    "Option",
    "Phone",
    "Question",
    "Radio",
    "Rating",
    "RichText",
    "Secret",
    "Section",
    "Select",
    "Slider",
    "StaticText",
    "Switch",
    "Table",
    "TemplateFile",
    "TextLine",
    "TextList",
    "UnusableError",
    "YesNo",
    "YesNoNA",
    "clean",
]
