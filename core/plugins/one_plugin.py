"""Calls a hook of one plugin alone, whether it is on for a tenant or not: for what concerns nobody but that plugin."""

from __future__ import annotations

import asyncio
from typing import Any

from core.plugins.contracts import contract_of
from core.plugins.discovery import PluginRecord
from core.plugins.registry import PluginRegistry


async def ask(registry: PluginRegistry, record: PluginRecord, hook: str, **arguments: Any) -> list[Any]:
    """What the plugin answers, lists flattened; nothing when it does not implement the hook.

    Raises:
        TimeoutError: It took longer than the hook's contract allows.
        Exception: Whatever the plugin raises.
    """
    caller = getattr(registry.manager.hook, hook)
    answers: list[Any] = []
    for implementation in caller.get_hookimpls():
        if implementation.plugin is not record.plugin:
            continue
        async with asyncio.timeout(contract_of(caller).timeout):
            answer = await implementation.function(*(arguments[name] for name in implementation.argnames))
        if answer is not None:
            answers += answer if isinstance(answer, list) else [answer]
    return answers
