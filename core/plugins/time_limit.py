"""Ends one of several awaits that takes too long, at no cost for those that do not wait at all.

`asyncio.timeout` costs more than most implementations of hooks, which answer at their first step. Here a timer is set
only when one suspends.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


class TimeLimit:
    """The limit on each thing that one coroutine awaits, one after the other."""

    # Defaults of the class: one of these is made with every call of a hook, and needs them only when it waits.
    _task: asyncio.Task[Any] | None = None
    _timer: asyncio.TimerHandle | None = None
    _awaited: object = None
    _before: int = 0
    _passed: bool = False

    def ended_it(self) -> bool:
        """Whether a `CancelledError` that has just come out of an await is the limit's, and not from elsewhere.

        Nobody else has asked this task to end, then, and it may go on.
        """
        if self._task is None:
            return False
        if not self._passed:
            return False
        self._passed = False
        return self._task.uncancel() <= self._before

    def _watch(self, awaited: object, seconds: float) -> None:
        """Begins anew when the coroutine has come to another await."""
        if awaited is self._awaited:
            return
        self._rest()
        self._awaited = awaited
        self._task = asyncio.current_task()
        if self._task is not None:
            self._before = self._task.cancelling()
            self._timer = asyncio.get_running_loop().call_later(seconds, self._pass)

    def _pass(self) -> None:
        self._passed = True
        if self._task is not None:
            self._task.cancel()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._passed and self._task is not None:
            # What was awaited has swallowed its end.
            self._passed = False
            self._task.uncancel()


@types.coroutine
def limited(work: Coroutine[Any, Any, T], seconds: float, limit: TimeLimit) -> Generator[Any, Any, T]:
    """Awaits `work`, whose every own await may take `seconds`; then `CancelledError` is raised there.

    `work` asks `limit` whether the error means that, and goes on.
    """
    try:
        waited_for = work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    try:
        while True:
            limit._watch(work.cr_await, seconds)  # type: ignore[attr-defined]
            sent, thrown = None, None
            try:
                sent = yield waited_for
            except BaseException as error:  # noqa: BLE001 - handed on to where it belongs
                thrown = error
            # Outside of the clause above: else what comes next would seem to have happened while this was handled.
            waited_for = work.send(sent) if thrown is None else work.throw(thrown)
    except StopIteration as stop:
        result = stop.value
        return result
    finally:
        limit._rest()
