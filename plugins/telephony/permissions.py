"""Rights that the pages of telephony ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark as _

TAKE_CALLS = "telephony.take_calls"

PERMISSIONS = [
    Permission(
        TAKE_CALLS,
        _("Take calls with the softphone"),
        ("agent", "supervisor"),
        _("The softphone at the lower right, with its microphone."),
    )
]
