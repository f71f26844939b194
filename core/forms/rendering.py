"""Writes a form as HTML: accessible without a script, live with one (`static/src/forms.js`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from core.forms.components import Question, TemplateFile
from core.forms.conditions import All, Any_, Condition, Equals
from core.forms.expressions import Expression
from core.forms.reader import Reader
from core.forms.reading import PREFIX, Reading, Typed, read_answers
from core.forms.schema import Form
from core.locale import gettext, ngettext, pgettext
from core.locale import gettext as _


@dataclass(frozen=True)
class Rendering:
    """What the macros need besides the component.

    Attributes:
        scope: What the ids of this form begin with, so that two forms fit on one page.
        typed: Field → text.
        errors: Field → what is wrong with it.
        conditions: Component → its conditions, in the browser's terms.
        zone: The time zone of whoever fills it in.
        secrets_set: The secrets that are there already.
    """

    scope: str
    typed: Typed
    reading: Reading
    errors: Mapping[str, str]
    conditions: Mapping[str, Mapping[str, Any]]
    zone: str
    secrets_set: frozenset[str] = frozenset()
    prefix: str = PREFIX

    def id(self, key: str) -> str:
        """The id of a component's element."""
        return f"{self.scope}-{key}"

    def input_of(self, component: Question, marks: Markup) -> Markup:
        """What the template of a plugin's kind of question writes.

        Args:
            component: The question.
            marks: Attributes that tie the input to its label, its help and its error.
        """
        assert component.template is not None  # noqa: S101 - asked for only where there is one
        written = contributed_template(component.template).render(
            component=component,
            id=self.id(component.key),
            name=f"{self.prefix}{component.key}",
            value=self.typed.get(component.key, ""),
            invalid=component.key in self.errors,
            marks=marks,
        )
        return Markup(written)  # noqa: S704 - escaped by the template

    @property
    def yes_and_no(self) -> tuple[tuple[str, str, str], ...]:
        """The options of a yes/no question: text, words, and the key that chooses it."""
        return ("yes", _("Yes"), "Y"), ("no", _("No"), "N")

    @property
    def zone_hint(self) -> str:
        """In which zone times are typed."""
        return _("Your time: %(zone)s") % {"zone": self.zone}


def render_form(
    form: Form,
    typed: Typed,
    reader: Reader,
    *,
    scope: str,
    errors: Mapping[str, str] | None = None,
    secrets_set: Collection[str] = (),
) -> Markup:
    """The fields of a form, to be put inside a `<form>` element.

    Args:
        form: What is asked.
        typed: Field → text: a draft, or `initial_texts` or `show_answers`.
        reader: Who fills it in.
        scope: What the ids of its elements begin with: letters, digits and hyphens, unique on the page.
        errors: Field → what is wrong with it, as `InvalidAnswers.fields` gives them.
        secrets_set: The keys of the secrets that are there already: the form says so of each, and nothing more.
    """
    rendering = Rendering(
        scope,
        typed,
        read_answers(form, typed, reader),
        errors or {},
        _conditions(form, reader),
        reader.zone.key,
        frozenset(secrets_set),
    )
    # Everything in it is escaped by the template.
    return Markup(_form_template.render(form=form, rendering=rendering))  # noqa: S704


def _conditions(form: Form, reader: Reader) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for component in form.components:
        for name in ("shown_if", "required_if"):
            condition = getattr(component, name, None)
            if condition is not None:
                found.setdefault(component.key, {})[name] = _in_texts(form, condition, reader)
    return found


def _in_texts(form: Form, condition: Condition, reader: Reader) -> dict[str, Any]:
    """The condition with the texts of answers instead of their values, since texts are what the browser has."""
    match condition:
        case Equals(field=key, equals=value):
            return {"field": key, "equals": form.questions[key].show(value, reader)}
        case All(all=parts):
            return {"all": [_in_texts(form, part, reader) for part in parts]}
        case Any_(any=parts):
            return {"any": [_in_texts(form, part, reader) for part in parts]}
        case Expression():
            return {"expression": condition.for_browser()}


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_environment.install_gettext_callables(  # type: ignore[attr-defined]
    gettext, ngettext, newstyle=True, pgettext=pgettext
)


def draw_icons_with(icon: Callable[[str], Markup]) -> None:
    """Says what writes an icon by its name: whoever serves the bundled files knows their markup."""
    _environment.globals["icon"] = icon


_form_template = _environment.get_template("forms/form.html")


@lru_cache(maxsize=256)
def contributed_template(file: TemplateFile) -> Template:
    """The template of a plugin's kind of question."""
    return _environment.overlay(loader=FileSystemLoader(file.folder)).get_template(file.name)
