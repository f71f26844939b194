"""The work that each agent's part of a contact makes: one row, with the rule that held when it began."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from plugins.wrapup.forms import SIMPLE
from plugins.wrapup.models import Mode, Work, WorkState
from plugins.wrapup.rules.keeping import rule_for, side_of
from plugins.wrapup.rules.values import RuleValues, as_columns, of_row
from switchroom import Context
from switchroom.database import execute, fetch, fetch_value
from switchroom.errors import NotFound
from switchroom.forms import published_form
from switchroom.interactions import InteractionView, SegmentView
from switchroom.locale import gettext as _


@dataclass(frozen=True)
class WorkView:
    """The work of one agent's part of a contact; see `plugins.wrapup.models.Work`."""

    segment_id: int
    interaction_id: int
    agent_id: int
    queue: str
    direction: str
    rule: RuleValues
    form_version: int
    state: WorkState
    began_at: datetime
    timed_out_at: datetime | None
    settled_at: datetime | None
    settled_by: int | None
    reason: str

    @property
    def settled(self) -> bool:
        """Whether the form was sent, in time or later."""
        return self.state in (WorkState.SENT, WorkState.COMPLETED)


def subject_of(segment_id: int) -> str:
    """How forms name a segment."""
    return f"core:segment:{segment_id}"


async def work_of(ctx: Context, segment: SegmentView, interaction: InteractionView) -> WorkView:
    """The work of a segment; who looks first has the rule of this moment kept for it."""
    found = await Work.get_or_none(segment_id=segment.id)
    if found is None:
        side = side_of(interaction.direction)
        rule = await rule_for(interaction.queue, side)
        own = await published_form(ctx, rule.form)
        values = as_columns(rule if own else replace(rule, form=SIMPLE.key))
        await execute(
            "INSERT INTO wrapup_work (tenant_id, segment_id, interaction_id, agent_id, queue, direction, mode, form, "
            "seconds, offer_before, extension_seconds, extensions, limit_seconds, outcome_id, keep_draft, "
            "form_version, state, reason, began_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
            "$14, $15, $16, 'open', '', now()) ON CONFLICT (tenant_id, segment_id) DO NOTHING",
            ctx.tenant.id,
            segment.id,
            segment.interaction_id,
            segment.agent_id,
            interaction.queue,
            side.value,
            *values.values(),
            own.version if own else SIMPLE.version,
        )
        found = await Work.get(segment_id=segment.id)
    return _view(found)


async def get_work(ctx: Context, segment_id: int) -> WorkView:
    """The work of a segment.

    Raises:
        NotFound: There is none.
    """
    found = await Work.get_or_none(segment_id=segment_id)
    if found is None:
        raise NotFound(_("There is no such work after a contact."))
    return _view(found)


async def hold_work(ctx: Context, segment_id: int) -> WorkView | None:
    """The work of a segment, held until the end of the transaction; None where nobody has looked at it yet."""
    found = await Work.filter(segment_id=segment_id).select_for_update().first()
    return _view(found) if found else None


async def set_state(ctx: Context, segment_id: int, state: WorkState, *, by: int | None = None) -> None:
    """Notes what has become of work that is held."""
    column = "settled_at" if state in (WorkState.SENT, WorkState.COMPLETED) else "timed_out_at"
    await execute(
        f"UPDATE wrapup_work SET state = $3, {column} = now(), settled_by = coalesce($4, settled_by) "  # noqa: S608
        "WHERE tenant_id = $1 AND segment_id = $2",
        ctx.tenant.id,
        segment_id,
        state.value,
        by,
    )
    await tell(ctx)


async def unfinished_works(ctx: Context, agent_id: int, since: datetime) -> list[WorkView]:
    """What an agent has not sent in its time and can still complete, of contacts since a moment, the newest first."""
    # Index wrapup_work_of_agent.
    rows = (
        await Work.filter(
            agent_id=agent_id,
            began_at__gte=since,
            keep_draft=True,
            state__in=[WorkState.TIMED_OUT.value, WorkState.ENDED.value, WorkState.UNSENT.value],
        )
        .order_by("-began_at", "-id")
        .limit(50)
    )
    return [_view(row) for row in rows if row.mode != Mode.NONE]


async def note_unsent(ctx: Context, interaction_id: int) -> None:
    """Of a contact that has ended: notes what was closed at once, with the form not sent."""
    # Index core_segment_interaction.
    rows = await fetch(
        "UPDATE wrapup_work AS work SET state = 'unsent' FROM core_segment AS segment "
        "WHERE segment.tenant_id = $1 AND segment.interaction_id = $2 AND segment.state = 'closed' "
        "AND work.tenant_id = $1 AND work.segment_id = segment.id AND work.state = 'open' RETURNING work.agent_id",
        ctx.tenant.id,
        interaction_id,
    )
    if rows:
        await ctx.publish("wrapup", *(f"user:{row['agent_id']}" for row in rows))


async def tell(ctx: Context) -> None:
    """Tells pages that show the work of all agents."""
    await ctx.publish("wrapup")


async def now(ctx: Context) -> datetime:
    """The time of the database, by which clocks run."""
    moment: datetime = await fetch_value("SELECT now()")
    return moment


def _view(row: Work) -> WorkView:
    return WorkView(
        segment_id=row.segment_id,
        interaction_id=row.interaction_id,
        agent_id=row.agent_id,
        queue=row.queue,
        direction=row.direction,
        rule=of_row(row),
        form_version=row.form_version,
        state=WorkState(row.state),
        began_at=row.began_at,
        timed_out_at=row.timed_out_at,
        settled_at=row.settled_at,
        settled_by=row.settled_by,
        reason=row.reason,
    )
