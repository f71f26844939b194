"""What the pages of queues call things, and what people choose from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from plugins.routing.services.values import zone_names
from switchroom.agents import Strategy
from switchroom.locale import mark

_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True)
class Wording:
    """A way to give out work, for people; to be translated."""

    title: str
    sentence: str
    icon: str


STRATEGIES = {
    Strategy.LONGEST_IDLE.value: Wording(
        mark("Longest idle"), mark("Whoever has been free for the longest time comes first."), "hourglass"
    ),
    Strategy.FEWEST_CALLS.value: Wording(
        mark("Fewest calls"), mark("Whoever has had the fewest customers today comes first."), "chart-bar"
    ),
    Strategy.LEAST_TALK.value: Wording(
        mark("Least talk time"), mark("Whoever has talked the least today comes first."), "clock"
    ),
    Strategy.BEST_SKILL.value: Wording(
        mark("Best skilled"), mark("Whoever is best at what the queue asks for comes first."), "star"
    ),
    Strategy.ROUND_ROBIN.value: Wording(
        mark("In turn"), mark("Whoever was offered something the longest ago comes first."), "rotate-clockwise"
    ),
    Strategy.RANDOM.value: Wording(mark("By chance"), mark("Any of those who are free."), "dice-5"),
}


@cache
def zones() -> dict[str, tuple[str, ...]]:
    """Region → its IANA zones, without the historical names; UTC stands first, under an empty region."""
    names = sorted(zone_names())
    return {"": ("UTC",), **{region: tuple(n for n in names if n.startswith(f"{region}/")) for region in _REGIONS}}
