"""The form of simple processing."""

from __future__ import annotations

from collections.abc import Iterable

from switchroom.forms import (
    All,
    AnyComponent,
    Checkbox,
    DateTime,
    Equals,
    Form,
    LongText,
    Option,
    Page,
    Radio,
    Select,
    Text,
    YesNo,
)

SUCCESSFUL = "successful"
NEXT_ATTEMPT = "next_attempt"
NEXT_ATTEMPT_AT = "next_attempt_at"
COMMENT = "comment"
AFTER_SERVICE = "after_service"

DEFERRED = "deferred"
DEFERRED_AT = "deferred_at"
BREAK_REASON = "break_reason"

AT_A_TIME = "at"
BREAK = "break"
END_OF_SHIFT = "end_of_shift"

_FAILED = Equals(field=SUCCESSFUL, equals=False)
_SUCCEEDED = Equals(field=SUCCESSFUL, equals=True)

_ABOUT_THE_CALL = (
    YesNo(
        key=SUCCESSFUL,
        label=Text.of(en="Was the call successful?", ru="Звонок был успешным?"),
        required=True,
        shortcuts=True,
    ),
    Radio(
        key=NEXT_ATTEMPT,
        label=Text.of(en="Next attempt", ru="Следующая попытка"),
        options=(
            Option(value=AT_A_TIME, label=Text.of(en="At a set time", ru="В назначенное время")),
            Option(value="none", label=Text.of(en="None", ru="Не нужна")),
        ),
        required=True,
        shown_if=_FAILED,
    ),
    DateTime(
        key=NEXT_ATTEMPT_AT,
        label=Text.of(en="Date and time of the next attempt", ru="Дата и время следующей попытки"),
        must_be="future",
        required=True,
        shown_if=All(all=(_FAILED, Equals(field=NEXT_ATTEMPT, equals=AT_A_TIME))),
    ),
    Checkbox(
        key=DEFERRED,
        label=Text.of(en="Mark as deferred: I call back myself", ru="Пометить как отложенный: перезвоню сам"),
        shown_if=_SUCCEEDED,
    ),
    DateTime(
        key=DEFERRED_AT,
        label=Text.of(en="When I call back", ru="Когда перезвоню"),
        must_be="future",
        required=True,
        shown_if=All(all=(_SUCCEEDED, Equals(field=DEFERRED, equals=True))),
    ),
    LongText(key=COMMENT, label=Text.of(en="Comment", ru="Комментарий"), rows=4, max_length=4000),
)

_WHAT_THEN = Radio(
    key=AFTER_SERVICE,
    label=Text.of(en="After service", ru="После обслуживания"),
    options=(
        Option(value="continue", label=Text.of(en="Continue", ru="Продолжить работу")),
        Option(value=BREAK, label=Text.of(en="Go on break", ru="Уйти на перерыв")),
        Option(value=END_OF_SHIFT, label=Text.of(en="End my shift", ru="Завершить смену")),
    ),
    default="continue",
)


def _form(*components: AnyComponent) -> Form:
    return Form(
        key="wrapup:simple",
        version=1,
        title=Text.of(en="Task processing", ru="Обработка задачи"),
        pages=(Page(key="call", components=components),),
    )


SIMPLE = _form(*_ABOUT_THE_CALL, _WHAT_THEN)
"""Beside the call, and while the clock runs."""

LATER = _form(*_ABOUT_THE_CALL)
"""The same form once its time is over: the agent has gone on with other work by then."""

RESERVED = frozenset(
    {*SIMPLE.placed, "disposition", "disposition_no", "reason", BREAK_REASON},
)
"""What after-contact work itself asks: a form of the organisation's own, above whose end it stands, asks otherwise."""


def with_break_reasons(form: Form, reasons: Iterable[tuple[str, Text]]) -> Form:
    """The form with the question why the agent goes on break; as it is where he can choose none."""
    options = tuple(Option(value=code, label=label) for code, label in reasons)
    if not options or AFTER_SERVICE not in form.placed:
        return form
    question = Select(
        key=BREAK_REASON,
        label=Text.of(en="Reason of the break", ru="Причина перерыва"),
        options=options,
        shown_if=Equals(field=AFTER_SERVICE, equals=BREAK),
    )
    *pages, last = form.pages
    asked = last.model_copy(update={"components": (*last.components, question)})
    return Form(key=form.key, version=form.version, title=form.title, pages=(*pages, asked))


def below(own: Form, usual: Form) -> Form:
    """A form of the organisation's own, with the questions of after-contact work at its end, whichever way leads there.

    Raises:
        ValueError: The two do not go together.
    """
    pages = [page.model_copy(update={"closing": True, "key": f"wrapup_{page.key}"}) for page in usual.pages]
    return Form(key=own.key, version=own.version, title=own.title, pages=(*own.pages, *pages))
