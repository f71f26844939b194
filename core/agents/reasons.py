"""Reasons of a break: who may give which, and how long in a day each may last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.database.connection import execute, fetch, fetch_row
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput
from core.jobs.registry import Event, job
from core.locale import gettext as _
from core.lookups.declared import PAUSE_REASONS, ReasonValues
from core.lookups.entries import Entry, all_entries, change_entry
from core.plugins.context import ActorKind, Context

NOT_ANSWERING = "not_answering"
"""The reason of a break on which the system has sent an agent who did not answer."""

WARNING_SECONDS = 120
"""How long before the limit of the day an agent is warned."""


class Setter(StrEnum):
    """Who gives a reason, each of whom may give those of the ones before."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"


_ORDER = tuple(Setter)


@dataclass(frozen=True)
class Reason:
    """A reason of a break, in the language of who reads."""

    code: str
    name: str
    icon: str
    is_break: bool
    daily_limit_minutes: int


def setter_of(ctx: Context, user_id: int) -> Setter:
    """As whom the actor of the context gives this agent a reason."""
    if ctx.actor.kind is ActorKind.USER:
        return Setter.AGENT if ctx.actor.user_id == user_id else Setter.SUPERVISOR
    return Setter.SYSTEM


async def reasons_for(ctx: Context, team_id: int, setter: Setter) -> list[Reason]:
    """What somebody may choose for an agent of a team, in the administrator's order."""
    return [_reason(entry) for entry in await all_entries(ctx, PAUSE_REASONS.name) if _may(entry, team_id, setter)]


async def all_reasons(ctx: Context) -> dict[str, Reason]:
    """Every reason by its code, also those that are no longer given: to name what was chosen."""
    return {entry.code: _reason(entry) for entry in await all_entries(ctx, PAUSE_REASONS.name)}


async def check_reason(ctx: Context, team_id: int, code: str, setter: Setter) -> None:
    """Refuses a reason that this person may not give to an agent of that team.

    Raises:
        InvalidInput: There is no such reason, or it is for others.
    """
    if code not in {reason.code for reason in await reasons_for(ctx, team_id, setter)}:
        text = _("This reason of a break cannot be chosen here. It was switched off, or is for others.")
        raise InvalidInput(text, fields={"reason": text})


async def usage_today(ctx: Context, user_id: int, until: datetime) -> dict[str, float]:
    """Reason → for how many seconds the agent has been on a break for it today, up to a moment; of the tenant's day."""
    # Index core_fact_agent. What was before midnight counts from midnight on.
    rows = await fetch(
        "SELECT detail->>'reason' AS code, "
        "sum(extract(epoch FROM least(next_at, $4) - greatest(at, $3)))::float8 AS seconds FROM ("
        "  SELECT at, new, detail, lead(at, 1, $4) OVER (ORDER BY at, id) AS next_at FROM core_fact "
        "  WHERE tenant_id = $1 AND agent_id = $2 AND subject = 'agent' AND at < $4 AND at >= coalesce(("
        "    SELECT max(at) FROM core_fact WHERE tenant_id = $1 AND agent_id = $2 AND subject = 'agent' AND at < $3"
        "  ), $3)"
        ") AS spans WHERE new = 'paused' AND detail->>'reason' IS NOT NULL AND next_at > $3 GROUP BY 1",
        ctx.tenant.id,
        user_id,
        _midnight(ctx, until),
        until,
    )
    return {row["code"]: row["seconds"] for row in rows}


async def seconds_used(ctx: Context, user_id: int, code: str, until: datetime) -> float:
    """For how many seconds the agent has been on a break for one reason today, up to a moment."""
    return (await usage_today(ctx, user_id, until)).get(code, 0.0)


async def begin_limit(ctx: Context, user_id: int, code: str, at: datetime) -> None:
    """Notes when a break that begins now will have lasted as long as its reason allows in a day."""
    # Whatever has become of the entry, the break goes on.
    reason = (await all_reasons(ctx)).get(code) if code else None
    limit = reason.daily_limit_minutes if reason else 0
    ends = None
    if limit:
        ends = at + timedelta(seconds=max(0.0, limit * 60 - await seconds_used(ctx, user_id, code, at)))
        # Another day has a limit of its own.
        tomorrow = _midnight(ctx, _midnight(ctx, at) + timedelta(hours=36))
        ends = ends if ends <= tomorrow else tomorrow + timedelta(minutes=limit)
    await execute(
        "UPDATE core_agent SET pause_limit_at = $3 WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id, ends
    )
    if ends is not None:
        await _remind(ctx, user_id, max(at, ends - timedelta(seconds=WARNING_SECONDS)))


@job("core.pause_reasons_changed", on=[Event.LOOKUP_CHANGED])
async def pause_reasons_changed(ctx: Context, lookup: str) -> None:
    """The limits of breaks that go on are those that an administrator has just given."""
    if lookup != PAUSE_REASONS.name:
        return
    rows = await fetch(
        "SELECT user_id FROM core_agent WHERE tenant_id = $1 AND status = 'paused' AND pause_reason <> '' "
        "ORDER BY user_id",
        ctx.tenant.id,
    )
    for row in rows:
        async with transaction():
            agent = await fetch_row(
                "SELECT pause_reason, status_since FROM core_agent WHERE tenant_id = $1 AND user_id = $2 "
                "AND status = 'paused' FOR NO KEY UPDATE",
                ctx.tenant.id,
                row["user_id"],
            )
            if agent is not None:
                await begin_limit(ctx, row["user_id"], agent["pause_reason"], agent["status_since"])
    await ctx.publish("agents", *(f"user:{row['user_id']}" for row in rows))


async def leave_reasons(ctx: Context, team_id: int) -> None:
    """No reason is for this team any more, in the transaction that deletes it.

    Raises:
        Conflict: A reason is for this team alone, and would be for all without it.
    """
    for entry in await all_entries(ctx, PAUSE_REASONS.name):
        values = ReasonValues.model_validate(entry.values)
        if team_id not in values.teams:
            continue
        if len(values.teams) == 1:
            raise Conflict(
                _("The reason of a break “%(name)s” is for this team alone.") % {"name": entry.name},
                mend=_("Choose other teams for it first."),
            )
        left = [each for each in values.teams if each != team_id]
        changed = values.model_copy(update={"teams": left}).model_dump(mode="json")
        await change_entry(ctx, PAUSE_REASONS.name, entry.code, entry.names, changed)


@job("core.pause_limit")
async def pause_limit(ctx: Context, user_id: int) -> None:
    """The limit of a break is near, or reached: the agent's pages and those of his supervisors show it."""
    row = await fetch_row(
        "SELECT pause_limit_at, now() AS now FROM core_agent WHERE tenant_id = $1 AND user_id = $2 "
        "AND status = 'paused' AND pause_limit_at IS NOT NULL",
        ctx.tenant.id,
        user_id,
    )
    if row is None:
        return
    # Stored before pages are told: who sees the warning can rely on the word at the limit.
    if row["pause_limit_at"] > row["now"]:
        await _remind(ctx, user_id, row["pause_limit_at"])
    await ctx.publish(f"user:{user_id}", "agents")


def _midnight(ctx: Context, moment: datetime) -> datetime:
    return moment.astimezone(ctx.tenant.zone).replace(hour=0, minute=0, second=0, microsecond=0)


async def _remind(ctx: Context, user_id: int, at: datetime) -> None:
    await ctx.enqueue(pause_limit, at=at, key=f"agent:{user_id}", user_id=user_id)


def _may(entry: Entry, team_id: int, setter: Setter) -> bool:
    values = ReasonValues.model_validate(entry.values)
    teams: Sequence[int] = values.teams
    allowed = _ORDER.index(Setter(values.set_by)) <= _ORDER.index(setter)
    return entry.active and allowed and (not teams or team_id in teams)


def _reason(entry: Entry) -> Reason:
    values = ReasonValues.model_validate(entry.values)
    return Reason(entry.code, entry.name, values.icon, values.is_break, values.daily_limit_minutes)
