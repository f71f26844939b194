"""Writes a form as HTML: accessible without a script, live with one (`static/src/forms.js`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from core.forms.components import Column, Component, Computed, File, Question, Section, TemplateFile
from core.forms.conditions import All, Any_, Condition, Equals
from core.forms.expressions import Expression
from core.forms.files.kept import NO_UPLOADS, FormFileView, Uploads
from core.forms.reader import Reader
from core.forms.reading import PREFIX, Reading, Typed, read_answers
from core.forms.schema import Form, Page, State
from core.locale import active_language, gettext, ngettext, pgettext
from core.locale import gettext as _

# What stands in a drawing of a component where the text that is typed and the beginning of ids go. Nobody can guess it.
TYPED = f"typed{token_hex(12)}"
SCOPE = f"scope{token_hex(12)}"

MOST_DRAWN = 5000
"""Drawings that are kept of one form in one language and zone."""

LONGEST_SHAPE = 200


@dataclass(frozen=True)
class Rendering:
    """What the macros need besides the component.

    Attributes:
        scope: What the ids of this form begin with, so that two forms fit on one page.
        typed: Field → text.
        errors: Field → what is wrong with it.
        reader: Who fills it in.
        drawn: What was drawn before, by the state it was in: in pieces, between which the typed text goes.
        secrets_set: The secrets that are there already.
        uploads: The right to give files, and those that are there.
        below: What stands below questions: field → markup.
    """

    form: Form
    scope: str
    typed: Typed
    reading: Reading
    errors: Mapping[str, str]
    reader: Reader
    drawn: dict[State, tuple[str, ...]]
    secrets_set: frozenset[str] = frozenset()
    uploads: Uploads = NO_UPLOADS
    below: Mapping[str, Markup] = field(default_factory=dict)
    prefix: str = PREFIX

    def page(self, page: Page) -> Markup:
        """The components of a page as they stand now."""
        return Markup("".join([self.html(component) for component in page.components]))  # noqa: S704 - escaped below

    def html(self, component: Component) -> str:
        """The component as it stands now."""
        if isinstance(component, Section):
            body = Markup("".join([self.html(part) for part in component.components]))  # noqa: S704 - escaped below
            return str(_macros().section(component, self, body))
        key = component.key
        if component.as_typed is None or key in self.errors or key in self.below:
            return self._draw(component)
        typed = self.typed.get(key, "")
        shape = TYPED if component.as_typed == "anywhere" else typed
        state = (key, shape, key in self.reading.shown, key in self.reading.required, key in self.secrets_set)
        pieces = self.drawn.get(state)
        if pieces is None:
            pieces = tuple(replace(self, typed={key: shape})._draw(component).split(TYPED))
            if len(shape) <= LONGEST_SHAPE and len(self.drawn) < MOST_DRAWN:
                self.drawn[state] = pieces
        return pieces[0] if len(pieces) == 1 else str(escape(typed)).join(pieces)

    def conditions(self, component: Component) -> dict[str, Any]:
        """The component's conditions, in the browser's terms."""
        found = {name: getattr(component, name, None) for name in ("shown_if", "required_if")}
        return {name: self.in_browser(condition) for name, condition in found.items() if condition is not None}

    def in_browser(self, condition: Condition) -> dict[str, Any]:
        """The condition with the texts of answers instead of their values, since texts are what the browser has."""
        match condition:
            case Equals(field=key, equals=value):
                return {"field": key, "equals": self.form.questions[key].show(value, self.reader)}
            case All(all=parts):
                return {"all": [self.in_browser(part) for part in parts]}
            case Any_(any=parts):
                return {"any": [self.in_browser(part) for part in parts]}
            case Expression():
                return {"expression": condition.for_browser()}

    def ways(self, page: Page) -> list[dict[str, Any]]:
        """Where a page leads, in the browser's terms."""
        pages, closing = self.form.pages, self.form.first_closing
        at_the_end = pages[closing].key if closing < len(pages) else None
        return [
            {"page": way.page or at_the_end, **({} if way.when is None else {"when": self.in_browser(way.when)})}
            for way in page.leads_to
        ]

    def computed(self, component: Computed) -> str:
        """What is shown of a value that is computed."""
        value = self.reading.answers.get(component.key)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return component.show(value, self.reader) or "–"

    def _draw(self, component: Component) -> str:
        macro = "contributed" if component.template else component.kind_name()
        return str(getattr(_macros(), macro)(component, self))

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
    def yes_no_and_na(self) -> tuple[tuple[str, str, str], ...]:
        """The options of a question that may not apply: text and words."""
        return ("yes", _("Yes"), ""), ("no", _("No"), ""), ("na", _("Not applicable"), "")

    def given_files(self, component: File) -> list[FormFileView | None]:
        """The files that are given as the answer; None for each that is no longer there."""
        return [self.uploads.files.get(each) for each in component.ids(self.typed.get(component.key, ""))]

    def cell_label(self, column: Column, row: object) -> str:
        """What a cell of a table is called for whoever does not see it."""
        return _("%(column)s, row %(row)s") % {"column": column.label, "row": row}

    def row_removal(self, row: object) -> str:
        """What the button that removes a row of a table is called."""
        return _("Remove row %(row)s") % {"row": row}

    @property
    def zone_hint(self) -> str:
        """In which zone times are typed."""
        return _("Your time: %(zone)s") % {"zone": self.reader.zone.key}


def render_form(
    form: Form,
    typed: Typed,
    reader: Reader,
    *,
    scope: str,
    errors: Mapping[str, str] | None = None,
    secrets_set: Collection[str] = (),
    uploads: Uploads = NO_UPLOADS,
    below: Mapping[str, Markup] | None = None,
) -> Markup:
    """The fields of a form, to be put inside a `<form>` element.

    Args:
        form: What is asked.
        typed: Field → text: a draft, or `initial_texts` or `show_answers`.
        reader: Who fills it in.
        scope: What the ids of its elements begin with: letters, digits and hyphens, unique on the page.
        errors: Field → what is wrong with it, as `InvalidAnswers.fields` gives them.
        secrets_set: The keys of the secrets that are there already: the form says so of each, and nothing more.
        uploads: What `uploads_for` gives, for forms that ask for files; without it none can be added, and those that
            are there have no names.
        below: What the page itself puts below questions, such as buttons that fill them in: field → markup.
    """
    drawn = drawings(form, reader)
    reading = read_answers(form, typed, reader)
    rendering = Rendering(
        form, SCOPE, typed, reading, errors or {}, reader, drawn, frozenset(secrets_set), uploads, below or {}
    )
    # Everything in it is escaped by the templates.
    return Markup(_form_template.render(form=form, rendering=rendering).replace(SCOPE, scope))  # noqa: S704


def drawings(form: Form, reader: Reader) -> dict[State, tuple[str, ...]]:
    """How the components of a form looked to readers of the active language and this zone."""
    return form.drawn.setdefault((active_language(), reader.zone.key), {})


def step_template() -> Template:
    """What is around one page of a form that is gone through page by page."""
    return _environment.get_template("forms/step.html")


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
    _macros.cache_clear()


_form_template = _environment.get_template("forms/form.html")


@lru_cache(maxsize=1)
def _macros() -> Any:
    """One macro a kind of component."""
    return _environment.get_template("forms/components.html").make_module()


@lru_cache(maxsize=256)
def contributed_template(file: TemplateFile) -> Template:
    """The template of a plugin's kind of question."""
    return _environment.overlay(loader=FileSystemLoader(file.folder)).get_template(file.name)
