"""Begins to go through a form, with the forms that it opens as they are published now."""

from __future__ import annotations

from functools import partial

from core.forms.flows.opening import with_opened_forms
from core.forms.flows.walks import Walk, find_walk, start_walk
from core.forms.library.versions import published_form
from core.forms.reader import Reader
from core.forms.schema import Form
from core.plugins.context import Context


async def begin_walk(ctx: Context, form: Form, subject: str, user_id: int, reader: Reader) -> Walk:
    """Where the user is in the form; at its first page, where he has not begun.

    Args:
        ctx: Where.
        form: What is asked, as `extend_form` gave it. A walk that was begun goes on with the form that it was begun
            with, whatever was published since.
        subject: An opaque reference to what it is about, such as `core:segment:17`.
        user_id: Who answers.
        reader: The same, for zone and present.

    Raises:
        AlreadySubmitted: It was sent, and may be sent once only.
        CannotOpen: A button opens a form that cannot be opened any more.
    """
    there = await find_walk(ctx, form.key, subject, user_id)
    if there is not None:
        return there
    whole = await with_opened_forms(form, partial(published_form, ctx))
    return await start_walk(ctx, whole, subject, user_id, reader)
