"""What can be saved of a queue and yet will hardly be meant."""

from __future__ import annotations

from plugins.routing.hours import next_opening
from plugins.routing.models import AgentSkill, Queue, Skill
from plugins.routing.room import hours_of, now
from plugins.routing.services.queues import all_queues, queue_of
from plugins.routing.services.skills import asked_by
from switchroom import Context
from switchroom.agents import members_of
from switchroom.database import fetch_value
from switchroom.locale import gettext as _


async def warnings_of(ctx: Context, queue_id: int) -> list[str]:
    """A sentence for each.

    Raises:
        NotFound: The tenant has no such queue.
    """
    queue = await queue_of(queue_id)
    found = []
    if not await members_of(ctx, queue.reference):
        found.append(await _why_nobody(ctx, queue))
    if next_opening(await hours_of(ctx, queue), await now(ctx)) is None:
        found.append(_("It is never open: whoever comes is turned away."))
    others = [other for other in await all_queues() if other.id != queue_id]
    if not queue.channels and not any(other.overflow_queue_id == queue_id for other in others):
        found.append(_("Nothing comes into it: it has no channel, and no queue overflows to it."))
    if 0 < queue.longest_wait_seconds <= queue.overflow_seconds:
        found.append(_("Customers are let go before they would go on to the other queue."))
    return found


async def _why_nobody(ctx: Context, queue: Queue) -> str:
    # Index core_agent_of_team.
    agents: int = await fetch_value(
        "SELECT count(*) FROM core_agent WHERE tenant_id = $1 AND ($2::bigint[] = '{}' OR team_id = ANY($2::bigint[]))",
        ctx.tenant.id,
        list(queue.teams),
    )
    if not agents:
        return _("Nobody can serve it: its teams have no agents.")
    lacking = [
        (await Skill.get(id=skill_id)).name
        for skill_id, level in (await asked_by(queue.id)).items()
        if not await AgentSkill.filter(skill_id=skill_id, level__gte=level).exists()
    ]
    if lacking:
        return _("Nobody can serve it: no agent is good enough at %(skills)s.") % {"skills": ", ".join(lacking)}
    return _("Nobody can serve it: no agent of its teams has all its skills, well enough.")
