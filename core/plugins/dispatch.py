"""The call loop of hooks: pluggy registers and orders, this calls, under the contract of each hook.

pluggy cannot await, and stops at the first plugin that raises. Here each implementation of an enabled plugin is called
with its own context, awaited under a timeout, its answer checked and its failure caught, and the others still run.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from core.errors import Conflict, SwitchroomError
from core.plugins.contracts import Contract, Fail, Mode, contract_of
from core.plugins.issues import FIRST_PAUSE, Kind, Place
from core.plugins.registry import PluginRegistry
from core.plugins.results import Fits, WrongAnswer, check_answer, fits_of
from core.plugins.time_limit import TimeLimit, limited

if TYPE_CHECKING:
    from core.plugins.context import Context

log = structlog.get_logger(__name__)

CACHED_PLANS = 8192
"""Of one hook and one set of plugins each; tenants with the same plugins share them."""

Call = Callable[..., Coroutine[Any, Any, Any]]
Calls = Sequence[tuple[Call, "Context"]]
"""What to call, each with the context of its plugin."""


class HookFailed(Exception):
    """An implementation of a hook that must not fail has failed, or is parked since it did so again and again."""


class HookTimeout(Exception):
    """An implementation took longer than the contract of its hook allows."""


class Refused(Conflict):
    """Plugins object to what was asked for."""

    code = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of one plugin's implementation of a hook.

    Attributes:
        answer: None also when it has failed.
        error: Why it has failed; None when it has not.
    """

    plugin: str
    answer: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """Whom a hook asks, for one set of plugins.

    Attributes:
        arguments: The names of what the caller gives, as the specification orders them, without `ctx`.
        steps: The plugins in their order, and what to call: with the context and all arguments.
        fits: Whether an answer is of the type that the hook asks for.
    """

    hook: str
    contract: Contract
    specification: Callable[..., Any]
    arguments: tuple[str, ...]
    steps: tuple[tuple[str, Call], ...]
    fits: Fits


class Dispatcher:
    """Calls the hooks of one application instance."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._plan = lru_cache(maxsize=CACHED_PLANS)(self._make_plan)
        self._tried: dict[Place, tuple[datetime, float]] = {}

    def listened(self, hook: str, ctx: Context) -> bool:
        """Whether any of the tenant's plugins implements the hook."""
        return bool(self._plan(hook, ctx.enabled_plugins, self._registry.generation).steps)

    def collect(self, hook: str, ctx: Context, **arguments: Any) -> Awaitable[list[Any]]:
        """All answers of the tenant's enabled plugins, lists flattened, in plugin order."""
        return self._ask(hook, ctx, arguments, None)

    async def outcomes(self, hook: str, ctx: Context, **arguments: Any) -> list[Outcome]:
        """What became of each enabled plugin's implementation, in plugin order, for callers that tell who failed."""
        found: list[Outcome] = []
        await self._ask(hook, ctx, arguments, found)
        return found

    async def first(self, hook: str, ctx: Context, **arguments: Any) -> Any:
        """The first answer that is not None, in plugin order, or None; the plugins after it are not asked."""
        answers = await self._ask(hook, ctx, arguments, None)
        return answers[0] if answers else None

    async def veto(self, hook: str, ctx: Context, **arguments: Any) -> None:
        """Asks whether something may happen.

        Raises:
            Refused: At least one plugin objects; the message gives every reason.
        """
        blocks = await self._ask(hook, ctx, arguments, None)
        if blocks:
            raise Refused(" ".join(block.reason for block in blocks))

    async def notify(self, hook: str, ctx: Context, **arguments: Any) -> None:
        """Tells the tenant's enabled plugins what has happened."""
        await self._ask(hook, ctx, arguments, None)

    def _ask(
        self, hook: str, ctx: Context, arguments: dict[str, Any], outcomes: list[Outcome] | None
    ) -> Awaitable[list[Any]]:
        plan = self._plan(hook, ctx.enabled_plugins, self._registry.generation)
        limit = TimeLimit()
        try:
            values = [arguments[name] for name in plan.arguments]
        except KeyError as error:
            raise TypeError(f"hook {hook!r} needs the argument {error}") from None
        return limited(self._run(plan, ctx, values, limit, outcomes), plan.contract.timeout, limit)

    async def _run(
        self, plan: Plan, ctx: Context, values: list[Any], limit: TimeLimit, outcomes: list[Outcome] | None
    ) -> list[Any]:
        """The loop itself. What an implementation costs here, every hook costs for every plugin: see bench/dispatch."""
        calls = ctx.calls_of(plan)
        if ctx.parked_hooks:
            calls = self._not_parked(plan, ctx, calls, outcomes)
        deaf, one_is_enough = plan.contract.mode is Mode.NOTIFY, plan.contract.mode is Mode.FIRST
        fits = plan.fits
        answers: list[Any] = []
        # Unpacking the arguments from a list costs half as much again as the call of an empty coroutine.
        count = len(values)
        value = values[0] if count else None
        for call, bound in calls:
            try:
                answer = await (
                    call(bound) if not count else call(bound, value) if count == 1 else call(bound, *values)
                )
                if not (answer is None or deaf or fits(answer)):
                    check_answer(plan.specification, answer)
            except (Exception, SystemExit, asyncio.CancelledError) as error:
                failure = _failure(error, limit, plan.contract)
                if failure is None:
                    raise
                self._failed(plan, bound, failure)
                if outcomes is not None:
                    outcomes.append(Outcome(bound.plugin, error=failure))
                continue
            if outcomes is not None:
                outcomes.append(Outcome(bound.plugin, answer))
            if answer is None or deaf:
                continue
            if isinstance(answer, list | tuple):
                answers += answer
            else:
                answers.append(answer)
            if one_is_enough:
                break
        return answers

    def _failed(self, plan: Plan, bound: Context, error: BaseException) -> None:
        """Counts a failure; raises it on where the hook must not fail."""
        closed = plan.contract.fail is Fail.CLOSED
        if closed and isinstance(error, SwitchroomError) and error.status < 500:
            # The plugin works: it refuses what was asked for, in words for a person.
            raise error
        incident = secrets.token_hex(4)
        log.error(
            "hook_failed",
            hook=plan.hook,
            plugin=bound.plugin,
            tenant=bound.tenant.slug,
            incident=incident,
            exc_info=error,
        )
        said = str(error) if isinstance(error, HookTimeout | WrongAnswer) else error
        bound.note_issue(Kind.HOOK, plan.hook, said, incident)
        if closed:
            raise HookFailed(f"The plugin {bound.plugin!r} failed in {plan.hook!r}.") from error

    def _not_parked(self, plan: Plan, ctx: Context, calls: Calls, outcomes: list[Outcome] | None) -> Calls:
        """Those of the calls whose hook is not parked, or is to be tried again.

        Raises:
            HookFailed: One is parked, and the hook must not fail.
        """
        asked: list[tuple[Call, Context]] = []
        now = datetime.now(UTC)
        for call, bound in calls:
            until = ctx.parked_hooks.get((bound.plugin, plan.hook))
            if until is None:
                asked.append((call, bound))
                continue
            place = Place(ctx.tenant.id, bound.plugin, Kind.HOOK, plan.hook)
            if until <= now and self._may_try(place, until):
                asked.append((_telling(call, plan), bound))
                continue
            error = HookFailed(f"The plugin {bound.plugin!r} is not asked in {plan.hook!r}: it has failed too often.")
            if plan.contract.fail is Fail.CLOSED:
                raise error
            if outcomes is not None:
                outcomes.append(Outcome(bound.plugin, error=error))
        return asked

    def _may_try(self, place: Place, until: datetime) -> bool:
        """Whether this call may try a hook whose pause is over: one does, in each process, and the others wait for it.

        When nothing becomes of that, because the database could not be told, another may after a while.
        """
        tried, at = self._tried.get(place, (None, 0.0))
        if tried == until and time.monotonic() - at < FIRST_PAUSE.total_seconds():
            return False
        if len(self._tried) >= CACHED_PLANS:
            self._tried.clear()
        self._tried[place] = (until, time.monotonic())
        return True

    def _make_plan(self, hook: str, enabled: frozenset[str], _generation: int) -> Plan:
        caller = getattr(self._registry.manager.hook, hook)
        assert caller.spec is not None  # noqa: S101 - every hook of ours has a specification
        order = {record.name: number for number, record in enumerate(self._registry.ready) if record.name in enabled}
        chosen = [impl for impl in caller.get_hookimpls() if impl.plugin_name in order]
        # `tryfirst` and `trylast` weigh more than the order of plugins, as pluggy has it.
        chosen.sort(key=lambda impl: (impl.trylast, not impl.tryfirst, order[impl.plugin_name]))
        arguments = tuple(caller.spec.argnames)
        contract, specification = contract_of(caller), caller.spec.function
        steps = tuple((impl.plugin_name, _call_of(impl, arguments, contract)) for impl in chosen)
        return Plan(hook, contract, specification, arguments[1:], steps, fits_of(specification))


def _call_of(impl: Any, arguments: tuple[str, ...], contract: Contract) -> Call:
    """An implementation as a function of the context and all arguments, of which it may leave some out."""
    function: Callable[..., Any] = impl.function
    if not contract.asynchronous:
        plain = function

        async def function(*values: Any) -> Any:
            return plain(*values)

    if tuple(impl.argnames) == arguments:
        return function
    places = [arguments.index(name) for name in impl.argnames]
    return lambda *values: function(*[values[place] for place in places])


def _telling(call: Call, plan: Plan) -> Call:
    """The call that tries a parked hook again; when it answers as it should, the hook is parked no longer."""

    async def tried(ctx: Context, *values: Any) -> Any:
        answer = await call(ctx, *values)
        if answer is not None and plan.contract.mode is not Mode.NOTIFY:
            check_answer(plan.specification, answer)
        ctx.note_answer(plan.hook)
        return answer

    return tried


def _failure(error: BaseException, limit: TimeLimit, contract: Contract) -> BaseException | None:
    """What is the plugin's fault; None for the end of the task that calls, which passes through."""
    if not isinstance(error, asyncio.CancelledError):
        return error
    if limit.ended_it():
        return HookTimeout(f"It took longer than {contract.timeout:g} seconds.")
    task = asyncio.current_task()
    # Nobody has asked this task to end, so something that the plugin awaited was cancelled by the plugin itself.
    return error if task is not None and not task.cancelling() else None
