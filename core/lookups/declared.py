"""Which lookups there are: those of core, and those that the tenant's plugins declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.errors import NotFound
from core.forms.from_schema import shown_as
from core.locale import gettext as _
from core.locale import mark
from core.plugins.context import CORE, Context
from core.plugins.contributions import Lookup

Icon = Literal[
    "coffee", "soup", "apple", "smoking", "walk", "school", "book", "presentation", "users", "headset", "mail",
    "calendar-event", "tool", "bolt", "stethoscope", "baby-carriage", "heart", "clock-pause", "player-pause",
    "phone-off",
]  # fmt: skip
ICONS = {
    "coffee": mark("Cup"),
    "soup": mark("Meal"),
    "apple": mark("Apple"),
    "smoking": mark("Cigarette"),
    "walk": mark("Walk"),
    "school": mark("Training"),
    "book": mark("Book"),
    "presentation": mark("Presentation"),
    "users": mark("People"),
    "headset": mark("Headset"),
    "mail": mark("Letter"),
    "calendar-event": mark("Appointment"),
    "tool": mark("Tool"),
    "bolt": mark("Power"),
    "stethoscope": mark("Doctor"),
    "baby-carriage": mark("Child"),
    "heart": mark("Heart"),
    "clock-pause": mark("Clock"),
    "player-pause": mark("Pause"),
    "phone-off": mark("No phone"),
}
"""What the pictures of reasons are called."""


class ReasonValues(BaseModel):
    """What a reason of a break has besides its name."""

    model_config = ConfigDict(extra="forbid")

    icon: Icon = Field("coffee", title=mark("Icon"), json_schema_extra=shown_as(pictures=True, labels=ICONS))
    is_break: bool = Field(True, title=mark("Counts as a break"))
    daily_limit_minutes: int = Field(
        0,
        ge=0,
        le=1440,
        title=mark("Limit a day"),
        description=mark("0 is without a limit."),
        json_schema_extra=shown_as(unit=mark("min")),
    )
    set_by: Literal["agent", "supervisor", "system"] = Field(
        "agent",
        title=mark("May be chosen by"),
        json_schema_extra=shown_as(
            labels={"agent": mark("Agents"), "supervisor": mark("Supervisors"), "system": mark("Switchroom alone")}
        ),
    )
    teams: list[int] = Field(
        default_factory=list,
        title=mark("Teams"),
        description=mark("Without a choice, all."),
        json_schema_extra=shown_as(options="core.teams"),
    )


PAUSE_REASONS = Lookup(
    "core.pause_reasons",
    mark("Reasons of a break"),
    mark("Why agents are not available, and how long in a day each reason may last."),
    fields=ReasonValues,
    initial=(
        ("lunch", mark("Lunch")),
        ("rest", mark("Short break")),
        ("training", mark("Training")),
        ("meeting", mark("Meeting")),
        ("technical", mark("Technical problem")),
        ("not_answering", mark("Did not answer")),
    ),
    initial_values={
        "lunch": {"icon": "soup", "daily_limit_minutes": 60},
        "rest": {"daily_limit_minutes": 30},
        "training": {"icon": "school", "is_break": False},
        "meeting": {"icon": "users", "is_break": False},
        "technical": {"icon": "tool", "is_break": False},
        "not_answering": {"icon": "phone-off", "is_break": False, "set_by": "system"},
    },
)

CORE_LOOKUPS: tuple[Lookup, ...] = (PAUSE_REASONS,)
"""Lists that are there whatever plugins are on."""


@dataclass(frozen=True)
class Declared:
    """A lookup, and who declares it: `core` or the name of a plugin."""

    lookup: Lookup
    plugin: str


def all_lookups(ctx: Context) -> list[Declared]:
    """Every lookup of the tenant: core's first, then those of its plugins."""
    return [*(Declared(lookup, CORE) for lookup in CORE_LOOKUPS), *(Declared(*pair) for pair in ctx.lookups)]


def get_lookup(ctx: Context, name: str) -> Lookup:
    """The lookup of that name.

    Raises:
        NotFound: Neither core nor a plugin of the tenant declares it.
    """
    for declared in all_lookups(ctx):
        if declared.lookup.name == name:
            return declared.lookup
    raise NotFound(_("There is no such list."))
