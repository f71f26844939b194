"""One step of a form: what was typed is saved, the button that was pressed does what it does, another page is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.database.transaction import transaction
from core.errors import InvalidInput
from core.forms.actions import EndForm
from core.forms.flows.doing import Doing
from core.forms.flows.walks import (
    StepPassed,
    Walk,
    buttons_of,
    buttons_shown,
    find_walk,
    lock_walk,
    move_walk,
    next_step,
)
from core.forms.reader import Reader
from core.forms.reading import PREFIX, InvalidAnswers, Reading, pick_answers, read_answers
from core.forms.store import Submission, Writer, read_writer, save_draft, submit_form
from core.locale import gettext as _
from core.plugins.context import Context

REVISION = "_revision"
"""The field in which a page says which step it shows."""
BACK = "_back"
NEXT = "_next"

Posted = Iterable[tuple[str, str]]
"""The names and values that a browser has posted."""


@dataclass(frozen=True)
class Ended:
    """A form that was gone through to its end, and sent.

    Attributes:
        outcome: What the button that ended it says; None where its pages just came to their end.
    """

    submission: Submission
    outcome: EndForm | None


async def take_step(
    ctx: Context, form_key: str, subject: str, user_id: int, posted: Posted, reader: Reader
) -> Walk | Ended:
    """Does what the button that was pressed does, or goes back; one transaction, or part of the caller's.

    Only the page that is shown is checked, and not at all to go back. At the end all answers of the pages that were
    gone through are sent by `submit_form`.

    Args:
        ctx: Where.
        form_key: The form.
        subject: What it is about.
        user_id: Who answers.
        posted: What the `<form>` element around `render_step` has sent.
        reader: Who answers, for zone and present.

    Raises:
        InvalidAnswers: Answers are missing or wrong, or an action has failed; names each field. Nothing has changed:
            `keep_step` keeps what was typed, and leads back where a field stands on an earlier page.
        StepPassed: The page that was sent is not the one that is shown any more. Nothing has changed.
        AlreadySubmitted: The form was sent. Nothing has changed.
        NotFound: It was not begun.
    """
    posted = list(posted)
    async with transaction():
        walk = await lock_walk(ctx, form_key, subject, user_id)
        typed = _merged(walk, posted, reader)
        names = {name for name, _value in posted}
        if BACK in names:
            return await _back(ctx, walk, typed)
        if NEXT in names:
            return await _next(ctx, walk, typed, reader)
        return await _press(ctx, walk, typed, posted, reader)


async def keep_step(
    ctx: Context,
    form_key: str,
    subject: str,
    user_id: int,
    posted: Posted,
    reader: Reader,
    errors: Mapping[str, str] | None = None,
) -> Walk:
    """Keeps what is typed on the page that is shown: as people type, and after a step that was refused.

    Args:
        ctx: Where.
        form_key: The form.
        subject: What it is about.
        user_id: Who answers.
        posted: What the `<form>` element around `render_step` has sent.
        reader: Who answers, for zone and present.
        errors: What `take_step` has refused: where no such field is on the page that is shown, the form goes back to
            the first page that has one.

    Raises:
        InvalidAnswers: There are fields which the page does not have, or far too much text.
        StepPassed: The page is not the one that is shown any more. Nothing has changed.
        AlreadySubmitted: The form was sent.
        NotFound: It was not begun.
    """
    posted = list(posted)
    async with transaction():
        walk = await lock_walk(ctx, form_key, subject, user_id)
        typed = _merged(walk, posted, reader)
        await save_draft(ctx, walk.form, walk.subject, walk.user_id, typed, read_writer(posted))
        path = _path_to(walk, errors or {})
        if path != walk.path:
            await move_walk(ctx, walk, path)
        return await _now(ctx, walk)


async def _back(ctx: Context, walk: Walk, typed: dict[str, str]) -> Walk:
    if len(walk.path) == 1:
        raise StepPassed
    await _save(ctx, walk, typed, walk.path[:-1])
    return await _now(ctx, walk)


async def _next(ctx: Context, walk: Walk, typed: dict[str, str], reader: Reader) -> Walk | Ended:
    reading = read_answers(walk.form, typed, reader)
    if buttons := buttons_shown(walk, reading):
        raise InvalidAnswers(
            _("This page leads on by its own buttons."),
            fields={button.key: _("Choose one of these buttons.") for button in buttons},
        )
    check_page(walk, reading)
    return await _move_on(ctx, walk, _unpressed(walk, typed), reader)


async def _press(ctx: Context, walk: Walk, typed: dict[str, str], posted: Posted, reader: Reader) -> Walk | Ended:
    pressed = [button for button in buttons_of(walk) if any(name == f"{PREFIX}{button.key}" for name, _value in posted)]
    if len(pressed) != 1:
        raise InvalidInput(_("Press one of the buttons."))
    button, option = pressed[0], pressed[0].option(typed.get(pressed[0].key))
    if option is None or button.key not in read_answers(walk.form, typed, reader).shown:
        raise InvalidAnswers(
            _("Some answers cannot be used."), fields={button.key: _("This button is not there any more.")}
        )
    if option.leads_on:
        typed = {**_unpressed(walk, typed), button.key: option.value}
    doing = Doing(ctx, walk, typed, reader, button, option)
    typed = await doing.run()
    if doing.stays:
        await _save(ctx, walk, typed, walk.path)
        return await _now(ctx, walk)
    check_page(walk, read_answers(walk.form, typed, reader))
    return await _move_on(ctx, walk, typed, reader)


async def _move_on(ctx: Context, walk: Walk, typed: dict[str, str], reader: Reader) -> Walk | Ended:
    number = next_step(walk, read_answers(walk.form, typed, reader))
    if number is not None:
        await _save(ctx, walk, typed, (*walk.path, walk.form.pages[number].key))
        return await _now(ctx, walk)
    submission = await submit_form(ctx, walk.form, walk.subject, walk.user_id, typed, reader)
    return Ended(submission, walk.form.outcomes.get(submission.outcome))


async def _save(ctx: Context, walk: Walk, typed: dict[str, str], path: tuple[str, ...]) -> None:
    # As nobody's tab: what is saved while people type names the step that it belongs to, so none of it comes after.
    await save_draft(ctx, walk.form, walk.subject, walk.user_id, typed, Writer(f"step {walk.revision}"))
    await move_walk(ctx, walk, path)


async def _now(ctx: Context, walk: Walk) -> Walk:
    found = await find_walk(ctx, walk.form.key, walk.subject, walk.user_id)
    assert found is not None  # noqa: S101 - its row is locked
    return found


def check_page(walk: Walk, reading: Reading) -> None:
    """Looks at the answers on the page that is shown.

    Raises:
        InvalidAnswers: Some are missing or wrong; names each field.
    """
    wrong = {field: problem for field, problem in reading.errors.items() if field in walk.fields}
    if wrong:
        raise InvalidAnswers(_("Some answers are missing or cannot be used."), fields=wrong)


def _merged(walk: Walk, posted: Posted, reader: Reader) -> dict[str, str]:
    """All that is typed: what the page has sent, and what was kept of other pages."""
    given = dict(posted).get(REVISION, "")
    if given != str(walk.revision):
        raise StepPassed
    picked = pick_answers(walk.form, posted)
    strange = next((key for key in picked if key not in walk.fields), None)
    if strange is not None:
        raise InvalidAnswers(
            _("This page has no field %(field)s.") % {"field": repr(strange)}, fields={strange: _("Unknown field.")}
        )
    # Of the page that is shown only what it has sent counts, but for its buttons: a page sends the one that is pressed.
    elsewhere = walk.form.questions.keys() - walk.fields | {button.key for button in buttons_of(walk)}
    return {**{key: text for key, text in walk.typed(reader).items() if key in elsewhere}, **picked}


def _unpressed(walk: Walk, typed: dict[str, str]) -> dict[str, str]:
    """What is typed, without the buttons of this page that have led on before."""
    led = set()
    for button in buttons_of(walk):
        option = button.option(typed.get(button.key))
        if option is None or option.leads_on:
            led.add(button.key)
    return {key: text for key, text in typed.items() if key not in led}


def _path_to(walk: Walk, errors: Mapping[str, str]) -> tuple[str, ...]:
    """The way to the first page with one of these fields; as it is, where the page that is shown has one of them."""
    pages = sorted(walk.form.placed[field].page for field in errors if field in walk.form.questions)
    if not pages or any(field in walk.fields for field in errors) or pages[0] >= walk.number:
        return walk.path
    numbers = walk.form.page_numbers
    return (*(key for key in walk.path if numbers[key] < pages[0]), walk.form.pages[pages[0]].key)
