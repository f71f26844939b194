"""What each hook promises and demands, declared beside its specification in `hookspecs.py`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import pluggy

PROJECT = "switchroom"

hookimpl = pluggy.HookimplMarker(PROJECT)
_hookspec = pluggy.HookspecMarker(PROJECT)

F = TypeVar("F", bound=Callable[..., Any])


class Scope(Enum):
    """Whom a hook concerns."""

    PROCESS = "process"
    """Called once at start, for every plugin that loads."""
    TENANT = "tenant"
    """Called for the plugins that the tenant has enabled; takes `ctx` first."""


class Mode(Enum):
    """What becomes of the results."""

    COLLECT = "collect"
    """All results that are not None, in plugin order."""
    NOTIFY = "notify"
    """None: the hook tells what has happened, after the commit. Not durable: what must not be lost is a job."""


class Fail(Enum):
    """What a failing implementation means for the caller."""

    OPEN = "open"
    """Logged; the others still run and the caller goes on."""
    CLOSED = "closed"
    """The plugin does not start, or what was asked for does not happen."""


@dataclass(frozen=True)
class Contract:
    """The contract of one hook.

    Attributes:
        timeout: Seconds that one implementation may take; asynchronous hooks only.
        since: The API version in which the hook appeared.
    """

    scope: Scope
    mode: Mode
    fail: Fail
    timeout: float
    since: str
    asynchronous: bool


def hookspec(
    *, scope: Scope, mode: Mode = Mode.COLLECT, fail: Fail = Fail.OPEN, timeout: float = 2.0, since: str = "1.0"
) -> Callable[[F], F]:
    """Marks a function of `hookspecs.py` as a hook and attaches its contract."""

    def mark(function: F) -> F:
        contract = Contract(scope, mode, fail, timeout, since, inspect.iscoroutinefunction(function))
        function.contract = contract  # type: ignore[attr-defined]
        return _hookspec(function)

    return mark


def contract_of(caller: pluggy.HookCaller) -> Contract:
    """The contract of a registered hook."""
    assert caller.spec is not None  # noqa: S101 - every hook of ours has a specification
    contract: Contract = caller.spec.function.contract  # type: ignore[attr-defined]
    return contract


class ContractViolation(Exception):
    """A plugin implements a hook in a way that its contract does not allow."""


def check_implementations(manager: pluggy.PluginManager, plugin: object) -> None:
    """Refuses what pluggy lets through.

    Raises:
        ContractViolation: An implementation has the wrong colour (sync or async), wraps other plugins, answers under
            another name, or no such hook exists.
    """
    callers = manager.get_hookcallers(plugin) or []
    for caller in callers:
        for impl in caller.get_hookimpls():
            if impl.plugin is not plugin:
                continue
            where = f"hook {caller.name!r}"
            if caller.spec is None:
                raise ContractViolation(f"There is no hook named {caller.name!r}.")
            if impl.hookwrapper or impl.wrapper:
                raise ContractViolation(f"{where}: wrapping other plugins is not allowed.")
            if impl.opts.get("specname"):
                raise ContractViolation(f"{where}: specname is not allowed; name the function like the hook.")
            asynchronous = inspect.iscoroutinefunction(impl.function)
            if asynchronous != contract_of(caller).asynchronous:
                wanted = "async def" if contract_of(caller).asynchronous else "a plain def"
                raise ContractViolation(f"{where}: must be {wanted}.")
