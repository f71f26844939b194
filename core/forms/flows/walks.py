"""Where somebody is in a form that is gone through page by page: a row, and what was typed, in the draft."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, NotFound
from core.forms.actions import EndForm
from core.forms.components import Button
from core.forms.kinds import form_kinds
from core.forms.reader import Reader
from core.forms.reading import Reading, Way, initial_texts, read_answers
from core.forms.schema import Form, Page, read_answered_form
from core.forms.store import AlreadySubmitted, get_draft, keep_definition
from core.locale import gettext as _
from core.plugins.context import Context


class StepPassed(Conflict):
    """The form stands elsewhere by now: it was moved on in another tab, or by a press before."""

    code = "step_passed"

    def __init__(self) -> None:
        super().__init__(
            _("This form has gone on meanwhile, so this press did nothing."), mend=_("Go on where it stands now.")
        )


_FIND = (
    "SELECT walk.path, walk.revision, definition.schema FROM core_form_walk AS walk "
    "JOIN core_form_definition AS definition "
    "ON definition.tenant_id = walk.tenant_id AND definition.id = walk.definition_id "
    "WHERE walk.tenant_id = $1 AND walk.form = $2 AND walk.subject = $3 AND walk.user_id = $4"
)


@dataclass(frozen=True)
class Walk:
    """A form that somebody goes through.

    Attributes:
        form: As it was begun, with the forms that it opens.
        path: The keys of the pages that were gone through; the last one is shown. Pages that close a form are one step,
            named by the first of them.
        revision: Counts the steps.
        kept: The draft: field → text; None when nothing was typed.
    """

    form: Form
    subject: str
    user_id: int
    path: tuple[str, ...]
    revision: int
    kept: Mapping[str, str] | None

    def typed(self, reader: Reader) -> dict[str, str]:
        """Field → text: what was typed, also on pages that were left behind, else the defaults."""
        return dict(self.kept) if self.kept is not None else initial_texts(self.form, reader)

    def end(self, reader: Reader) -> EndForm | None:
        """What the form will end with, where a button that was pressed on the way to this page ends it."""
        return read_answers(self.form, self.typed(reader), reader).end if self.pages[0].closing else None

    @cached_property
    def number(self) -> int:
        """The number of the page that is shown; of the first one, where several are."""
        return self.form.page_numbers[self.path[-1]]

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The pages that are shown."""
        page = self.form.pages[self.number]
        return self.form.pages[self.form.first_closing :] if page.closing else (page,)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The keys of the questions on the pages that are shown."""
        shown = {page.key for page in self.pages}
        placed = self.form.placed
        return frozenset(key for key in self.form.questions if self.form.pages[placed[key].page].key in shown)


async def start_walk(ctx: Context, form: Form, subject: str, user_id: int, reader: Reader) -> Walk:
    """Begins at the first page; where it was begun meanwhile, gives where it is.

    Args:
        ctx: Where.
        form: What is asked, with the forms that it opens.
        subject: An opaque reference to what it is about.
        user_id: Who answers.
        reader: The same, for zone and present.

    Raises:
        AlreadySubmitted: It was sent, and may be sent once only.
    """
    async with transaction():
        if await _was_sent(ctx, form.key, subject, user_id):
            raise AlreadySubmitted
        draft = await get_draft(ctx, form.key, subject, user_id)
        typed = draft.typed if draft is not None else initial_texts(form, reader)
        first = Way(form, read_answers(form, typed, reader)).first()
        await execute(
            "INSERT INTO core_form_walk (tenant_id, form, subject, user_id, definition_id, path, revision, begun_at, "
            "moved_at) VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, 1, now(), now()) "
            "ON CONFLICT (tenant_id, form, subject, user_id) DO NOTHING",
            ctx.tenant.id,
            form.key,
            subject,
            user_id,
            await keep_definition(ctx, form),
            json.dumps([form.pages[min(first, len(form.pages) - 1)].key]),
        )
        # A statement of its own: it sees the row that another tab has just made.
        there = await find_walk(ctx, form.key, subject, user_id)
    if there is None:
        raise AlreadySubmitted
    return there


async def find_walk(ctx: Context, form_key: str, subject: str, user_id: int) -> Walk | None:
    """Where the user is in the form, or None where he has not begun, or has sent it."""
    return await _read(ctx, form_key, subject, user_id, "")


async def lock_walk(ctx: Context, form_key: str, subject: str, user_id: int) -> Walk:
    """The same, until the end of the transaction nobody else's to change.

    Raises:
        AlreadySubmitted: The form was sent.
        NotFound: It was not begun.
    """
    found = await _read(ctx, form_key, subject, user_id, "FOR NO KEY UPDATE OF walk")
    if found is None:
        if await _was_sent(ctx, form_key, subject, user_id):
            raise AlreadySubmitted
        raise NotFound(_("This form has not been begun, or was sent."))
    return found


async def move_walk(ctx: Context, walk: Walk, path: Iterable[str]) -> None:
    """Notes the pages of a locked walk after one more step."""
    await execute(
        "UPDATE core_form_walk SET path = $5::text::jsonb, revision = $6, moved_at = now() "
        "WHERE tenant_id = $1 AND form = $2 AND subject = $3 AND user_id = $4",
        ctx.tenant.id,
        walk.form.key,
        walk.subject,
        walk.user_id,
        json.dumps(list(path)),
        walk.revision + 1,
    )


def next_step(walk: Walk, reading: Reading) -> int | None:
    """The number of the page that comes after those that are shown; None at the end."""
    if walk.pages[0].closing:
        return None
    number = Way(walk.form, reading).after(walk.number)
    return number if number < len(walk.form.pages) else None


def buttons_of(walk: Walk) -> list[Button]:
    """The buttons of the page that is shown, hidden ones among them."""
    found = (question for key, question in walk.form.questions.items() if key in walk.fields)
    return [question for question in found if isinstance(question, Button)]


def buttons_shown(walk: Walk, reading: Reading) -> list[Button]:
    """Those of them that are shown and lead on; where there are none, *Next* does."""
    if walk.pages[0].closing:
        return []
    return [button for button in buttons_of(walk) if button.key in reading.shown and button.leads_on]


async def _was_sent(ctx: Context, form_key: str, subject: str, user_id: int) -> bool:
    # Index core_form_submission_once.
    sent: bool = await fetch_value(
        "SELECT EXISTS (SELECT FROM core_form_submission "
        "WHERE tenant_id = $1 AND form = $2 AND subject = $3 AND user_id = $4 AND once)",
        ctx.tenant.id,
        form_key,
        subject,
        user_id,
    )
    return sent


async def _read(ctx: Context, form_key: str, subject: str, user_id: int, clause: str) -> Walk | None:
    row: dict[str, Any] | None = await fetch_row(
        f"{_FIND} {clause}",
        ctx.tenant.id,
        form_key,
        subject,
        user_id,
    )
    if row is None:
        return None
    form = read_answered_form(json.loads(row["schema"]), form_kinds(ctx))
    draft = await get_draft(ctx, form_key, subject, user_id)
    path = tuple(json.loads(row["path"]))
    return Walk(form, subject, user_id, path, row["revision"], draft.typed if draft is not None else None)
