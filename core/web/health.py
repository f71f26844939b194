"""For whoever watches the server: does the process answer, and does it reach its database."""

from __future__ import annotations

import asyncio

import structlog
from litestar import Response, get

from core.database.connection import fetch_value

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 3.0


@get("/healthz", public=True)
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", public=True)
async def ready() -> Response[dict[str, str]]:
    """The process can work: it reaches the database."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await fetch_value("SELECT 1")
    except Exception:
        # Whatever the reason, the answer is no; the log says more.
        log.exception("not_ready")
        return Response({"status": "unavailable", "reason": "The database cannot be reached."}, status_code=503)
    return Response({"status": "ok"})
