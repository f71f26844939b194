"""Rights that the pages of promises ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark as _

KEEP = "promises.keep"
MANAGE = "promises.manage"

PERMISSIONS = [
    Permission(
        KEEP,
        _("Make promises and keep one's own"),
        ("agent", "supervisor"),
        _("The bell in the top bar, and the page of what one has promised. Only who has this can own a promise."),
    ),
    Permission(
        MANAGE,
        _("See everybody's promises, and give them to others"),
        ("supervisor",),
        _("Also those that nobody owns any more."),
    ),
]
