"""Routing keeps what every plugin promises."""

from __future__ import annotations

from plugins.routing.models import Skill
from plugins.routing.services.queues import ensure_queue
from switchroom.interactions import create_interaction
from switchroom.runtime import Context
from switchroom.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "routing"

    async def arrange(self, ctx: Context) -> dict[str, object]:
        """Somebody waits, and there is a skill."""
        queue = await ensure_queue(ctx)
        skill, _made = await Skill.get_or_create(name="English", tenant_id=ctx.tenant.id)
        await create_interaction(ctx, channel=next(iter(ctx.channels)), contact_name="Kim", queue=queue.reference)
        return {"skill_id": skill.id}
