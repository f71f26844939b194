"""What each hook promises and demands, declared beside its specification in `hookspecs.py`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    FIRST = "first"
    """The first result that is not None, in plugin order; the others are not asked."""
    NOTIFY = "notify"
    """None: the hook tells what has happened, after the commit. Not durable: what must not be lost is a job."""
    VETO = "veto"
    """Every `Block`: the caller refuses what was asked for and shows all reasons at once."""


class Fail(Enum):
    """What a failing implementation means for the caller."""

    OPEN = "open"
    """Logged; the others still run and the caller goes on."""
    CLOSED = "closed"
    """The plugin does not start, or what was asked for does not happen."""


@dataclass(frozen=True)
class Deprecation:
    """A hook, or an argument of one, that will go.

    Attributes:
        since: The API version since which it is not to be used.
        removal: The version in which it will be gone.
        replacement: What to use instead, as a sentence.
    """

    since: str
    removal: str
    replacement: str


@dataclass(frozen=True)
class Contract:
    """The contract of one hook.

    Attributes:
        timeout: Seconds that one implementation may take; asynchronous hooks only.
        since: The API version in which the hook appeared.
        deprecated: Set when it will go. Plugins that implement it are warned once, when they load.
        deprecated_arguments: The same for arguments, by name. Plugins that take them are warned.
    """

    scope: Scope
    mode: Mode
    fail: Fail
    timeout: float
    since: str
    asynchronous: bool
    deprecated: Deprecation | None = None
    deprecated_arguments: Mapping[str, Deprecation] = field(default_factory=dict)


def hookspec(
    *,
    scope: Scope,
    mode: Mode = Mode.COLLECT,
    fail: Fail = Fail.OPEN,
    timeout: float = 2.0,
    since: str = "1.0",
    deprecated: Deprecation | None = None,
    deprecated_arguments: Mapping[str, Deprecation] | None = None,
) -> Callable[[F], F]:
    """Marks a function of `hookspecs.py` as a hook and attaches its contract."""

    def mark(function: F) -> F:
        asynchronous = inspect.iscoroutinefunction(function)
        going = dict(deprecated_arguments or {})
        contract = Contract(scope, mode, fail, timeout, since, asynchronous, deprecated, going)
        function.contract = contract  # type: ignore[attr-defined]
        return _hookspec(function)

    return mark


def contract_of(caller: pluggy.HookCaller) -> Contract:
    """The contract of a registered hook."""
    assert caller.spec is not None  # noqa: S101 - every hook of ours has a specification
    contract: Contract = caller.spec.function.contract  # type: ignore[attr-defined]
    return contract


class ContractViolation(Exception):
    """A plugin implements a hook, or contributes something, in a way that its contract does not allow."""
