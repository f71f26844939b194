"""What a tenant may set."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from switchroom.locale import mark as _


class WrapUpSettings(BaseModel):
    """After-contact work of a tenant. How long it takes is set per team.

    Attributes:
        enabled_for_voice: Whether calls are followed by after-contact work.
        add_time_shown_at: Seconds before the end from which on time can be added.
        add_time_seconds: How many seconds each press adds.
        add_time_repeats: How often it can be done for one call; 0 for never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled_for_voice: bool = Field(
        True,
        title=_("After-contact work follows every call"),
        description=_("How long it takes is set for each team."),
    )
    add_time_shown_at: Annotated[int, Field(ge=1, le=600)] = Field(
        10,
        title=_("Offer more time this many seconds before the end"),
    )
    add_time_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        30,
        title=_("Seconds that each press adds"),
    )
    add_time_repeats: Annotated[int, Field(ge=0, le=100)] = Field(
        2,
        title=_("How often time can be added for one call"),
        description=_("0 for never."),
    )
