"""The question that the wrap-up form asks, and the kind of question that it is."""

from __future__ import annotations

from typing import Literal

from switchroom import Context
from switchroom.contributions import FieldGroup
from switchroom.forms import FormRef, Question, Reader, Submission, Text, UnusableError, Value
from switchroom.locale import gettext as _
from switchroom_loyalty import members
from switchroom_loyalty.numbers import read_number, shown

WRAP_UP = "wrapup:simple"
"""The form after a call. Where the plugin `wrapup` is off nobody asks it, and nothing else changes."""
FIELD = "loyalty__card__number"


class LoyaltyNumber(Question):
    """The number of a member, as it stands on the card."""

    kind: Literal["loyalty_number"] = "loyalty_number"

    def parse(self, text: str, reader: Reader) -> Value:
        """The ten digits; a slip of the pen is told by the last one."""
        number = read_number(text)
        if number is None:
            raise UnusableError(_("This is not a member's number: check the digits."))
        return number

    def show(self, value: Value, reader: Reader) -> str:
        """The digits in groups."""
        return shown(value) if isinstance(value, str) else ""


def groups(form: FormRef) -> list[FieldGroup]:
    """The question, for the form after a call."""
    if form.key != WRAP_UP:
        return []
    label = Text.of(en="Member's number", ru="Номер участника")
    hint = Text.of(en="Ten digits; gives the points for this call.", ru="Десять цифр; даёт баллы за этот звонок.")
    return [FieldGroup("card", _("Loyalty programme"), (LoyaltyNumber(key="number", label=label, help=hint),))]


async def problems(form: FormRef, answers: dict[str, Value]) -> dict[str, str]:
    """Whether the number is a member's."""
    number = answers.get(FIELD)
    if form.key != WRAP_UP or not isinstance(number, str) or await members.by_number(number) is not None:
        return {}
    return {FIELD: _("Nobody has this number.")}


async def submitted(ctx: Context, submission: Submission) -> None:
    """Gives the points, in the transaction of the form: with it, or not at all."""
    number = submission.answers.get(FIELD)
    if submission.form.key != WRAP_UP or not isinstance(number, str):
        return
    member = await members.by_number(number)
    if member is not None:
        await members.has_helped(ctx, member, submission.user_id, submission.subject)
