"""Interactions, and what has happened to each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import get
from litestar.params import QueryParameter

from core.accounts.permissions import SEE_INTERACTIONS, SIGNED_IN
from core.accounts.sessions import SignedIn
from core.api.paging import Cursor, Limit, Page, page_of, read_cursor
from core.api.shapes import LARGEST_ID, Answer, Id, Time
from core.api.times import moment
from core.errors import NotFound
from core.facts import facts_of_interaction
from core.interactions.listing import Wanted, find_interactions, took_part
from core.interactions.rows import InteractionView, get_interaction
from core.interactions.states import Direction, InteractionState
from core.locale import gettext as _
from core.plugins.context import Context


class Interaction(Answer):
    """One contact on one channel."""

    id: int
    channel: str
    """`voice`, or what a plugin has registered."""
    direction: str
    state: InteractionState
    state_since: Time
    queue: str
    """An opaque reference to the queue, such as `routing:queue:3`; empty for none."""
    priority: int
    waiting_since: Time
    """Its place in the queue."""
    contact_name: str
    contact_number: str
    """E.164."""
    subject: str
    cause: str
    """Why it ended, as a stable word such as `caller_hung_up`; empty until then."""
    reference: str
    """What it is about for the plugin that brought it, such as `records:item:7`; empty for nothing."""
    created_at: Time


class Fact(Answer):
    """One change of an interaction, of an offer of it, or of a segment in which an agent handles it."""

    id: int
    at: Time
    subject: str
    """What has changed: `interaction`, `offer` or `segment`."""
    segment_id: int | None
    agent_id: int | None
    """The user id of the agent concerned."""
    old: str
    """The state before; empty when the thing is new."""
    new: str
    cause: str
    """Why, as a stable word."""
    actor: str
    """Who: `user:5`, `customer`, `system`."""
    detail: dict[str, Any]


@get("/interactions", permission=SIGNED_IN, tags=["interactions"])
async def list_interactions(
    ctx: Context,
    user: SignedIn,
    in_state: Annotated[
        InteractionState | None, QueryParameter(name="state", description="Those in one state.")
    ] = None,
    channel: Annotated[str | None, QueryParameter(max_length=20, description="Such as `voice`.")] = None,
    direction: Annotated[Direction | None, QueryParameter(description="Who began it.")] = None,
    queue: Annotated[str | None, QueryParameter(max_length=60, description="Such as `routing:queue:3`.")] = None,
    agent_id: Annotated[
        int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Offered to this agent at some time.")
    ] = None,
    since: Annotated[datetime | None, QueryParameter(description="Begun at this moment or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(description="Begun before this moment.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Interaction]:
    """Lists interactions, the newest first.

    Without the right `core.see_interactions` these are the ones that were offered to oneself.
    """
    before = read_cursor(cursor, int)
    if not user.may(SEE_INTERACTIONS):
        if agent_id not in (None, user.id):
            return Page[Interaction](items=[])
        agent_id = user.id
    wanted = Wanted(
        in_state.value if in_state else None,
        channel,
        direction.value if direction else None,
        queue,
        agent_id,
        moment("since", since),
        moment("until", until),
    )
    found = await find_interactions(ctx, wanted, before_id=before[0] if before else None, limit=limit + 1)
    return page_of(Interaction, found, limit, lambda interaction: (interaction.id,))


@get("/interactions/{interaction_id:int}", permission=SIGNED_IN, tags=["interactions"])
async def get_one_interaction(ctx: Context, user: SignedIn, interaction_id: Id) -> Interaction:
    """Gives one interaction."""
    return Interaction.model_validate(await _visible(ctx, user, interaction_id))


@get("/interactions/{interaction_id:int}/timeline", permission=SIGNED_IN, tags=["interactions"])
async def list_interaction_facts(
    ctx: Context, user: SignedIn, interaction_id: Id, limit: Limit = 50, cursor: Cursor = None
) -> Page[Fact]:
    """Lists what has happened to an interaction, in order."""
    after = read_cursor(cursor, int)
    interaction = await _visible(ctx, user, interaction_id)
    # An interaction has few: a handful for each agent to whom it was offered.
    found = await facts_of_interaction(
        ctx, interaction_id, since=interaction.created_at, after=after[0] if after else 0
    )
    return page_of(Fact, found[: limit + 1], limit, lambda fact: (fact.id,))


HANDLERS = [list_interactions, get_one_interaction, list_interaction_facts]


async def _visible(ctx: Context, user: SignedIn, interaction_id: int) -> InteractionView:
    interaction = await get_interaction(ctx, interaction_id)
    if not user.may(SEE_INTERACTIONS) and not await took_part(ctx, interaction_id, user.id):
        raise NotFound(_("There is no such interaction."))
    return interaction
