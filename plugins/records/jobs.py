"""Work in the background: items that come back, plugins that are told, files that are read."""

from __future__ import annotations

from plugins.records.services.adding import tell_processed
from plugins.records.services.coming_back import come_back, look_for_owner, put_back_of_nobody, work_ended
from plugins.records.services.importing.checking import check_import
from plugins.records.services.importing.imports import drop_old_imports
from switchroom import Job
from switchroom.jobs import Schedule

JOBS: list[Job | Schedule] = [
    come_back,
    look_for_owner,
    work_ended,
    tell_processed,
    check_import,
    Schedule(put_back_of_nobody, "*/5 * * * *"),
    Schedule(drop_old_imports, "40 2 * * *"),
]
