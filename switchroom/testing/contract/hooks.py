"""Hooks answer within their time, with what their specification says."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pluggy

from core.agents.states import Intent
from core.agents.views import view
from core.database.transaction import transaction
from core.errors import SwitchroomError
from core.forms.components import TextLine
from core.forms.reference import FormRef
from core.forms.schema import Form, Page
from core.forms.store import Submission
from core.forms.text import Text
from core.interactions.rows import get_interaction
from core.plugins.context import Context
from core.plugins.contracts import Scope, contract_of
from core.plugins.discovery import PluginRecord
from switchroom.testing.app import App
from switchroom.testing.contract.base import ContractBase, Place, refuse

IN_TRANSACTION = frozenset({"plugin_enabled", "tenant_cloned", "form_submitted", "promise_put_off", "promise_given"})
"""Hooks that are called inside the transaction of what they belong to."""


class HooksContract(ContractBase):
    """Every hook of tenants that the plugin implements, called as core calls it."""

    async def test_every_hook_answers_in_time_and_as_specified(
        self, app: App, record: PluginRecord, place: Place
    ) -> None:
        findings = []
        async with place.agent.context(self.plugin) as ctx:
            await self.arrange(ctx)
            samples = await self._samples(app, place, ctx)
            for caller, implementation in _implementations(app, record):
                given = self.hook_arguments(caller.name, dict(samples))
                unknown = [name for name in implementation.argnames if name not in given]
                if unknown:
                    findings.append(f"{caller.name}: give values for {', '.join(unknown)} in hook_arguments()")
                    continue
                values = [given[name] for name in implementation.argnames]
                findings += [f"{caller.name} {problem}" for problem in await _try(caller, implementation, values)]
        refuse("A hook breaks its contract.", findings)

    async def _samples(self, app: App, place: Place, ctx: Context) -> dict[str, Any]:
        """A value for every argument that hooks have, by its name."""
        samples: dict[str, Any] = {
            "ctx": ctx,
            "platform": app.platform,
            "agent": await view(ctx, place.agent.id),
            "intent": Intent.AVAILABLE,
            "old": "waiting",
            "cause": "test",
            "candidates": [place.agent.id],
            "query": "kim",
            "limit": 10,
            "settings": ctx.settings,
            "source": place.tenant,
            "due": datetime.now(UTC) + timedelta(hours=1),
            "owner_id": place.agent.id,
            "kept": True,
        }
        segment = await self.conversation(place, ctx)
        subject = "core:segment:1"
        if segment is not None:
            subject = f"core:segment:{segment.id}"
            samples["interaction"] = await get_interaction(ctx, segment.interaction_id)
        samples["form"] = FormRef("contract:test", subject, place.agent.id)
        samples["answers"] = {}
        samples["submission"] = _submission(subject, place.agent.id)
        return samples


def _submission(subject: str, user_id: int) -> Submission:
    question = TextLine(key="text", label=Text.of(en="Text"))
    form = Form(
        key="contract:test", version=1, title=Text.of(en="Contract"), pages=(Page(key="page", components=(question,)),)
    )
    return Submission(1, form, subject, user_id, {}, datetime.now(UTC))


def _implementations(app: App, record: PluginRecord) -> list[tuple[pluggy.HookCaller, pluggy.HookImpl]]:
    """The plugin's implementations of hooks of tenants."""
    callers = app.plugins.manager.get_hookcallers(record.plugin) or []
    return [
        (caller, implementation)
        for caller in sorted(callers, key=lambda caller: caller.name)
        if contract_of(caller).scope is Scope.TENANT
        for implementation in caller.get_hookimpls()
        if implementation.plugin is record.plugin
    ]


async def _try(caller: pluggy.HookCaller, implementation: pluggy.HookImpl, values: list[Any]) -> list[str]:
    contract = contract_of(caller)
    function: Any = implementation.function
    began, spent = time.monotonic(), time.process_time()
    try:
        async with asyncio.timeout(contract.timeout):
            if caller.name in IN_TRANSACTION:
                async with transaction():
                    answer = await function(*values)
            else:
                answer = await function(*values)
    except TimeoutError:
        return [f"takes longer than its {contract.timeout:g} seconds"]
    except SwitchroomError as error:
        return [f"refuses: {error}"] if error.status >= 500 else []
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the finding
        return [f"raises {type(error).__name__}: {error}"]
    problems = []
    # A timeout cannot interrupt code that never awaits: such code is found by the time it has taken all the same.
    if time.monotonic() - began > contract.timeout:
        spent = time.process_time() - spent
        problems.append(f"holds up the event loop: {spent:.1f} s of computing; do it in a thread or in a job")
    return [*problems, *_wrong_type(caller, answer)]


def _wrong_type(caller: pluggy.HookCaller, answer: Any) -> list[str]:
    assert caller.spec is not None
    wanted = get_type_hints(caller.spec.function)["return"]
    if answer is None or wanted is type(None):
        return [] if answer is None else [f"gives {answer!r} where nothing is asked for"]
    kinds = tuple(kind for kind in get_args(wanted) if kind is not type(None)) or (wanted,)
    if get_origin(wanted) is list:
        items = answer if isinstance(answer, list) else [answer]
        wrong = [item for item in items if not isinstance(item, kinds)]
        return [f"gives {item!r}, which is no {kinds[0].__name__}" for item in wrong]
    if get_origin(wanted) is dict:
        return [] if isinstance(answer, dict) else [f"gives {answer!r}, which is no mapping"]
    if isinstance(wanted, UnionType | type):
        return [] if isinstance(answer, kinds) else [f"gives {answer!r}, which is none of what is asked for"]
    return []
