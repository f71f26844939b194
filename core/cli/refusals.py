"""Turns what can go wrong at start into a sentence that says how to mend it; all else is a bug and keeps its trace."""

import errno
import os
from collections.abc import Iterator

from core.errors import InvalidInput, StartupError, SwitchroomError

_MEND = {
    errno.EADDRINUSE: "End the program that uses the port, or set server.port; `switchroom doctor` names it.",
    errno.EADDRNOTAVAIL: "Set server.host to an address of this machine.",
    errno.EACCES: "Give the account that runs Switchroom the right, or choose another place in settings.yaml.",
    errno.EPERM: "Give the account that runs Switchroom the right, or choose another place in settings.yaml.",
    errno.EROFS: "Set data_dir to a folder that can be written.",
    errno.ENOSPC: "Free some space.",
    errno.EDQUOT: "Free some space.",
}


def refusal_of(error: BaseException) -> SwitchroomError | None:
    """Return what to tell the person at the terminal; None when the error is not one that they can mend."""
    for part in _causes(error):
        if isinstance(part, SwitchroomError):
            return part
        if isinstance(part, OSError) and part.errno in _MEND:
            return StartupError(f"{_what(part)}.", mend=_MEND[part.errno])
        if _is_of_broker(part):
            return StartupError(
                f"The broker or the live backbone cannot be used: {part}.",
                mend="Start it, or correct broker.url and live.url; `switchroom doctor` tells which.",
            )
    return None


def _is_of_broker(error: BaseException) -> bool:
    """Whether a broker or a live backbone has failed."""
    # Imported only now: each takes a tenth of a second, which every command would spend.
    from dramatiq.errors import BrokerConnectionError
    from pika.exceptions import AMQPError
    from redis.exceptions import RedisError

    return isinstance(error, RedisError | AMQPError | BrokerConnectionError)


def sentence(refusal: SwitchroomError) -> str:
    """Say what was refused and how to mend it, with the fields of an input that are wrong."""
    fields = refusal.fields if isinstance(refusal, InvalidInput) else {}
    return "\n".join([str(refusal), *(f"  {name}: {problem}" for name, problem in fields.items())])


def _what(error: OSError) -> str:
    assert error.errno is not None  # noqa: S101 - looked up in the table above
    reason = os.strerror(error.errno)
    return f"{error.filename}: {reason}" if error.filename else error.strerror or reason


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error itself, or the leaves of a group of errors that concurrent tasks raised."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    else:
        yield error
