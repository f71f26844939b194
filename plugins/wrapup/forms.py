"""The form of simple processing."""

from __future__ import annotations

from switchroom.forms import All, AnyComponent, DateTime, Equals, Form, LongText, Option, Page, Radio, Text, YesNo

SUCCESSFUL = "successful"
NEXT_ATTEMPT = "next_attempt"
NEXT_ATTEMPT_AT = "next_attempt_at"
COMMENT = "comment"
AFTER_SERVICE = "after_service"

AT_A_TIME = "at"
BREAK = "break"

_FAILED = Equals(field=SUCCESSFUL, equals=False)

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
    LongText(key=COMMENT, label=Text.of(en="Comment", ru="Комментарий"), rows=4, max_length=4000),
)

_WHAT_THEN = Radio(
    key=AFTER_SERVICE,
    label=Text.of(en="After service", ru="После обслуживания"),
    options=(
        Option(value="continue", label=Text.of(en="Continue", ru="Продолжить работу")),
        Option(value=BREAK, label=Text.of(en="Go on break", ru="Уйти на перерыв")),
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
