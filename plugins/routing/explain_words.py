"""The filters of the matcher, and the order among those who are free, in words and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from babel.dates import format_time

from plugins.routing.explain import Stage, Verdict
from switchroom import Context
from switchroom.agents import Reason, Strategy
from switchroom.locale import active_language, mark, ngettext
from switchroom.locale import gettext as _

CAUSES = {
    Strategy.LONGEST_IDLE.value: mark("free for the longest"),
    Strategy.FEWEST_CALLS.value: mark("the fewest calls today"),
    Strategy.LEAST_TALK.value: mark("the least talk today"),
    Strategy.BEST_SKILL.value: mark("the best skill"),
    Strategy.ROUND_ROBIN.value: mark("his turn"),
    Strategy.RANDOM.value: mark("by lot"),
    "sticky": mark("the customer's last agent"),
    "routed": mark("chosen by a plugin"),
}
"""Why an agent was the first."""

OUTCOMES = {
    "pending": (mark("rings now"), ""),
    "accepted": (mark("accepted"), "good"),
    "rejected": (mark("declined"), "bad"),
    "expired": (mark("not answered"), "bad"),
    "rescinded": (mark("the customer was gone"), ""),
}
"""What became of an offer, and its tone."""


@dataclass(frozen=True)
class Filter:
    """One step of the funnel.

    Attributes:
        dropped: How many stop here.
        left: How many come through.
        before: The share of all agents that comes here, in per cent; `after` the share that comes through.
        points: The corners of its picture.
    """

    key: str
    title: str
    icon: str
    dropped: int
    left: int
    before: float
    after: float
    stages: tuple[Stage, ...]

    @property
    def points(self) -> str:
        """The corners of a trapezoid as wide above as what comes in, and below as what comes out."""
        above, below = self.before / 2, self.after / 2
        return f"{50 - above:.2f},0 {50 + above:.2f},0 {50 + below:.2f},10 {50 - below:.2f},10"


_FILTERS = (
    ("team", mark("In a team of the queue"), "users", (Stage.TEAM,)),
    ("skill", mark("Have the skills"), "star", (Stage.SKILL,)),
    ("online", mark("Connected"), "plug-connected", (Stage.OFFLINE,)),
    ("available", mark("Taking work from queues"), "coffee", (Stage.BREAK,)),
    ("idle", mark("Not talking or finishing"), "headset", (Stage.BUSY, Stage.WRAP_UP)),
    ("asked", mark("Not asked or missed"), "bell-ringing", (Stage.MISSED, Stage.OFFERED)),
    ("room", mark("Have room for it"), "stack", (Stage.FULL, Stage.ALONE, Stage.PLACING)),
)


def stages_of(key: str) -> tuple[Stage, ...]:
    """The stages that a filter of the funnel drops; of `free`, those who come through; of anything else, all."""
    if key == "free":
        return (Stage.FREE,)
    return next((stages for name, _title, _icon, stages in _FILTERS if name == key), ())


def funnel(counts: Mapping[Stage, int]) -> list[Filter]:
    """The filters, each with how many it drops and how many it leaves."""
    left = total = sum(counts.values())
    steps = []
    for key, title, icon, stages in _FILTERS:
        dropped = sum(counts.get(stage, 0) for stage in stages)
        before, left = left, left - dropped
        whole = max(total, 1)
        steps.append(Filter(key, _(title), icon, dropped, left, 100 * before / whole, 100 * left / whole, stages))
    return steps


def reason(verdict: Verdict, reasons: Mapping[str, Reason], ctx: Context) -> str:
    """Why this agent is not asked, in words; of one who is free, why he has his place."""
    match verdict.stage:
        case Stage.TEAM:
            return _("His team %(team)s does not serve the queue") % {"team": verdict.team}
        case Stage.SKILL:
            values = {"skill": verdict.skill, "has": verdict.skill_has, "asked": verdict.skill_asked}
            return _("%(skill)s: level %(has)s, and the queue asks for %(asked)s") % values
        case Stage.OFFLINE:
            return _("Offline")
        case Stage.BREAK:
            return _not_taking(verdict, reasons)
        case Stage.BUSY:
            return _("Talking")
        case Stage.WRAP_UP:
            return _("Finishing the work after a call")
        case Stage.MISSED:
            return _("Has missed an offer, and gets nothing until %(time)s") % {"time": _clock(verdict, ctx)}
        case Stage.OFFERED:
            return _("Is being offered something")
        case Stage.FULL:
            return _("Has all that he may: %(has)s of %(most)s") % {"has": verdict.in_hand, "most": verdict.capacity}
        case Stage.ALONE:
            return _("Has other work, and his team takes this only alone")
        case Stage.PLACING:
            return _("Is just being told")
        case Stage.FREE:
            return _place(verdict)


def _not_taking(verdict: Verdict, reasons: Mapping[str, Reason]) -> str:
    if verdict.intent == "outbound":
        return _("Outgoing calls only")
    if verdict.intent == "ready":
        return _("Internal calls only")
    known = reasons.get(verdict.pause_reason)
    return _("Break: %(reason)s") % {"reason": known.name} if known else _("Break")


def _clock(verdict: Verdict, ctx: Context) -> str:
    until = verdict.missed_until or verdict.status_since
    return str(format_time(until.astimezone(ctx.tenant.zone), "medium", locale=active_language()))


def _place(verdict: Verdict) -> str:
    rank = verdict.rank or 0.0
    match verdict.strategy:
        case Strategy.FEWEST_CALLS:
            calls = int(rank % 1e5)
            return ngettext("%(number)d call today", "%(number)d calls today", calls) % {"number": calls}
        case Strategy.LEAST_TALK:
            minutes = int(rank % 1e7) // 60
            return ngettext("%(number)d minute of talk today", "%(number)d minutes of talk today", minutes) % {
                "number": minutes
            }
        case Strategy.BEST_SKILL:
            return _("Skill %(level)s") % {"level": verdict.level}
        case Strategy.ROUND_ROBIN:
            return _ago(_("Last asked %(minutes)s min ago"), rank) if rank else _("Never asked yet")
        case Strategy.RANDOM:
            return _("By lot")
    return _ago(_("Free for %(minutes)s min"), rank)


def _ago(text: str, moment: float) -> str:
    return text % {"minutes": max(0, int(datetime.now(UTC).timestamp() - moment) // 60)}
