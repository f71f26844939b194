"""The lifecycle of interactions, as plugins use it."""

from core.interactions.channels import type_of
from core.interactions.history import handled_by
from core.interactions.lifecycle import (
    NotInTalk,
    create_interaction,
    end_interaction,
    hold,
    move_to_queue,
    position,
    resume,
)
from core.interactions.offers import OfferGone, accept_offer, make_offer, reject_offer
from core.interactions.passing_on import pass_on
from core.interactions.rows import (
    InteractionView,
    OfferView,
    SegmentView,
    get_interaction,
    get_offer,
    get_segment,
    open_segment,
    open_segments,
    pending_offer,
)
from core.interactions.segments import (
    NoExtensionLeft,
    WrapUpOver,
    end_after_work,
    extend_wrap_up,
    finish_segment,
    record_outcome,
)
from core.interactions.states import Channel, Direction, InteractionState, OfferState, SegmentState
from core.interactions.taking import AtCapacity, begin_work
from core.interactions.waiting import next_for

__all__ = [
    "AtCapacity",
    "Channel",
    "Direction",
    "InteractionState",
    "InteractionView",
    "NoExtensionLeft",
    "NotInTalk",
    "OfferGone",
    "OfferState",
    "OfferView",
    "SegmentState",
    "SegmentView",
    "WrapUpOver",
    "accept_offer",
    "begin_work",
    "create_interaction",
    "end_after_work",
    "end_interaction",
    "extend_wrap_up",
    "finish_segment",
    "get_interaction",
    "get_offer",
    "get_segment",
    "handled_by",
    "hold",
    "make_offer",
    "move_to_queue",
    "next_for",
    "open_segment",
    "open_segments",
    "pass_on",
    "pending_offer",
    "position",
    "record_outcome",
    "reject_offer",
    "resume",
    "type_of",
]
