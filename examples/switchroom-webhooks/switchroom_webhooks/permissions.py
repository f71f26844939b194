"""Rights that the pages and the API ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark as _

SEE = "webhooks.see"
MANAGE = "webhooks.manage"

PERMISSIONS = [
    Permission(SEE, _("See webhooks and what was sent"), ("administrator",)),
    Permission(MANAGE, _("Add and change webhooks, and send again"), ("administrator",)),
]
