"""The softphone's place in the workspace."""

from __future__ import annotations

from plugins.telephony.permissions import TAKE_CALLS
from switchroom.contributions import Panel, Slot
from switchroom.locale import gettext as _


def softphone_panel(user_id: int) -> Panel:
    """The softphone of a user, loaded again whenever something happens to that user."""
    return Panel(
        id="telephony.softphone",
        title=_("Softphone"),
        url="/p/telephony/softphone",
        slot=Slot.DOCK,
        topics=(f"user:{user_id}",),
        permission=TAKE_CALLS,
        icon="phone",
        order=10,
    )
