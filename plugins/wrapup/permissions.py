"""Rights that the pages of after-contact work ask for."""

from __future__ import annotations

from switchroom.contributions import Permission
from switchroom.locale import mark

PROCESS_TASKS = "wrapup.process_tasks"
MANAGE_DISPOSITIONS = "wrapup.manage_dispositions"
MANAGE_RULES = "wrapup.manage_rules"
SUPERVISE = "wrapup.supervise"

PERMISSIONS = [
    Permission(
        PROCESS_TASKS,
        mark("Fill in the form beside and after a call"),
        ("agent", "supervisor"),
        mark("The panel on the right, with the clock of the work after a call."),
    ),
    Permission(
        SUPERVISE,
        mark("Supervise the work after contacts"),
        ("supervisor",),
        mark("See it for all agents, end it, and complete or correct forms."),
    ),
    Permission(
        MANAGE_DISPOSITIONS,
        mark("Change dispositions"),
        ("administrator",),
        mark("The outcomes that agents choose from, for all queues or for each, and their tables."),
    ),
    Permission(
        MANAGE_RULES,
        mark("Change what follows contacts"),
        ("administrator",),
        mark("For each queue: the form, the clock, and what is recorded when its time is over."),
    ),
]
