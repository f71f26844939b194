"""How hooks are called: in order, under the contract, each plugin with its own context, and none harming another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import InvalidInput
from core.plugins.context import Context, Platform
from core.plugins.contracts import hookimpl
from core.plugins.contributions import Block
from core.plugins.dispatch import HookFailed, HookTimeout, Refused
from core.plugins.issues import issues
from core.plugins.results import WrongAnswer
from core.tenancy.context import TenantRef
from tests.core.hook_calls import dispatcher, enabled

pytestmark = pytest.mark.anyio


class Good:
    @hookimpl
    async def answers(self, ctx: Context, number: int) -> list[int]:
        return [number, len(ctx.plugin)]


class Later:
    """Answers after it has waited, several times."""

    @hookimpl
    async def answers(self, number: int) -> list[int]:
        for _ in range(3):
            await asyncio.sleep(0)
        return [number]


class Raising:
    @hookimpl
    async def answers(self) -> list[int]:
        raise SystemExit("from a library")

    @hookimpl
    async def must_not_fail(self) -> None:
        raise ValueError("it failed")


class Hanging:
    @hookimpl
    async def answers(self) -> list[int]:
        await asyncio.Event().wait()
        return [0]


class Swallowing:
    """Takes its end for an error that it can live with."""

    @hookimpl
    async def answers(self) -> list[int]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return [5]


class Cancelling:
    """Awaits something that it has cancelled itself."""

    @hookimpl
    async def answers(self) -> list[int]:
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task
        return [0]


class Timing:
    """Has a timeout of its own."""

    @hookimpl
    async def answers(self) -> list[int]:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            return [1]
        return [0]


class Answering:
    """Answers every hook with what it was made with, and counts."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.asked = 0

    def _say(self) -> Any:
        self.asked += 1
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    @hookimpl
    async def answers(self) -> Any:
        return self._say()

    @hookimpl
    async def words(self, word: str, number: int, ctx: Context) -> Any:
        return [f"{word}-{number}-{ctx.plugin}"]

    @hookimpl
    async def choice(self) -> Any:
        return self._say()

    @hookimpl
    async def may_happen(self) -> Any:
        return self._say()

    @hookimpl
    async def happened(self) -> Any:
        return self._say()

    @hookimpl
    async def must_not_fail(self) -> Any:
        return self._say()


async def test_a_plugin_that_raises_or_hangs_does_not_keep_the_others_from_answering(ctx: Context) -> None:
    hooks = dispatcher(bad=Raising(), good=Good(), slow=Hanging(), later=Later(), other=Good())
    answers = await hooks.collect("answers", enabled(ctx, "bad", "good", "slow", "later", "other"), number=7)
    assert answers == [7, len("good"), 7, 7, len("other")]


async def test_a_plugin_that_is_off_for_the_tenant_is_not_called(ctx: Context) -> None:
    hooks = dispatcher(good=Good(), other=Good())
    assert await hooks.collect("answers", enabled(ctx, "other"), number=7) == [7, len("other")]
    assert await hooks.collect("answers", enabled(ctx), number=7) == []
    assert hooks.listened("answers", enabled(ctx, "good"))
    assert not hooks.listened("answers", enabled(ctx))


async def test_arguments_come_by_their_names_whatever_their_order(ctx: Context) -> None:
    hooks = dispatcher(one=Answering())
    assert await hooks.collect("words", enabled(ctx, "one"), word="w", number=3) == ["w-3-one"]


async def test_a_caller_that_forgets_an_argument_is_told_which(ctx: Context) -> None:
    with pytest.raises(TypeError, match="number"):
        await dispatcher(good=Good()).collect("answers", enabled(ctx, "good"))


async def test_a_hook_that_must_not_fail_stops_what_was_asked_for(ctx: Context) -> None:
    with pytest.raises(HookFailed) as failed:
        await dispatcher(bad=Raising()).notify("must_not_fail", enabled(ctx, "bad"))
    assert isinstance(failed.value.__cause__, ValueError)


async def test_a_refusal_in_words_for_a_person_passes_through_a_hook_that_must_not_fail(
    ctx: Context, platform: Platform, tenant: TenantRef
) -> None:
    refusal = InvalidInput("The number is taken.", fields={"number": "Choose another one."})
    with pytest.raises(InvalidInput) as raised:
        await dispatcher(strict=Answering(refusal)).notify("must_not_fail", enabled(ctx, "strict"))
    assert raised.value is refusal
    await platform.issues.store()
    assert await issues(tenant.id) == [], "a plugin that refuses has not failed"


async def test_first_stops_at_the_first_answer(ctx: Context) -> None:
    none, wrong, bad, two, three = Answering(), Answering("x"), Answering(KeyError("x")), Answering(2), Answering(3)
    hooks = dispatcher(none=none, wrong=wrong, bad=bad, two=two, three=three)
    names = ("none", "wrong", "bad", "two", "three")
    assert await hooks.first("choice", enabled(ctx, *names)) == 2
    assert [plugin.asked for plugin in (none, wrong, bad, two, three)] == [1, 1, 1, 1, 0]


async def test_first_gives_an_answer_that_is_false_but_not_none(ctx: Context) -> None:
    hooks = dispatcher(zero=Answering(0), two=Answering(2))
    assert await hooks.first("choice", enabled(ctx, "zero", "two")) == 0


async def test_first_without_an_answer_is_none(ctx: Context) -> None:
    assert await dispatcher(none=Answering()).first("choice", enabled(ctx, "none")) is None


async def test_veto_gives_every_reason_and_those_who_fail_refuse_nothing(ctx: Context) -> None:
    hooks = dispatcher(
        one=Answering(Block("One objects.")),
        bad=Answering(ValueError()),
        wrong=Answering("no"),
        two=Answering(Block("Two objects.")),
        fine=Answering(),
    )
    with pytest.raises(Refused, match=r"One objects\. Two objects\."):
        await hooks.veto("may_happen", enabled(ctx, "one", "bad", "wrong", "two", "fine"))
    await hooks.veto("may_happen", enabled(ctx, "bad", "wrong", "fine"))


async def test_what_a_hook_that_is_told_answers_counts_for_nothing(ctx: Context) -> None:
    one, two = Answering("nonsense"), Answering()
    await dispatcher(one=one, two=two).notify("happened", enabled(ctx, "one", "two"))
    assert (one.asked, two.asked) == (1, 1)


@pytest.mark.parametrize("answer", [7, "seven", ["seven"], [7, None], {7: 7}, [True]])
async def test_an_answer_of_the_wrong_type_is_a_failure_of_that_plugin(
    ctx: Context, platform: Platform, tenant: TenantRef, answer: Any
) -> None:
    hooks = dispatcher(wrong=Answering(answer), good=Good())
    assert await hooks.collect("answers", enabled(ctx, "wrong", "good"), number=7) == [7, 4]
    await platform.issues.store()
    (issue,) = await issues(tenant.id)
    assert (issue.plugin, issue.place) == ("wrong", "answers")
    assert issue.message.startswith("The answer must be list[int], not ")


async def test_callers_can_learn_who_has_failed_and_why(ctx: Context) -> None:
    hooks = dispatcher(bad=Raising(), good=Good(), slow=Hanging(), wrong=Answering("x"))
    outcomes = await hooks.outcomes("answers", enabled(ctx, "bad", "good", "slow", "wrong"), number=7)
    assert [(outcome.plugin, outcome.answer) for outcome in outcomes] == [
        ("bad", None),
        ("good", [7, 4]),
        ("slow", None),
        ("wrong", None),
    ]
    assert [type(outcome.error) for outcome in outcomes] == [SystemExit, type(None), HookTimeout, WrongAnswer]


async def test_a_plugin_that_swallows_its_end_harms_nobody_after_it(ctx: Context) -> None:
    hooks = dispatcher(greedy=Swallowing(), slow=Hanging(), good=Good())
    answers = await hooks.collect("answers", enabled(ctx, "greedy", "slow", "good"), number=7)
    assert answers == [5, 7, 4]
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_plugin_may_have_timeouts_of_its_own(ctx: Context) -> None:
    assert await dispatcher(own=Timing()).collect("answers", enabled(ctx, "own"), number=7) == [1]


async def test_a_plugin_that_cancels_what_it_awaits_has_failed_like_any_other(ctx: Context) -> None:
    hooks = dispatcher(odd=Cancelling(), good=Good())
    assert await hooks.collect("answers", enabled(ctx, "odd", "good"), number=7) == [7, 4]


async def test_the_end_of_the_task_that_calls_passes_through(ctx: Context) -> None:
    after = Answering([1])
    hooks = dispatcher(slow=Hanging(), after=after)
    task = asyncio.create_task(hooks.outcomes("answers", enabled(ctx, "slow", "after"), number=7))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not after.asked


async def test_a_timeout_around_the_call_is_not_taken_for_that_of_the_hook(ctx: Context) -> None:
    hooks = dispatcher(slow=Hanging(), good=Good())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await hooks.collect("answers", enabled(ctx, "slow", "good"), number=7)


async def test_an_interrupt_from_the_keyboard_passes_through(ctx: Context) -> None:
    with pytest.raises(KeyboardInterrupt):
        await dispatcher(bad=Answering(KeyboardInterrupt())).collect("answers", enabled(ctx, "bad"), number=7)


async def test_each_plugin_has_its_own_context_and_the_same_one_each_time(ctx: Context) -> None:
    seen: list[Context] = []

    class Watching:
        @hookimpl
        async def happened(self, ctx: Context) -> None:
            seen.append(ctx)

    hooks = dispatcher(one=Watching(), two=Watching())
    both = enabled(ctx, "one", "two")
    await hooks.notify("happened", both)
    await hooks.notify("happened", both)
    assert [each.plugin for each in seen] == ["one", "two", "one", "two"]
    assert seen[0] is seen[2]
    assert all(each.tenant == ctx.tenant and each.actor == ctx.actor for each in seen)


async def test_tryfirst_and_trylast_weigh_more_than_the_order_of_plugins(ctx: Context) -> None:
    def answering(number: int, mark: Callable[..., Any]) -> object:
        class Plugin:
            @mark
            async def answers(self) -> list[int]:
                return [number]

        return Plugin()

    last, plain, first = hookimpl(trylast=True), hookimpl, hookimpl(tryfirst=True)
    hooks = dispatcher(a=answering(4, last), b=answering(2, plain), c=answering(3, plain), d=answering(1, first))
    assert await hooks.collect("answers", enabled(ctx, "a", "b", "c", "d"), number=0) == [1, 2, 3, 4]


async def test_tenants_with_the_same_plugins_share_one_plan(ctx: Context) -> None:
    hooks = dispatcher(good=Good(), other=Good())
    for _ in range(100):
        await hooks.collect("answers", enabled(ctx, "good", "other"), number=1)
    await hooks.collect("answers", enabled(ctx, "good"), number=1)
    known = hooks._plan.cache_info()
    assert (known.currsize, known.maxsize) == (2, 8192)
