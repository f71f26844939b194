"""One transaction of one task: nested blocks join the outer one, and what must follow the commit waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

import structlog
from tortoise.transactions import in_transaction

from core.database.connection import CONNECTION

log = structlog.get_logger(__name__)

AfterCommit = Callable[[], Awaitable[object]]

_waiting_for_commit: ContextVar[list[AfterCommit] | None] = ContextVar("waiting_for_commit", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Everything inside is stored together, or not at all.

    A block inside another one is part of it: its failure undoes the whole. Callbacks given to `after_commit` run in
    order once the outermost block has committed, outside the transaction; one that fails is logged and the rest run.
    """
    if _waiting_for_commit.get() is not None:
        yield
        return
    callbacks: list[AfterCommit] = []
    token = _waiting_for_commit.set(callbacks)
    try:
        async with in_transaction(CONNECTION):
            yield
    finally:
        _waiting_for_commit.reset(token)
    for callback in callbacks:
        await _run(callback)


async def after_commit(callback: AfterCommit) -> None:
    """Runs `callback` once the current transaction has committed, or at once when there is none."""
    callbacks = _waiting_for_commit.get()
    if callbacks is None:
        await _run(callback)
    else:
        callbacks.append(callback)


def in_one() -> bool:
    """Whether the current task is inside a `transaction` block."""
    return _waiting_for_commit.get() is not None


async def _run(callback: AfterCommit) -> None:
    try:
        await callback()
    except Exception:  # noqa: BLE001 - the transaction has committed; what follows it must not undo the answer
        log.exception("after_commit_failed", callback=getattr(callback, "__qualname__", repr(callback)))
