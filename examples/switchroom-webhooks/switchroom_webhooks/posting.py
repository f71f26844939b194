"""Sends one request to an address that was checked, and reads no more of the answer than is shown."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from switchroom_webhooks.addresses import Unreachable, port_of, reachable
from switchroom_webhooks.problems import Problem
from switchroom_webhooks.settings import InstallationSettings

# It logs the address of every request; that of a webhook may hold a key.
logging.getLogger("httpx").setLevel(logging.WARNING)

READ_BYTES = 4096
"""How much of an answer is read."""
SHOWN_CHARACTERS = 1000
LONGEST_PAUSE_ASKED = 3600
"""Seconds; an endpoint that asks for a longer pause gets this one."""
GONE = 410
UNWELL = frozenset({408, 429, 502, 503, 504})
"""Answers that concern the endpoint as a whole, and not this delivery."""


@dataclass(frozen=True)
class Answer:
    """What came of one request.

    Attributes:
        status: None when no answer came.
        problem: Why it does not count as delivered; None when it does.
        detail: What belongs to the problem.
        excerpt: The beginning of the answer's body.
        pause: Seconds for which the endpoint has asked to be left alone.
    """

    milliseconds: int
    status: int | None = None
    problem: Problem | None = None
    detail: str = ""
    excerpt: str = ""
    pause: int = 0

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.problem is None

    @property
    def unwell(self) -> bool:
        """Whether further requests to the endpoint would fare the same just now."""
        return not self.delivered and (self.status is None or self.status in UNWELL)


async def post(url: str, headers: dict[str, str], body: str, seconds: float, settings: InstallationSettings) -> Answer:
    """Sends a body; never raises for what the other side does.

    The name is resolved once and the connection goes to an address that was checked, so a name server that answers
    differently the second time leads nowhere. Redirects are not followed.

    Args:
        url: Where to.
        headers: Besides those of every request.
        body: What to send.
        seconds: From looking the name up to the last byte that is read.
        settings: What the installation allows.
    """
    started = time.monotonic()
    status, excerpt, pause = None, "", 0
    problem: Problem | None = None
    detail = ""
    try:
        async with asyncio.timeout(seconds):
            addresses = await reachable(url, settings)
            status, excerpt, pause = await _first_that_answers(url, addresses, headers, body, settings)
    except TimeoutError:
        problem, detail = Problem.TIMEOUT, f"{seconds:g}"
    except Unreachable as error:
        problem, detail = error.problem, error.host
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        problem, detail = Problem.CONNECTION, (str(error) or type(error).__name__)[:500]
    milliseconds = round((time.monotonic() - started) * 1000)
    if status is not None and not 200 <= status < 300:
        problem, detail = Problem.STATUS, str(status)
    return Answer(milliseconds, status, problem, detail, excerpt, pause)


async def _first_that_answers(
    url: str, addresses: list[str], headers: dict[str, str], body: str, settings: InstallationSettings
) -> tuple[int, str, int]:
    async with httpx.AsyncClient(
        verify=_certificates(settings.ca_file),
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # noqa: S113 - the caller limits the whole
    ) as client:
        for number, address in enumerate(addresses, start=1):
            try:
                return await _exchange(client, url, address, headers, body)
            except httpx.ConnectError:
                if number == len(addresses):
                    raise
    raise httpx.ConnectError("The host has no address.")


async def _exchange(
    client: httpx.AsyncClient, url: str, address: str, headers: dict[str, str], body: str
) -> tuple[int, str, int]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    place = f"[{address}]" if ":" in address else address
    request = client.build_request(
        "POST",
        parts._replace(netloc=f"{place}:{port_of(parts)}").geturl(),
        content=body.encode(),
        headers={**headers, "host": parts.netloc, "accept-encoding": "identity"},
        # The certificate must be the host's, whatever the address.
        extensions={"sni_hostname": host},
    )
    response = await client.send(request, stream=True)
    try:
        read = b""
        async for chunk in response.aiter_raw(READ_BYTES):
            read += chunk
            if len(read) >= READ_BYTES:
                break
    finally:
        await response.aclose()
    return response.status_code, _text(read), _pause(response.headers.get("retry-after", ""))


def _text(read: bytes) -> str:
    return read.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:SHOWN_CHARACTERS]


def _pause(header: str) -> int:
    return min(int(header), LONGEST_PAUSE_ASKED) if header.isascii() and header.isdigit() and len(header) < 10 else 0


@lru_cache(maxsize=8)
def _certificates(ca_file: Path | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
