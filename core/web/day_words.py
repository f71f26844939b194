"""An agent's day in words: what he was, why, and who caused it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.agents.day import Interval
from core.agents.reasons import Reason
from core.database.connection import fetch
from core.locale import gettext as _
from core.locale import mark
from core.plugins.context import Context
from core.web.agent_words import CAUSES, status_words

_CAUSES = {
    **CAUSES,
    "chosen": mark("chosen"),
    "held": mark("put on hold"),
    "resumed": mark("talking again"),
    "sent": mark("form sent"),
    "time_over": mark("time for the form over"),
    "caller_hung_up": mark("customer hung up"),
    "agent_hung_up": mark("hung up"),
    "caller_lost": mark("connection to the customer lost"),
    "agent_lost": mark("connection to the agent lost"),
}


@dataclass(frozen=True)
class Line:
    """A line of the text.

    Attributes:
        status: What the agent was; a break with its reason.
        who: Who else than the agent caused it, or nothing.
    """

    interval: Interval
    status: str
    cause: str
    who: str


async def names_of(ctx: Context, intervals: Sequence[Interval]) -> dict[int, str]:
    """The names of those who have caused something, by their user ids."""
    ids = sorted({number for each in intervals if (number := _user(each.actor)) is not None})
    rows = await fetch(
        "SELECT id, name FROM core_user WHERE tenant_id = $1 AND id = ANY($2::bigint[])", ctx.tenant.id, ids
    )
    return {row["id"]: row["name"] for row in rows}


def line_of(each: Interval, agent_id: int, names: Mapping[int, str], reasons: Mapping[str, Reason]) -> Line:
    """An interval in words."""
    actor = _user(each.actor)
    cause = _CAUSES.get(each.cause)
    return Line(
        each,
        status_words(each.status, each.reason, reasons),
        _(cause) if cause else each.cause.replace("_", " "),
        names.get(actor, "") if actor is not None and actor != agent_id else "",
    )


def _user(actor: str) -> int | None:
    kind, _colon, number = actor.partition(":")
    return int(number) if kind == "user" and number.isdecimal() else None
