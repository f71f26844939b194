"""Rights that the pages of routing ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark as _

MANAGE_QUEUES = "routing.manage_queues"
MANAGE_SKILLS = "routing.manage_skills"
SEE_QUEUES = "routing.see_queues"

PERMISSIONS = [
    Permission(
        SEE_QUEUES,
        _("See queues and what waits in them"),
        ("administrator", "supervisor"),
        _("Also the agents and what they do at the moment."),
    ),
    Permission(
        MANAGE_QUEUES,
        _("Change queues and the timing of teams"),
        ("administrator",),
        _("Who serves a queue, its hours and limits, and the times of a call."),
    ),
    Permission(
        MANAGE_SKILLS,
        _("Give agents skills"),
        ("administrator", "supervisor"),
        _("Which skills there are, and how well each agent has them; so also who serves which queue."),
    ),
]
