"""The hand that supervisors have on the state of agents: what they set is recorded with who and why."""

from __future__ import annotations

from core import facts
from core.accounts.users import log_out_everywhere
from core.agents.roster import end_shift
from core.agents.service import choose_intent
from core.agents.settling import lock_agent, set_intent
from core.agents.states import Intent
from core.agents.views import AgentView, get_agent
from core.database.transaction import transaction
from core.errors import InvalidInput
from core.locale import gettext as _
from core.plugins.context import Context

LONGEST_COMMENT = 300

SET = "set_by_supervisor"
"""The cause of a state that somebody else has set."""
LOGGED_OUT = "logged_out_by_supervisor"
"""The cause of the break of an agent whom somebody else has logged out."""


async def set_intent_of(ctx: Context, user_id: int, intent: Intent, *, reason: str = "", comment: str) -> AgentView:
    """Sets what an agent is to do, whatever his team wants left; during work it takes effect afterwards.

    Args:
        ctx: Where, and who does it.
        user_id: The agent.
        intent: What.
        reason: Of a break: the code of an entry of `core.pause_reasons` that supervisors may give; empty for none.
        comment: Why: the agent reads it, and so does whoever looks at his last changes.

    Raises:
        NotFound: The user is no agent.
        InvalidInput: No comment, or one that is too long; or a reason that cannot be given.
        Refused: A plugin objects; the message says why.
    """
    comment = _checked(comment)
    return await choose_intent(ctx, user_id, intent, reason=reason, cause=SET, comment=comment)


async def log_out_agent(ctx: Context, user_id: int, *, comment: str) -> AgentView:
    """Ends every login of an agent; he is offline at once, or as soon as what he has in hand is over.

    Raises:
        NotFound: The user is no agent.
        InvalidInput: No comment, or one that is too long.
    """
    comment = _checked(comment)
    await get_agent(ctx, user_id)
    async with transaction():
        await log_out_everywhere(ctx, user_id)
        row = await lock_agent(ctx, user_id)
        await set_intent(ctx, user_id, Intent.PAUSE)
        await facts.record(
            ctx, "intent", old=row["intent"], new=Intent.PAUSE, cause=LOGGED_OUT, agent_id=user_id,
            detail={"reason": "", "old_reason": row["pause_reason"], "comment": comment},
        )  # fmt: skip
        await end_shift(ctx, user_id)
        await ctx.publish(f"user:{user_id}", "agents")
    return await get_agent(ctx, user_id)


def _checked(comment: str) -> str:
    text = comment.strip()
    if not 1 <= len(text) <= LONGEST_COMMENT:
        wrong = _("Say why in at most %(most)s characters: the agent reads it.") % {"most": LONGEST_COMMENT}
        raise InvalidInput(_("A reason in words is needed."), fields={"comment": wrong})
    return text
