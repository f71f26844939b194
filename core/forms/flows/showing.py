"""Writes the page of a form that is shown now, with its buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from core.forms.answers import NotApplicable
from core.forms.components import Button
from core.forms.files.kept import NO_UPLOADS, Uploads
from core.forms.flows.telling import told_before
from core.forms.flows.walks import Walk, buttons_shown
from core.forms.reader import Reader
from core.forms.reading import Reading, read_answers
from core.forms.rendering import SCOPE, Rendering, drawings, step_template
from core.locale import gettext as _


def render_step(
    walk: Walk,
    reader: Reader,
    *,
    scope: str,
    errors: Mapping[str, str] | None = None,
    uploads: Uploads = NO_UPLOADS,
    below: Mapping[str, Markup] | None = None,
) -> Markup:
    """The page that is shown now, to be put inside a `<form>` element: fields, buttons, and what was answered before.

    The `<form>` posts to whoever calls `take_step`; with `data-autosave` to whoever calls `keep_step`.

    Args:
        walk: Where the form stands.
        reader: Who fills it in.
        scope: What the ids of its elements begin with: letters, digits and hyphens, unique on the page.
        errors: Field → what is wrong with it, as `InvalidAnswers.fields` gives them.
        uploads: What `uploads_for` gives for `walk.form`, where it asks for files.
        below: What the page itself puts below questions: field → markup.
    """
    typed = walk.typed(reader)
    reading = read_answers(walk.form, typed, reader)
    drawn = drawings(walk.form, reader)
    rendering = Rendering(
        walk.form, SCOPE, typed, reading, errors or {}, reader, drawn, uploads=uploads, below=below or {}
    )
    closing = walk.pages[0].closing
    own = walk.pages[0].title if len(walk.pages) == 1 else None
    title = own or (_("To finish") if closing else walk.pages[0].title or walk.form.title)
    written = step_template().render(
        form=walk.form,
        walk=walk,
        rendering=rendering,
        heading=str(title),
        before=told_before(walk, reading, reader),
        known=_known(walk, reading, typed),
        several=any(isinstance(walk.form.questions[key], Button) for key in walk.fields),
        by_buttons=bool(buttons_shown(walk, reading)),
        closing=closing,
        last=_is_last(walk),
    )
    return Markup(written.replace(SCOPE, scope))  # noqa: S704 - escaped by the templates


def _known(walk: Walk, reading: Reading, typed: Mapping[str, str]) -> dict[str, Any]:
    """The answers of other pages that conditions look at: their texts and, as expressions see them, their values."""
    return {
        name: [typed.get(name), None if isinstance(value, NotApplicable) else value]
        for name, value in reading.operands.items()
        if (key := name.partition(".")[0]) in walk.form.asked_for and key not in walk.fields
    }


def _is_last(walk: Walk) -> bool:
    """Whether nothing can come after the page that is shown."""
    page = walk.pages[0]
    return page.closing or (walk.number == len(walk.form.pages) - 1)
