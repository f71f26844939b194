"""What agents choose to do, or others for them."""

from __future__ import annotations

from core import facts
from core.agents.reasons import check_reason, setter_of
from core.agents.settling import lock_agent, set_intent, settle
from core.agents.states import Intent, Status
from core.agents.views import AgentView, get_agent
from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict
from core.locale import gettext as _
from core.plugins.context import Context


class TooFewAvailable(Conflict):
    """A break would leave fewer agents of the team available than the team wants."""

    code = "too_few_available"


class ChosenMeanwhile(Conflict):
    """Somebody else has chosen for the agent what he did not see yet when he chose."""

    code = "chosen_meanwhile"


async def choose_intent(
    ctx: Context,
    user_id: int,
    intent: Intent,
    *,
    reason: str = "",
    cause: str = "chosen",
    comment: str = "",
    seen: Intent | None = None,
) -> AgentView:
    """Sets what the agent wants to do. Work in hand goes on; the choice then shows once it is done.

    Args:
        ctx: Where, and who chooses: the agent, a supervisor for him, or the system.
        user_id: Whose.
        intent: What.
        reason: Of a break: the code of an entry of `core.pause_reasons`; empty for none.
        cause: Why, as a stable word for the facts.
        comment: Why, in the words of whoever chooses.
        seen: What whoever chooses took for the choice so far; None asks nothing.

    Raises:
        NotFound: The user is no agent.
        ChosenMeanwhile: The choice so far is another one than was seen, and somebody else made it.
        InvalidInput: The reason is none that whoever chooses may give to this agent.
        TooFewAvailable: A break would leave fewer of the team available than it wants.
        Refused: A plugin objects; the message says why.
    """
    agent = await get_agent(ctx, user_id)
    reason = reason if intent is Intent.PAUSE else ""
    # Who keeps the reason that he has, need not be allowed to give it.
    if reason and reason != agent.pause_reason:
        await check_reason(ctx, agent.team_id, reason, setter_of(ctx, user_id))
    if ctx.listened("agent_status_changing"):
        await ctx.veto("agent_status_changing", agent=agent, intent=intent)
    async with transaction():
        if intent is Intent.PAUSE:
            await leave_enough(ctx, user_id)
        row = await lock_agent(ctx, user_id)
        if seen is not None and row["intent"] != seen:
            await _refuse_unseen(ctx, user_id)
        await set_intent(ctx, user_id, intent, reason)
        await facts.record(
            ctx, "intent", old=row["intent"], new=intent, cause=cause, agent_id=user_id,
            detail={"reason": reason, "old_reason": row["pause_reason"], "comment": comment},
        )  # fmt: skip
        # Another break is a new one, with a timer of its own.
        anew = intent is Intent.PAUSE and row["status"] == Status.PAUSED and reason != row["pause_reason"]
        await settle(ctx, user_id, cause, anew=anew)
        await ctx.publish(f"user:{user_id}", "agents")
    return await get_agent(ctx, user_id)


async def _refuse_unseen(ctx: Context, user_id: int) -> None:
    # Index core_fact_agent. What the same person has chosen in another page a moment ago, he knows.
    actor = await fetch_value(
        "SELECT actor FROM core_fact WHERE tenant_id = $1 AND agent_id = $2 AND subject = 'intent' "
        "ORDER BY at DESC, id DESC LIMIT 1",
        ctx.tenant.id,
        user_id,
    )
    if actor != str(ctx.actor):
        raise ChosenMeanwhile(
            _("Your state was set for you meanwhile, before your choice came."),
            mend=_("Look at it, and choose again if you want something else."),
        )


async def leave_enough(ctx: Context, user_id: int) -> None:
    """Refuses an agent a break that would leave too few; first in the transaction in which he chooses it.

    Whoever else of the team wants one at this moment waits for this. What others choose for him is not refused.

    Raises:
        TooFewAvailable: As it says.
    """
    if ctx.actor.user_id != user_id:
        return
    team = await fetch_row(
        "SELECT team.id, team.least_available FROM core_team AS team "
        "JOIN core_agent AS agent ON agent.team_id = team.id "
        "WHERE agent.tenant_id = $1 AND agent.user_id = $2 FOR NO KEY UPDATE OF team",
        ctx.tenant.id,
        user_id,
    )
    if team is None or not team["least_available"]:
        return
    if await fetch_value("SELECT intent FROM core_agent WHERE user_id = $1", user_id) == Intent.PAUSE:
        return
    # Index core_agent_of_team.
    left: int = await fetch_value(
        "SELECT count(*) FROM core_agent WHERE team_id = $1 AND user_id <> $2 AND intent = 'available' "
        "AND connected_until > now()",
        team["id"],
        user_id,
    )
    if left < team["least_available"]:
        raise TooFewAvailable(
            _("A break has to wait: %(least)s of your team must stay available, and without you there are %(left)s.")
            % {"least": team["least_available"], "left": left},
            mend=_("Try again when a colleague is back, or ask your supervisor, who can set your break."),
        )


async def set_do_not_disturb(ctx: Context, user_id: int, on: bool) -> AgentView:
    """Refuses internal calls, or takes them again.

    Raises:
        NotFound: The user is no agent.
        Conflict: The agent takes calls from queues, which do-not-disturb rules out, or internal calls alone.
    """
    async with transaction():
        row = await lock_agent(ctx, user_id)
        if on and row["intent"] == Intent.AVAILABLE:
            raise Conflict(
                _("Do not disturb cannot be on while calls from queues come to you."),
                mend=_("Choose a break or Outbound only first."),
            )
        if on and row["intent"] == Intent.READY:
            raise Conflict(
                _("Do not disturb refuses internal calls, and you have chosen to take these alone."),
                mend=_("Choose a break or Outbound only first."),
            )
        await execute(
            "UPDATE core_agent SET do_not_disturb = $3 WHERE tenant_id = $1 AND user_id = $2",
            ctx.tenant.id,
            user_id,
            on,
        )
        await ctx.publish(f"user:{user_id}", "agents")
    return await get_agent(ctx, user_id)
