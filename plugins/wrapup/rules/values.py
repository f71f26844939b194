"""What a rule says, and what it may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from plugins.wrapup.forms import SIMPLE
from plugins.wrapup.models import Mode
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _
from switchroom.locale import mark


class Side(StrEnum):
    """Who begins the contacts that a rule is for."""

    INBOUND = "inbound"
    """Customers. Internal ones go by the same rule."""
    OUTBOUND = "outbound"


LIMITS = {
    "seconds": (1, 3600),
    "offer_before": (1, 600),
    "extension_seconds": (1, 3600),
    "extensions": (0, 100),
    "limit_seconds": (60, 86_400),
}
"""The least and the most of each number."""

MODES = {
    Mode.NONE: mark("Nothing"),
    Mode.OPTIONAL: mark("Form, as the agent likes"),
    Mode.REQUIRED: mark("Form must be sent"),
    Mode.TIMED: mark("Clock, ends when the form is sent"),
    Mode.FIXED: mark("Clock that runs to its end"),
}

MEANINGS = {
    Mode.NONE: mark("No form is shown. The agent is free when the contact ends."),
    Mode.OPTIONAL: mark("The form can be sent, and the agent is free when the contact ends."),
    Mode.REQUIRED: mark("There is no clock: the agent is free once the form is sent."),
    Mode.TIMED: mark("The agent is free when the form is sent, or when the clock has run down."),
    Mode.FIXED: mark("The form can be sent before, and the agent is free when the clock has run down."),
}

ICONS = {
    Mode.NONE: "circle-off",
    Mode.OPTIONAL: "clipboard",
    Mode.REQUIRED: "clipboard-check",
    Mode.TIMED: "clock",
    Mode.FIXED: "lock",
}


@dataclass(frozen=True)
class RuleValues:
    """What follows a contact; see `plugins.wrapup.models.Rule`."""

    mode: Mode = Mode.TIMED
    form: str = SIMPLE.key
    seconds: int | None = None
    offer_before: int = 10
    extension_seconds: int = 30
    extensions: int = 2
    limit_seconds: int = 3600
    outcome_id: int | None = None
    keep_draft: bool = True

    @property
    def has_clock(self) -> bool:
        """Whether the work after the talk has a clock that the agent sees."""
        return self.mode in (Mode.TIMED, Mode.FIXED)

    def after_the_talk(self, team_seconds: int) -> int:
        """How long the work after the talk may take; 0 for none."""
        if self.has_clock:
            return team_seconds if self.seconds is None else self.seconds
        return self.limit_seconds if self.mode is Mode.REQUIRED else 0


USUAL = RuleValues()
"""Until an administrator has said anything."""


def checked(values: RuleValues) -> RuleValues:
    """The values, where they can be used.

    Raises:
        InvalidInput: A number is too small or too large; names the field.
    """
    wrong: dict[str, str] = {}
    for name, (least, most) in LIMITS.items():
        number = getattr(values, name)
        if number is not None and not least <= number <= most:
            wrong[name] = _("Give a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
    total = (values.seconds or 0) + values.extensions * values.extension_seconds
    if not wrong and values.has_clock and total > LIMITS["limit_seconds"][1]:
        wrong["extensions"] = _("With all extensions the clock runs for longer than a day.")
    if wrong:
        raise InvalidInput(_("The rule cannot be used like this."), fields=wrong)
    return replace(values, mode=Mode(values.mode))


def of_row(row: Any) -> RuleValues:
    """The values of a row that holds them: a rule, or work that began under one."""
    return RuleValues(
        mode=Mode(row.mode),
        form=row.form,
        seconds=row.seconds,
        offer_before=row.offer_before,
        extension_seconds=row.extension_seconds,
        extensions=row.extensions,
        limit_seconds=row.limit_seconds,
        outcome_id=row.outcome_id,
        keep_draft=row.keep_draft,
    )


def as_columns(values: RuleValues) -> Mapping[str, Any]:
    """The values as columns of a row."""
    return {
        "mode": values.mode.value,
        "form": values.form,
        "seconds": values.seconds,
        "offer_before": values.offer_before,
        "extension_seconds": values.extension_seconds,
        "extensions": values.extensions,
        "limit_seconds": values.limit_seconds,
        "outcome_id": values.outcome_id,
        "keep_draft": values.keep_draft,
    }
