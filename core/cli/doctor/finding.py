"""What a check finds, and how a check is run so that one that fails harms no other."""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from pydantic import SecretStr

from core.cli.refusals import refusal_of
from core.settings import Settings

LONGEST = 30.0
"""Seconds after which a check that answers nothing is given up."""


class Outcome(Enum):
    """How bad it is: FAIL keeps something from working, WARN may do so one day."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the report, and a sentence on how to mend it."""

    outcome: Outcome
    subject: str
    text: str
    mend: str = ""


@dataclass(frozen=True)
class Check:
    """One thing to look at."""

    subject: str
    look: Callable[[Settings], Awaitable[list[Finding]]]


def ok(subject: str, text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Outcome.OK, subject, text)


def warn(subject: str, text: str, mend: str = "") -> Finding:
    """Return a finding that something may go wrong."""
    return Finding(Outcome.WARN, subject, text, mend)


def fail(subject: str, text: str, mend: str = "") -> Finding:
    """Return a finding that something does not work."""
    return Finding(Outcome.FAIL, subject, text, mend)


async def examine(check: Check, settings: Settings) -> list[Finding]:
    """Run one check; whatever it raises is a finding too."""
    try:
        async with asyncio.timeout(LONGEST):
            return await check.look(settings)
    except TimeoutError:
        return [fail(check.subject, f"no answer within {LONGEST:.0f} seconds.")]
    except Exception as error:  # noqa: BLE001 - a check must not keep the others from being run
        refusal = refusal_of(error)
        if refusal is not None:
            return [fail(check.subject, refusal.message, refusal.mend)]
        return [fail(check.subject, f"the check itself failed: {type(error).__name__}: {error}")]


def place(url: SecretStr) -> str:
    """Name an address without its login: `redis://host:6379/0`."""
    parts = urlsplit(url.get_secret_value())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def reason(error: BaseException) -> str:
    """Say in short why a connection failed. Libraries wrap what the system said; its word is the one that helps."""
    for part in _chain(error):
        if isinstance(part, ssl.SSLError):
            return f"TLS: {(part.reason or str(part)).replace('_', ' ').lower()}"
        if isinstance(part, TimeoutError):
            return "no answer"
        if isinstance(part, socket.gaierror):
            return str(part.strerror)
        if isinstance(part, OSError) and part.errno:
            return os.strerror(part.errno)
    text = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
    # RabbitMQ's own word: "(530) 'NOT_ALLOWED - vhost nope not found'".
    broker_says = re.search(r"\(\d+\) ['\"](.+?)(\. .*)?['\"]$", text)
    return broker_says[1] if broker_says else text


def _chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    for inner in (error.__cause__, error.__context__, getattr(error, "exception", None), *error.args):
        if isinstance(inner, BaseException):
            yield from _chain(inner)
