"""Sees every call of a hook, and lets those of a plugin fail on demand."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pluggy


class Fault(Enum):
    """How a plugin is broken."""

    RAISES = "raises"
    """Its hooks raise a RuntimeError."""
    EXITS = "exits"
    """Its hooks raise SystemExit, as a careless library does."""
    HANGS = "hangs"
    """Its asynchronous hooks never come back."""
    NOT_READY = "not_ready"
    """It is `broken`, as if it had not loaded: its pages are gone and no hook is called."""


@dataclass(frozen=True)
class HookCall:
    """One call of one plugin's implementation.

    Attributes:
        arguments: By name, those that the implementation takes.
        result: What it gave; None when it raised.
        error: What it raised, a timeout included.
        seconds: How long it took.
    """

    hook: str
    plugin: str
    arguments: dict[str, Any]
    result: Any = None
    error: BaseException | None = None
    seconds: float = 0.0


@dataclass
class HookTap:
    """Stands between the call loop and the plugins.

    Attributes:
        calls: What has been called, in the order in which the calls ended.
        faults: (plugin, hook) → how it fails; the hook `*` stands for all.
    """

    calls: list[HookCall] = field(default_factory=list)
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)

    def install(self, manager: pluggy.PluginManager) -> None:
        """Puts itself before every implementation that is registered."""
        for plugin in manager.get_plugins():
            for caller in manager.get_hookcallers(plugin) or []:
                for implementation in caller.get_hookimpls():
                    if implementation.plugin is plugin:
                        # Final for pluggy's own code; the call loop of ours looks at it with every call.
                        implementation.function = self._tapped(caller.name, implementation)  # type: ignore[misc]

    def of(self, hook: str, plugin: str | None = None) -> list[HookCall]:
        """The calls of one hook, of one plugin or of all."""
        return [call for call in self.calls if call.hook == hook and plugin in (None, call.plugin)]

    def __iter__(self) -> Iterator[HookCall]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def clear(self) -> None:
        """Forgets what has been called so far."""
        self.calls.clear()

    def _tapped(self, hook: str, implementation: pluggy.HookImpl) -> Callable[..., Any]:
        function, plugin, names = implementation.function, implementation.plugin_name, implementation.argnames

        def call_of(values: tuple[Any, ...], began: float, **outcome: Any) -> None:
            arguments = dict(zip(names, values, strict=False))
            self.calls.append(HookCall(hook, plugin, arguments, seconds=time.monotonic() - began, **outcome))

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*values: Any) -> Any:
                began = time.monotonic()
                try:
                    await self._fail(plugin, hook)
                    result = await function(*values)
                except BaseException as error:
                    call_of(values, began, error=error)
                    raise
                call_of(values, began, result=result)
                return result

            return awaited

        @functools.wraps(function)
        def called(*values: Any) -> Any:
            began = time.monotonic()
            try:
                self._raise(plugin, hook)
                result = function(*values)
            except BaseException as error:
                call_of(values, began, error=error)
                raise
            call_of(values, began, result=result)
            return result

        return called

    def _fault(self, plugin: str, hook: str) -> Fault | None:
        return self.faults.get((plugin, hook)) or self.faults.get((plugin, "*"))

    def _raise(self, plugin: str, hook: str) -> None:
        match self._fault(plugin, hook):
            case Fault.RAISES:
                raise RuntimeError(f"The test has broken {hook} of {plugin}.")
            case Fault.EXITS:
                raise SystemExit(f"The test has broken {hook} of {plugin}.")

    async def _fail(self, plugin: str, hook: str) -> None:
        self._raise(plugin, hook)
        if self._fault(plugin, hook) is Fault.HANGS:
            await asyncio.Event().wait()
