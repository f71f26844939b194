"""What a tenant may set, beside the rules of its queues."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from switchroom.locale import mark as _

_NOW_IN_RULES = ("add_time_shown_at", "add_time_seconds", "add_time_repeats")


class WrapUpSettings(BaseModel):
    """After-contact work of a tenant. How long it takes, and what it asks for, is said by the rules of its queues.

    Attributes:
        enabled_for_voice: Whether calls are followed by after-contact work at all.
        reason_required: Whether a form is sent only with a reason of contact.
        morning_hour: The hour at which "tomorrow morning" begins, by the clock of the agent.
        afternoon_hour: The same of "this afternoon".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled_for_voice: bool = Field(
        True,
        title=_("After-contact work follows calls"),
        description=_("How, is set for each queue on the page After-contact work."),
    )
    reason_required: bool = Field(
        False,
        title=_("A reason of contact must be given"),
        description=_("Agents can send the form only with at least one reason."),
    )
    morning_hour: Annotated[int, Field(ge=1, le=11)] = Field(
        9,
        title=_("Hour at which the morning begins"),
        description=_("For the shortcuts beside the time of the next attempt."),
    )
    afternoon_hour: Annotated[int, Field(ge=12, le=20)] = Field(
        15,
        title=_("Hour at which the afternoon begins"),
        description=_("For the shortcuts beside the time of the next attempt."),
    )

    @model_validator(mode="before")
    @classmethod
    def leave_out_what_rules_say(cls, values: Any) -> Any:
        """What was stored before there were rules is not asked for any more, and does no harm."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if key not in _NOW_IN_RULES}
