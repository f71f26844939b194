"""Logging: structlog over the standard library's, for people or as JSON, with secrets taken out."""

import logging
import re
import sys
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.settings import Logging

REDACTED = "[redacted]"
# Whole words of a key: `password`, `api_token`, `turnCredential` and `Set-Cookie` are secret, `tokens_left` is not.
_SECRET_WORDS = frozenset(
    [
        *("password", "passwd", "passphrase", "token", "secret", "secrets", "credential", "credentials"),
        *("sdp", "cookie", "cookies", "authorization"),
    ]
)
_SECRET_PAIRS = frozenset(
    [("api", "key"), ("secret", "key"), ("private", "key"), ("session", "id"), ("session", "key")]
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PASSWORD_IN_URL = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)", re.IGNORECASE)
_DEEPEST = 8
# Libraries that tell each of their steps at level info; our own events say what came of them.
_CHATTY = ("aioice", "aiortc", "dramatiq", "tortoise", "uvicorn")


def configure_logs(settings: Logging, stream: TextIO | None = None) -> None:
    """Send every record of this process, structlog's and the standard library's, to one stream in one format.

    May be called again, and then replaces what it set before.

    Args:
        settings: Level and format.
        stream: Where to write; None is the standard error stream.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    target = stream or sys.stderr
    render: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if settings.format == "json"
        # Plain tracebacks: the rich ones print local variables, which hold secrets.
        else structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            render,
        ],
    )
    output = logging.StreamHandler(target)
    output.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(settings.level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if settings.level == "debug" else logging.WARNING)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take out the values of keys that name a secret, at any depth, and passwords inside addresses."""
    return {key: _redacted(key, value, 0) for key, value in event.items()}


def names_secret(key: str) -> bool:
    """Tell whether a key's name says that its value is secret."""
    words = [word.lower() for word in _WORD.findall(key)]
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_PAIRS.isdisjoint(pairwise(words))


def _redacted(key: object, value: Any, depth: int) -> Any:
    if isinstance(key, str) and value is not None and names_secret(key):
        return REDACTED
    if isinstance(value, str):
        return _PASSWORD_IN_URL.sub(rf"\g<before>{REDACTED}", value)
    if depth >= _DEEPEST:
        return value if isinstance(value, int | float | bool | None) else "…"
    if isinstance(value, Mapping):
        return {inner: _redacted(inner, item, depth + 1) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(None, item, depth + 1) for item in value]
    return value
