"""What a tenant may set."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class WrapUpSettings(BaseModel):
    """After-contact work of a tenant. How long it takes is set per team.

    Attributes:
        enabled_for_voice: Whether calls are followed by after-contact work.
        add_time_shown_at: Seconds before the end from which on time can be added.
        add_time_seconds: How many seconds each press adds.
        add_time_repeats: How often it can be done for one call; 0 for never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled_for_voice: bool = True
    add_time_shown_at: Annotated[int, Field(ge=1, le=600)] = 10
    add_time_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    add_time_repeats: Annotated[int, Field(ge=0, le=100)] = 2
