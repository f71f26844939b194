"""Which rule holds for a queue, and how one is set and taken away.

A queue goes by the rule for all queues until it is given one of its own, for each direction by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from plugins.wrapup.dispositions.lists import DispositionView, list_of
from plugins.wrapup.forms import RESERVED, SIMPLE
from plugins.wrapup.models import Rule
from plugins.wrapup.rules.values import USUAL, RuleValues, Side, as_columns, checked, of_row
from switchroom import Context
from switchroom.audit import record
from switchroom.capabilities import QueueDirectory
from switchroom.database import fetch, transaction
from switchroom.errors import InvalidInput, NotFound
from switchroom.forms import published_form, published_forms
from switchroom.locale import active_language
from switchroom.locale import gettext as _

NO_DISPOSITION = "NO_DISPOSITION"
"""The type of the disposition that is recorded where no other was chosen for it."""


@dataclass(frozen=True)
class Held:
    """A rule that holds.

    Attributes:
        own: Whether it is the queue's own, and not that of all queues.
    """

    values: RuleValues
    own: bool


@dataclass(frozen=True)
class QueueRules:
    """What holds for a queue.

    Attributes:
        queue: Its reference; empty for all queues that have no rule of their own.
        name: What people call it; empty for a queue that is gone.
    """

    queue: str
    name: str
    inbound: Held
    outbound: Held

    def of(self, side: Side) -> Held:
        """The rule of one direction."""
        return self.inbound if side is Side.INBOUND else self.outbound


def side_of(direction: str) -> Side:
    """By which rule a contact goes that was begun like this."""
    return Side.OUTBOUND if direction == Side.OUTBOUND else Side.INBOUND


async def rule_for(queue: str, side: Side) -> RuleValues:
    """The rule that holds for a queue: its own, else that of all queues."""
    found = {row.queue: row for row in await Rule.filter(queue__in=["", queue], direction=side.value)}
    row = found.get(queue) or found.get("")
    return of_row(row) if row else USUAL


async def all_rules(ctx: Context) -> list[QueueRules]:
    """What holds for all queues, then for each that there is, then for those that are gone and have left a rule."""
    rows = {(row.queue, row.direction): of_row(row) for row in await Rule.all()}
    names = await _names(ctx)
    gone = sorted({queue for queue, _side in rows} - names.keys() - {""})

    def held(queue: str, side: Side) -> Held:
        own = rows.get((queue, side.value))
        return Held(own or rows.get(("", side.value)) or USUAL, own is not None)

    listed = [("", _("All queues")), *names.items(), *((queue, "") for queue in gone)]
    return [QueueRules(queue, name, held(queue, Side.INBOUND), held(queue, Side.OUTBOUND)) for queue, name in listed]


async def rules_of(ctx: Context, queue: str) -> QueueRules:
    """What holds for one queue, or with an empty reference for all.

    Raises:
        NotFound: There is no such queue.
    """
    found = next((each for each in await all_rules(ctx) if each.queue == queue), None)
    if found is None:
        raise NotFound(_("There is no such queue."))
    return found


async def set_rule(ctx: Context, queue: str, side: Side, values: RuleValues) -> None:
    """Gives a queue a rule, or changes it; contacts that are talked already keep theirs.

    Args:
        ctx: Where, and who does it.
        queue: The queue's reference; empty for all that have no rule of their own.
        side: For contacts of which direction.
        values: What follows them.

    Raises:
        NotFound: There is no such queue.
        InvalidInput: A value cannot be used; names the field.
    """
    values = checked(values)
    before = (await rules_of(ctx, queue)).of(side)
    if values.outcome_id is not None and values.outcome_id not in {each.id for each in await outcomes(ctx, queue)}:
        wrong = _("This disposition is not in the list of the queue, or has been switched off.")
        raise InvalidInput(_("The rule cannot be used like this."), fields={"outcome_id": wrong})
    if wrong := await _form_problem(ctx, values.form):
        raise InvalidInput(_("The rule cannot be used like this."), fields={"form": wrong})
    columns = as_columns(values)
    async with transaction():
        await fetch(
            "INSERT INTO wrapup_rule (tenant_id, queue, direction, mode, form, seconds, offer_before, "
            "extension_seconds, extensions, limit_seconds, outcome_id, keep_draft) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
            "ON CONFLICT (tenant_id, queue, direction) DO UPDATE SET mode = excluded.mode, form = excluded.form, "
            "seconds = excluded.seconds, offer_before = excluded.offer_before, "
            "extension_seconds = excluded.extension_seconds, extensions = excluded.extensions, "
            "limit_seconds = excluded.limit_seconds, outcome_id = excluded.outcome_id, "
            "keep_draft = excluded.keep_draft RETURNING id",
            ctx.tenant.id,
            queue,
            side.value,
            *columns.values(),
        )
        await record(
            ctx, "wrapup.rule_set", subject=_reference(queue, side), subject_name=await _called(ctx, queue),
            before=dict(as_columns(before.values)), after=dict(columns),
        )  # fmt: skip


async def drop_rule(ctx: Context, queue: str, side: Side) -> None:
    """Lets a queue go by the rule of all again; that of all becomes what it was in the beginning.

    Raises:
        NotFound: It has none of its own.
    """
    async with transaction():
        gone = await Rule.filter(queue=queue, direction=side.value).delete()
        if not gone:
            raise NotFound(_("This queue goes by the rule of all queues already."))
        await record(
            ctx, "wrapup.rule_dropped", subject=_reference(queue, side), subject_name=await _called(ctx, queue)
        )


async def outcomes(ctx: Context, queue: str) -> list[DispositionView]:
    """What can be recorded when the time is over: the dispositions of the queue that are in use."""
    return [each for each in (await list_of(ctx, queue)).dispositions if each.active]


async def outcome_of(ctx: Context, queue: str, outcome_id: int | None) -> DispositionView | None:
    """The disposition that is recorded when the time is over; None where the list has none for it."""
    there = await outcomes(ctx, queue)
    chosen = next((each for each in there if each.id == outcome_id), None)
    return chosen or next((each for each in there if each.system_type == NO_DISPOSITION), None)


async def forms_to_choose(ctx: Context) -> list[tuple[str, str]]:
    """The forms that can be asked, by their keys, with their titles."""
    own = [(each.key, each.title.in_language(active_language())) for each in await published_forms(ctx)]
    return [(SIMPLE.key, _("The usual form")), *own]


async def _form_problem(ctx: Context, key: str) -> str:
    """Why a form cannot be asked; empty where it can."""
    if key == SIMPLE.key:
        return ""
    if key not in dict(await forms_to_choose(ctx)):
        return _("There is no such form, or it has not been published.")
    form = await published_form(ctx, key)
    taken = sorted(RESERVED & set(form.placed)) if form else []
    if taken:
        return _("After-contact work itself asks %(keys)s. Give these questions of the form other names.") % {
            "keys": ", ".join(taken)
        }
    return ""


async def _names(ctx: Context) -> dict[str, str]:
    directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    return {each.reference: each.name for each in await directory.queues(ctx)} if directory else {}


async def _called(ctx: Context, queue: str) -> str:
    return (await _names(ctx)).get(queue, "") if queue else _("All queues")


def _reference(queue: str, side: Side) -> str:
    return f"wrapup:rule:{side.value}:{queue}" if queue else f"wrapup:rule:{side.value}"
