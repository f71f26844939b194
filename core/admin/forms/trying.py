"""The form as people will see it, to be filled in: what would be stored is shown, and nothing is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from litestar import get, post

from core.accounts.permissions import MANAGE_FORMS
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page
from core.forms.answers import Value
from core.forms.kinds import form_kinds
from core.forms.library.content import form_of
from core.forms.library.store import get_design, problems_of
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, Typed, accept_answers, initial_texts, pick_answers
from core.forms.rendering import render_form
from core.forms.schema import Form
from core.locale import active_language
from core.locale.languages import NAMES, Languages
from core.plugins.context import Context, Platform
from core.web.rendering import fragment

_IN_OUR_FRAMES = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)


@get("/admin/forms/{name:str}/try", permission=MANAGE_FORMS)
async def try_page(ctx: Context, platform: Platform, user: SignedIn, name: str, language: str = "") -> Page:
    """The working copy, not filled in."""
    return await _page(ctx, platform, user, name, language, None)


@post("/admin/forms/{name:str}/try", permission=MANAGE_FORMS, status_code=200)
async def try_it(
    request: AnyRequest, ctx: Context, platform: Platform, user: SignedIn, name: str, language: str = ""
) -> Page:
    """What would become of the answers; nothing is stored."""
    form = await request.form()
    posted = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
    return await _page(ctx, platform, user, name, language, posted)


async def _page(
    ctx: Context, platform: Platform, user: SignedIn, name: str, language: str, posted: list[tuple[str, str]] | None
) -> Page:
    """The page for a frame of the builder: unlike all others it may be shown within another of our own.

    The form speaks the language that is asked for; what stands around it that of the user.
    """
    design, kinds = await get_design(ctx, name), form_kinds(ctx)
    reader = Reader(user.zone)
    problems = await problems_of(ctx, name, design.content)
    language = language if language in NAMES else active_language()
    shown: dict[str, Any] = {"design": design, "problems": problems, "stored": None, "shown_in": language}
    if not problems:
        form = form_of(name, design.published + 1, design.content, kinds)
        with _languages(platform).speaking(language):
            shown |= _tried(form, reader, posted)
    response = fragment("admin/forms/try.html", title=design.title, **shown)
    response.headers["content-security-policy"] = _IN_OUR_FRAMES
    return response


def _languages(platform: Platform) -> Languages:
    """All languages. The catalogues themselves are kept by whoever reads them."""
    plugins = [(record.name, record.folder) for record in platform.registry.ready]
    return Languages(plugins, platform.settings.locale.default_language)


def _tried(form: Form, reader: Reader, posted: list[tuple[str, str]] | None) -> dict[str, Any]:
    typed: Typed = initial_texts(form, reader)
    errors: Mapping[str, str] = {}
    stored: list[tuple[str, str, str]] | None = None
    if posted is not None:
        try:
            typed = pick_answers(form, posted)
            answers = accept_answers(form, typed, reader)
            stored = [_line(form, key, value) for key, value in answers.items()]
        except InvalidAnswers as error:
            errors = error.fields
    return {"fields": render_form(form, typed, reader, scope="try", errors=errors), "stored": stored, "form": form}


def _line(form: Form, key: str, value: Value) -> tuple[str, str, str]:
    label = getattr(form.questions.get(key), "label", key)
    return str(label), key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


HANDLERS = [try_page, try_it]
