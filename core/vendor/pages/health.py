"""How the installation is: its parts, its processes, and the jobs that were given up."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from core.accounts.operators import SignedInOperator
from core.attention import discard_job, retry_job
from core.locale import gettext as _
from core.plugins.context import Platform
from core.vendor import attention, health
from core.vendor.console import console_page
from core.vendor.operators import acting
from core.vendor.processes import processes
from core.web.rendering import fragment, with_toast


@get("/vendor/health", operator=True)
async def health_page() -> Response[Any]:
    """The frame; its parts load themselves again and again."""
    return console_page("vendor/health.html", title=_("Health"))


@get("/vendor/health/signs", operator=True)
async def signs(platform: Platform) -> Response[Any]:
    """The parts of the installation."""
    found = await health.signs(platform)
    return fragment("vendor/health_signs.html", signs=found, worst=health.worst(found))


@get("/vendor/health/processes", operator=True)
async def process_list() -> Response[Any]:
    """The processes of the installation."""
    return fragment("vendor/health_processes.html", processes=await processes())


@get("/vendor/health/jobs", operator=True)
async def jobs() -> Response[Any]:
    """The jobs that were given up."""
    return fragment("vendor/health_jobs.html", jobs=await attention.dead_jobs())


@post("/vendor/jobs/{job_id:int}/again", operator=True, status_code=200)
async def try_again(job_id: int, operator: SignedInOperator) -> Response[Any]:
    """Has a job done now."""
    await retry_job(None, acting(operator), job_id)
    return with_toast(await _jobs(), _("The job is done again."))


@post("/vendor/jobs/{job_id:int}/drop", operator=True, status_code=200)
async def give_up(job_id: int, operator: SignedInOperator) -> Response[Any]:
    """Deletes a job."""
    await discard_job(None, acting(operator), job_id)
    return with_toast(await _jobs(), _("The job is deleted."))


async def _jobs() -> Response[Any]:
    return fragment("vendor/health_jobs.html", jobs=await attention.dead_jobs())


HANDLERS = [health_page, signs, process_list, jobs, try_again, give_up]
