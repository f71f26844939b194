"""Rights that the pages of routing ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark as _

MANAGE_QUEUES = "routing.manage_queues"
SEE_QUEUES = "routing.see_queues"

PERMISSIONS = [
    Permission(SEE_QUEUES, _("See queues and what waits in them"), ("administrator", "supervisor")),
    Permission(MANAGE_QUEUES, _("Change queues and the timing of teams"), ("administrator",)),
]
