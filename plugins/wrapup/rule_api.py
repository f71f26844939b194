"""What follows contacts, for programs: what administrators set on the pages, below `/api/v1/wrapup`."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, put
from litestar.params import JSONBody
from pydantic import Field

from plugins.wrapup.models import Mode
from plugins.wrapup.permissions import MANAGE_RULES
from plugins.wrapup.rules import keeping
from plugins.wrapup.rules.keeping import Held, all_rules, drop_rule, rules_of, set_rule
from plugins.wrapup.rules.values import RuleValues, Side
from switchroom import Context
from switchroom.api import Answer, Flag, Given, Reference

Queue = Annotated[str, Field(max_length=60)]


class Rule(Answer):
    """What follows contacts of one direction."""

    own: bool
    """Whether the rule is the queue's own; otherwise it goes by that of all queues."""
    mode: Mode
    """`none`, `optional`, `required`, `timed`, or `fixed`: timed without an early exit."""
    form: str
    """`wrapup:simple`, or the key of a form of the organisation's own."""
    seconds: int | None
    """Of the clock; null is as long as the agent's team has set."""
    offer_before: int
    """Seconds before the end from which on more time is offered."""
    extension_seconds: int
    extensions: int
    """How often time can be added."""
    limit_seconds: int
    """After how long work without a clock ends all the same."""
    outcome_id: int | None
    """The disposition that is recorded when the time is over; null is *no disposition chosen*."""
    keep_draft: bool
    """Whether the agent can complete the form once its time is over."""


class QueueRules(Answer):
    """What follows the contacts of a queue."""

    queue: str
    """Its reference, such as `routing:queue:3`; empty for all queues that have no rule of their own."""
    name: str
    inbound: Rule
    outbound: Rule


class Rules(Answer):
    """The rules of all queues."""

    items: list[QueueRules]


class ChangedRule(Given):
    """What a rule is to say."""

    queue: Queue = ""
    """The reference of a queue; empty for all queues that have no rule of their own."""
    direction: Side
    mode: Mode
    form: Annotated[str, Field(min_length=1, max_length=80)] = "wrapup:simple"
    seconds: Annotated[int, Field(ge=1, le=3600)] | None = None
    offer_before: Annotated[int, Field(ge=1, le=600)] = 10
    extension_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    extensions: Annotated[int, Field(ge=0, le=100)] = 2
    limit_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3600
    outcome_id: Reference | None = None
    keep_draft: Flag = True


@get("/rules", permission=MANAGE_RULES, tags=["rules"])
async def list_rules(ctx: Context) -> Rules:
    """Lists what follows the contacts of each queue, after what holds for all."""
    return Rules(items=[_shown(each) for each in await all_rules(ctx)])


@put("/rules", permission=MANAGE_RULES, tags=["rules"])
async def put_rule(ctx: Context, data: JSONBody[ChangedRule]) -> QueueRules:
    """Gives a queue a rule for one direction, or changes it. Contacts that have begun keep theirs."""
    values = RuleValues(**data.model_dump(exclude={"queue", "direction"}))
    await set_rule(ctx, data.queue, data.direction, values)
    return _shown(await rules_of(ctx, data.queue))


@delete("/rules", permission=MANAGE_RULES, tags=["rules"])
async def delete_rule(ctx: Context, direction: Side, queue: Queue = "") -> None:
    """Lets a queue go by the rule of all queues again. 404 when it does."""
    await drop_rule(ctx, queue.replace("\0", ""), direction)


API = [list_rules, put_rule, delete_rule]


def _shown(found: keeping.QueueRules) -> QueueRules:
    return QueueRules(queue=found.queue, name=found.name, inbound=_rule(found.inbound), outbound=_rule(found.outbound))


def _rule(held: Held) -> Rule:
    values = held.values
    return Rule(
        own=held.own,
        mode=values.mode,
        form=values.form,
        seconds=values.seconds,
        offer_before=values.offer_before,
        extension_seconds=values.extension_seconds,
        extensions=values.extensions,
        limit_seconds=values.limit_seconds,
        outcome_id=values.outcome_id,
        keep_draft=values.keep_draft,
    )
