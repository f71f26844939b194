"""Looks at a plugin's implementations of hooks before they are registered: pluggy lets through more than contracts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pluggy

from core.plugins.contracts import Contract, ContractViolation, Deprecation, contract_of

_UNASKED = {
    inspect.Parameter.KEYWORD_ONLY: "is keyword-only, and arguments of hooks are given by position",
    inspect.Parameter.VAR_POSITIONAL: "takes any number of values, and a hook gives none but those that are named",
    inspect.Parameter.VAR_KEYWORD: "takes any number of values, and a hook gives none but those that are named",
}


@dataclass(frozen=True)
class Implementation:
    """A function of a plugin that is marked as an implementation of a hook."""

    name: str
    function: Callable[..., Any]
    options: dict[str, Any]


def check_implementations(manager: pluggy.PluginManager, plugin: object) -> list[str]:
    """Refuses what a contract does not allow; gives warnings of what will not work with a later version.

    Raises:
        ContractViolation: The plugin is a class, or cannot be hashed; an implementation has the wrong colour (sync or
            async), wraps other plugins, answers under another name, takes an argument that the hook does not give, or
            no such hook exists.
    """
    if isinstance(plugin, type):
        raise ContractViolation("'plugin' in plugin.py must be an object, not a class: write plugin = MyPlugin().")
    try:
        hash(plugin)
    except TypeError as error:
        raise ContractViolation(
            "The object 'plugin' cannot be hashed: a class that defines __eq__ must define __hash__ too."
        ) from error
    warnings: list[str] = []
    for implementation in _implementations(manager, plugin):
        caller: pluggy.HookCaller | None = getattr(manager.hook, implementation.name, None)
        if caller is None or caller.spec is None:
            raise ContractViolation(_no_hook(manager, implementation.name))
        _check_marker(implementation)
        _check_colour(implementation, contract_of(caller))
        taken = _check_arguments(implementation, caller)
        warnings += _deprecations(implementation.name, contract_of(caller), taken)
    return warnings + _unmarked(manager, plugin)


def _implementations(manager: pluggy.PluginManager, plugin: object) -> Iterator[Implementation]:
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is not None:
            yield Implementation(name, getattr(plugin, name), dict(options))


def _no_hook(manager: pluggy.PluginManager, name: str) -> str:
    close = get_close_matches(name, [known for known in vars(manager.hook) if known[0] != "_"], n=1)
    return f"There is no hook named {name!r}.{f' Did you mean {close[0]!r}?' if close else ''}"


def _check_marker(implementation: Implementation) -> None:
    if implementation.options.get("hookwrapper") or implementation.options.get("wrapper"):
        raise ContractViolation(f"hook {implementation.name!r}: wrapping other plugins is not allowed.")
    if implementation.options.get("specname"):
        raise ContractViolation(
            f"hook {implementation.name!r}: specname is not allowed; name the function like the hook."
        )


def _check_colour(implementation: Implementation, contract: Contract) -> None:
    function = implementation.function
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ContractViolation(f"hook {implementation.name!r}: must return its answer, not yield it.")
    if inspect.iscoroutinefunction(function) != contract.asynchronous:
        wanted = "async def" if contract.asynchronous else "a plain def"
        raise ContractViolation(f"hook {implementation.name!r}: must be {wanted}.")


def _check_arguments(implementation: Implementation, caller: pluggy.HookCaller) -> list[str]:
    """The arguments that an implementation takes, all of which the hook must give."""
    assert caller.spec is not None  # noqa: S101 - looked at before
    given = caller.spec.argnames
    taken: list[str] = []
    for name, parameter in inspect.signature(implementation.function).parameters.items():
        where = f"hook {implementation.name!r}: the argument {name!r}"
        if parameter.kind in _UNASKED:
            raise ContractViolation(f"{where} {_UNASKED[parameter.kind]}.")
        if parameter.default is not inspect.Parameter.empty:
            if name in given:
                raise ContractViolation(f"{where} has a default, and would always have that: leave the default out.")
            continue
        if name not in given:
            known = f"those that it gives are {', '.join(given)}" if given else "it gives none"
            raise ContractViolation(f"{where} is none that the hook gives; {known}.")
        taken.append(name)
    return taken


def _deprecations(hook: str, contract: Contract, taken: list[str]) -> list[str]:
    said = [_sentence(f"The hook {hook!r}", contract.deprecated)] if contract.deprecated else []
    return said + [
        _sentence(f"The argument {name!r} of the hook {hook!r}", deprecation)
        for name, deprecation in contract.deprecated_arguments.items()
        if name in taken
    ]


def _sentence(what: str, deprecation: Deprecation) -> str:
    return (
        f"{what} is deprecated since {deprecation.since} and will be gone in {deprecation.removal}. "
        f"{deprecation.replacement}"
    )


def _unmarked(manager: pluggy.PluginManager, plugin: object) -> list[str]:
    """Functions that are named like a hook and are none, since somebody forgot the marker."""
    return [
        f"The function {name!r} is named like a hook and not marked with @hookimpl, so it is never called."
        for name in dir(plugin)
        if name[0] != "_"
        and hasattr(manager.hook, name)
        and inspect.isroutine(getattr(plugin, name))
        and manager.parse_hookimpl_opts(plugin, name) is None
    ]
