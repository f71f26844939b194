"""The lifecycle of interactions, as plugins use it."""

from core.interactions.lifecycle import (
    NotInTalk,
    create_interaction,
    end_interaction,
    hold,
    next_waiting,
    position,
    resume,
)
from core.interactions.offers import OfferGone, accept_offer, make_offer, reject_offer
from core.interactions.rows import (
    InteractionView,
    OfferView,
    SegmentView,
    get_interaction,
    get_offer,
    get_segment,
    open_segment,
    pending_offer,
)
from core.interactions.segments import (
    NoExtensionLeft,
    WrapUpOver,
    complete_segment_later,
    extend_wrap_up,
    finish_segment,
)
from core.interactions.states import Channel, Direction, InteractionState, OfferState, SegmentState

__all__ = [
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
    "complete_segment_later",
    "create_interaction",
    "end_interaction",
    "extend_wrap_up",
    "finish_segment",
    "get_interaction",
    "get_offer",
    "get_segment",
    "hold",
    "make_offer",
    "next_waiting",
    "open_segment",
    "pending_offer",
    "position",
    "reject_offer",
    "resume",
]
