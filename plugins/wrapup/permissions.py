"""Rights that the pages of after-contact work ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark

PROCESS_TASKS = "wrapup.process_tasks"

PERMISSIONS = [
    Permission(
        PROCESS_TASKS,
        mark("Fill in the form beside and after a call"),
        ("agent", "supervisor"),
        mark("The panel on the right, with the clock of the work after a call."),
    )
]
