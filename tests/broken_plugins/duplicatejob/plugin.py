"""Two jobs of one name."""

from switchroom import Context, Job, hookimpl, job


@job("duplicatejob.work")
async def work(ctx: Context) -> None:
    """Does one thing."""


@job("duplicatejob.work")
async def other_work(ctx: Context) -> None:
    """Does another thing."""


class DuplicateJob:
    """The fault is in the name."""

    @hookimpl
    def register_jobs(self) -> list[Job]:
        return [work, other_work]


plugin = DuplicateJob()
