"""What a tenant may set."""

from __future__ import annotations

from typing import Annotated

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, StrictInt, field_validator

from switchroom.locale import mark as _

USUAL_MOST = 1
MOST = 50
"""More records than so many no agent has in work at once."""


class RecordSettings(BaseModel):
    """Record queues of a tenant.

    Attributes:
        most_in_work: How many records an agent may have in work when he asks for the next one. Where his team gives
            him fewer, that holds.
        most_opened: How many he may have in work when he opens one from a list, or takes up one of his own; likewise.
        long_in_work_minutes: After how long in work a record is shown to supervisors as forgotten.
        absent_minutes: How long a postponed record waits for an agent who is not there when it is due.
        default_region: The country (two letters) whose numbers files may hold without a country code; empty: none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    most_in_work: Annotated[StrictInt, Field(ge=1, le=MOST)] = Field(
        USUAL_MOST,
        title=_("Most records in work for a closed queue"),
        description=_("The button Next record is off for an agent who has so many."),
    )
    most_opened: Annotated[StrictInt, Field(ge=1, le=MOST)] = Field(
        10,
        title=_("Most records in work for an open queue"),
        description=_("Counts all records that an agent has in work, also those of closed queues."),
    )
    long_in_work_minutes: Annotated[StrictInt, Field(ge=1, le=10_080)] = Field(
        60,
        title=_("Minutes in work after which supervisors are shown a record"),
    )
    absent_minutes: Annotated[StrictInt, Field(ge=1, le=10_080)] = Field(
        30,
        title=_("Minutes that a postponed record waits for an absent agent"),
        description=_("Then it goes back into the queue, for anybody."),
    )
    default_region: str = Field(
        "",
        title=_("Country of numbers without a country code"),
        description=_("Two capital letters, such as GB. When it is empty, numbers in files have their country code."),
    )

    @field_validator("default_region")
    @classmethod
    def _is_a_region(cls, value: str) -> str:
        if value and value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(_("must be the two capital letters of a country, such as GB"))
        return value
