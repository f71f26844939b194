"""What a tenant may set."""

from __future__ import annotations

from typing import Annotated

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field

from switchroom import Context
from switchroom.contributions import SettingsProblem
from switchroom.locale import gettext
from switchroom.locale import mark as _


class PromisesSettings(BaseModel):
    """Promises of a tenant.

    Attributes:
        remind_minutes: Minutes before a promise is due at which its owner is told; 0 for never.
        absent_minutes: Minutes after which a promise whose owner is absent goes to others.
        break_counts_as_absent: Whether an owner on a break is absent.
        in_time_minutes: A promise kept within so many minutes counts as kept in time.
        call_from: The hour of the customer's day from which on he may be called.
        call_until: The hour until which he may be.
        region: ISO code of the country of numbers that are typed without one; empty for none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    remind_minutes: Annotated[int, Field(ge=0, le=240)] = Field(
        5, title=_("Remind this many minutes before"), description=_("0 for never.")
    )
    absent_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        10,
        title=_("Give to others after this many minutes"),
        description=_("Counted from the time that was promised, when the owner is not there."),
    )
    break_counts_as_absent: bool = Field(
        False,
        title=_("An owner on a break counts as absent"),
        description=_("Without it only one who is logged out does."),
    )
    in_time_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        10, title=_("Kept in time, when done within this many minutes")
    )
    call_from: Annotated[int, Field(ge=0, le=23)] = Field(
        8, title=_("Customers may be called from this hour on"), description=_("In the customer's time.")
    )
    call_until: Annotated[int, Field(ge=1, le=24)] = Field(
        21, title=_("Customers may be called until this hour"), description=_("In the customer's time.")
    )
    region: Annotated[str, Field(max_length=2)] = Field(
        "",
        title=_("Country of numbers without a country code"),
        description=_("Two letters, such as GB. Without it numbers are typed with a plus."),
    )


async def check_settings(ctx: Context, settings: PromisesSettings) -> list[SettingsProblem]:
    """What is wrong with settings that fit the schema."""
    problems = []
    if settings.call_from >= settings.call_until:
        problems.append(SettingsProblem(gettext("Choose an hour after the first one."), "call_until"))
    if settings.region and settings.region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        problems.append(SettingsProblem(gettext("There is no such country."), "region"))
    return problems
