"""One transaction of one task: nested blocks join the outer one; some work waits for its end, some for its commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog
from tortoise.transactions import in_transaction

from core.database.connection import CONNECTION

log = structlog.get_logger(__name__)

Callback = Callable[[], Awaitable[object]]
Batch = Callable[[list[Any]], Awaitable[object]]


LAST = "last"
"""The key of the batch that is written after all others."""


@dataclass
class _Open:
    """What waits for the end of the transaction that is open."""

    batches: dict[str, tuple[list[Any], Batch]] = field(default_factory=dict)
    at_once: list[Callback] = field(default_factory=list)
    after_commit: list[Callback] = field(default_factory=list)


_open: ContextVar[_Open | None] = ContextVar("open_transaction", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Everything inside is stored together, or not at all.

    A block inside another one is part of it: its failure undoes the whole. Callbacks given to `after_commit` run in
    order once the outermost block has committed, outside the transaction; one that fails is logged and the rest run.
    """
    if _open.get() is not None:
        yield
        return
    waiting = _Open()
    token = _open.set(waiting)
    try:
        async with in_transaction(CONNECTION):
            yield
            await _write_batches(waiting)
    finally:
        _open.reset(token)
    for callback in (*waiting.at_once, *waiting.after_commit):
        await _run(callback)


async def _write_batches(waiting: _Open) -> None:
    while waiting.batches:
        # The last one is what locks rows that others need, and what the other batches may add to.
        key = next((key for key in waiting.batches if key != LAST), LAST)
        items, write = waiting.batches.pop(key)
        await write(items)


def batch_until_commit(key: str, write: Batch) -> list[Any]:
    """A list of the current transaction to append to; `write` gets it before the commit, that of `LAST` at the end.

    Raises:
        RuntimeError: There is no transaction.
    """
    waiting = _open.get()
    if waiting is None:
        raise RuntimeError("batch_until_commit() needs a transaction() block around it.")
    return waiting.batches.setdefault(key, ([], write))[0]


async def after_commit(callback: Callback) -> None:
    """Runs `callback` once the current transaction has committed, or at once when there is none."""
    waiting = _open.get()
    if waiting is None:
        await _run(callback)
    else:
        waiting.after_commit.append(callback)


async def at_once_after_commit(callback: Callback) -> None:
    """Like `after_commit`, before all that waits for the commit: for what is quick and somebody waits for."""
    waiting = _open.get()
    if waiting is None:
        await _run(callback)
    else:
        waiting.at_once.append(callback)


def in_one() -> bool:
    """Whether the current task is inside a `transaction` block."""
    return _open.get() is not None


async def _run(callback: Callback) -> None:
    try:
        await callback()
    except Exception:
        log.exception("after_commit_failed", callback=getattr(callback, "__qualname__", repr(callback)))
