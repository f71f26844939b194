"""What has happened to an item, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugins.records.models import Step
from switchroom import Context
from switchroom.database import fetch
from switchroom.locale import gettext as _
from switchroom.locale import mark

WORDS = {
    "added": mark("Came into the queue"),
    "taken": mark("Taken into work"),
    "taken_up": mark("Taken up again"),
    "done": mark("Processed"),
    "assigned": mark("Assigned to oneself"),
    "postponed": mark("Postponed"),
    "moved_to_end": mark("Moved to the end of the queue"),
    "kept": mark("Kept for the agent"),
    "released": mark("Put back into the queue"),
    "given": mark("Given to an agent"),
    "moved": mark("Moved to another queue"),
    "closed": mark("Taken out of the queue"),
    "owner_absent": mark("Put back: the agent was not there"),
    "promise_withdrawn": mark("Put back: its promise was withdrawn"),
    "owner_gone": mark("Put back: the agent's account is off"),
    "interrupted": mark("Put back: the work on it was ended"),
    "changed": mark("Fields changed"),
}
"""Each action, as people read it."""

SHOWN = 50


@dataclass(frozen=True)
class StepView:
    """One step, with who made it; `name` is empty for Switchroom itself."""

    at: datetime
    action: str
    name: str
    detail: dict[str, Any]

    @property
    def text(self) -> str:
        """The action in words."""
        return _(WORDS.get(self.action, self.action))


async def note(ctx: Context, item_id: int, action: str, **detail: Any) -> None:
    """Adds a step to the current transaction."""
    await Step.create(item_id=item_id, action=action, actor=str(ctx.actor), user_id=ctx.actor.user_id, detail=detail)


async def steps_of(ctx: Context, item_id: int) -> list[StepView]:
    """The last steps of an item, the latest first."""
    # Index records_step_of_item.
    steps = await Step.filter(item_id=item_id).order_by("-id").limit(SHOWN)
    names = await names_of(ctx, {step.user_id for step in steps if step.user_id is not None})
    return [StepView(step.at, step.action, names.get(step.user_id or 0, ""), step.detail) for step in steps]


async def last_step(ctx: Context, item_id: int) -> StepView | None:
    """What happened to an item last."""
    steps = await steps_of(ctx, item_id)
    return steps[0] if steps else None


async def names_of(ctx: Context, ids: set[int]) -> dict[int, str]:
    """The names of users, by id."""
    rows = await fetch(
        "SELECT id, name FROM core_user WHERE tenant_id = $1 AND id = ANY($2::bigint[])", ctx.tenant.id, sorted(ids)
    )
    return {row["id"]: row["name"] for row in rows}
