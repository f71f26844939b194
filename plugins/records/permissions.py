"""Rights that the pages of record queues ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark as _

SEE = "records.see"
WORK = "records.work"
SUPERVISE = "records.supervise"
IMPORT = "records.import"
EXPORT = "records.export"
MANAGE = "records.manage_queues"

PERMISSIONS = [
    Permission(
        SEE,
        _("See record queues"),
        ("administrator", "supervisor", "agent"),
        _("The lists and pages of records, as far as one works on them or may see those of everybody."),
    ),
    Permission(
        WORK,
        _("Work through record queues"),
        ("agent", "supervisor"),
        _("Take records of the queues of one's team, and put them off, back or away."),
    ),
    Permission(
        SUPERVISE,
        _("See and move the records of everybody"),
        ("administrator", "supervisor"),
        _("Every record of every queue: give it to an agent, put it back, move or close it, with a reason."),
    ),
    Permission(
        IMPORT,
        _("Import records"),
        ("administrator", "supervisor"),
        _("Tables in XLSX and CSV become records of a queue."),
    ),
    Permission(
        EXPORT,
        _("Export lists of records"),
        ("administrator", "supervisor"),
        _("What the list of a queue shows, as a file with the names and numbers of customers."),
    ),
    Permission(
        MANAGE,
        _("Change record queues"),
        ("administrator",),
        _("Their names, who works in them, and what their lists show."),
    ),
]
