"""What a team has besides its times: how it deals with offers and breaks, and what holds for each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.database.connection import execute, fetch
from core.errors import InvalidInput
from core.jobs.registry import Event
from core.locale import gettext as _
from core.plugins.context import Context

HOLDS_WHAT_IS_ALONE = """
EXISTS (SELECT FROM core_team_channel AS held WHERE held.team_id = agent.team_id AND held.alone
    AND agent.work ? held.channel)
"""
"""SQL: whether `agent`, a row of core_agent, holds what goes beside nothing else. Unique index of team and channel."""

RULE_LIMITS = {"missed_limit": (0, 20), "least_available": (0, 999)}
"""Least and most of each rule that is a number."""
CHANNEL_LIMITS = {"offer_seconds": (5, 300), "capacity": (1, 50)}
"""The same for what holds for one channel."""


@dataclass(frozen=True)
class TeamRules:
    """How a team deals with offers and breaks.

    Attributes:
        missed_limit: After how many offers in a row that an agent has missed he goes on a break by himself; 0 is never.
        least_available: A break is refused to an agent without whom fewer than this would be available.
        auto_answer: Whether what is offered is accepted at once, without the agent.
    """

    missed_limit: int = 0
    least_available: int = 0
    auto_answer: bool = False


@dataclass(frozen=True)
class ChannelRule:
    """What holds for one channel in one team.

    Attributes:
        channel: The name of the channel, such as `chat`.
        offer_seconds: How long an agent may take to answer an offer; None is what the team has.
        capacity: How many an agent may have in hand at once; without meaning on a channel that takes the whole agent.
        alone: Only for agents who have nothing else in hand, and who take nothing else beside it.
    """

    channel: str
    offer_seconds: int | None = None
    capacity: int = 1
    alone: bool = False


def usual_rule(ctx: Context, channel: str) -> ChannelRule:
    """What holds for a channel where a team says nothing."""
    kind = ctx.known_channels[channel]
    return ChannelRule(channel, capacity=1 if kind.exclusive else kind.capacity)


def rule_problems(rules: TeamRules) -> dict[str, str]:
    """Field → what is wrong with it."""
    return {
        key: _("Give a number between %(least)s and %(most)s.") % {"least": least, "most": most}
        for key, (least, most) in RULE_LIMITS.items()
        if not least <= getattr(rules, key) <= most
    }


def channel_problems(ctx: Context, rules: Sequence[ChannelRule]) -> dict[str, str]:
    """Field of a channel, such as `capacity_chat` → what is wrong with it.

    Raises:
        InvalidInput: A channel is not known, or named twice.
    """
    names = [rule.channel for rule in rules]
    unknown = next((name for name in names if name not in ctx.known_channels or names.count(name) > 1), None)
    if unknown is not None:
        text = _("There is no channel %(channel)s here, or it is named twice.") % {"channel": repr(unknown)}
        raise InvalidInput(text, fields={"channels": text})
    return {
        f"{key}_{rule.channel}": _("Give a number between %(least)s and %(most)s.") % {"least": least, "most": most}
        for rule in rules
        for key, (least, most) in CHANNEL_LIMITS.items()
        if (value := getattr(rule, key)) is not None and not least <= value <= most
    }


async def channel_rules(ctx: Context, team_ids: Sequence[int]) -> dict[int, tuple[ChannelRule, ...]]:
    """Team → what it says of channels, by their names."""
    # The unique index of (team_id, channel).
    rows = await fetch(
        "SELECT team_id, channel, offer_seconds, capacity, alone FROM core_team_channel "
        "WHERE tenant_id = $1 AND team_id = ANY($2::bigint[]) ORDER BY team_id, channel",
        ctx.tenant.id,
        list(team_ids),
    )
    found: dict[int, list[ChannelRule]] = {team_id: [] for team_id in team_ids}
    for row in rows:
        found[row.pop("team_id")].append(ChannelRule(**row))
    return {team_id: tuple(rules) for team_id, rules in found.items()}


async def set_channel_rules(ctx: Context, team_id: int, rules: Sequence[ChannelRule]) -> None:
    """Makes these what the team says of channels, in the transaction that has locked the team.

    What is as usual is not stored. Whoever keeps queues is told of all agents, who may have more room now, or less.
    """
    kept = [rule for rule in rules if rule != usual_rule(ctx, rule.channel)]
    # What was said of channels whose plugins are gone stays for when they come back.
    await execute(
        "DELETE FROM core_team_channel WHERE tenant_id = $1 AND team_id = $2 AND channel = ANY($3::text[])",
        ctx.tenant.id,
        team_id,
        list(ctx.known_channels),
    )
    await execute(
        "INSERT INTO core_team_channel (tenant_id, team_id, channel, offer_seconds, capacity, alone) "
        "SELECT $1::bigint, $2::bigint, channel, seconds, capacity, alone "
        "FROM unnest($3::text[], $4::int[], $5::int[], $6::bool[]) AS rule (channel, seconds, capacity, alone)",
        ctx.tenant.id,
        team_id,
        [rule.channel for rule in kept],
        [rule.offer_seconds for rule in kept],
        [rule.capacity for rule in kept],
        [rule.alone for rule in kept],
    )
    # Index core_agent_of_team.
    rows = await fetch(
        "SELECT user_id FROM core_agent WHERE tenant_id = $1 AND team_id = $2 ORDER BY user_id",
        ctx.tenant.id,
        team_id,
    )
    for row in rows:
        await ctx.emit(Event.AGENT_PLACED, user_id=row["user_id"])


def told(rules: Sequence[ChannelRule]) -> dict[str, Mapping[str, Any]]:
    """What channels have, as the audit log shows it."""
    found = {rule.channel: asdict(rule) for rule in rules}
    return {name: {key: value for key, value in rule.items() if key != "channel"} for name, rule in found.items()}
