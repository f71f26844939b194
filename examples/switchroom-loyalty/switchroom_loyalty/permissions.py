"""Rights that the pages and the API ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark as _

SEE = "loyalty.see"
ENROL = "loyalty.enrol"
MANAGE = "loyalty.manage"

PERMISSIONS = [
    Permission(SEE, _("See members of the loyalty programme"), ("administrator", "supervisor", "agent")),
    Permission(ENROL, _("Enrol members"), ("administrator", "supervisor", "agent")),
    Permission(MANAGE, _("Correct points of members"), ("administrator", "supervisor")),
]
