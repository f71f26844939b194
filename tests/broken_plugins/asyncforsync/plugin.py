"""An async def where a plain def is asked."""

from switchroom import Job, hookimpl


class AsyncForSync:
    """The fault is in the colour of the function."""

    @hookimpl
    async def register_jobs(self) -> list[Job]:
        return []


plugin = AsyncForSync()
