"""What a form is made of: one small class a component, each knowing how its answer is read and shown again.

A component's markup is the macro of its kind in `templates/forms/components.html`; a plugin's kind brings a template.
"""

from __future__ import annotations

from core.forms.components.base import (
    LONGEST_TEXT,
    Component,
    Question,
    StaticText,
    TemplateFile,
    UnusableError,
    clean,
)
from core.forms.components.choices import MultiSelect, Option, Radio, Select, Switch, YesNo
from core.forms.components.computed import Computed
from core.forms.components.kinds import AnyComponent, Kinds, Section
from core.forms.components.numbers import Number
from core.forms.components.texts import REMOVED, LongText, Secret, TextLine, TextList
from core.forms.components.times import DateTime

__all__ = [
    "LONGEST_TEXT",
    "REMOVED",
    "AnyComponent",
    "Component",
    "Computed",
    "DateTime",
    "Kinds",
    "LongText",
    "MultiSelect",
    "Number",
    "Option",
    "Question",
    "Radio",
    "Secret",
    "Section",
    "Select",
    "StaticText",
    "Switch",
    "TemplateFile",
    "TextLine",
    "TextList",
    "UnusableError",
    "YesNo",
    "clean",
]
