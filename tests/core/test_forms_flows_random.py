"""Random forms gone through in two tabs: pressed, typed into, led back, reloaded, late.

After each step the pages gone through must be a way that the form has, and at the end what is sent must be what was
typed on those pages, no more and no less; from wherever it stands, the form can be ended.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import app as core_app
from core.accounts.models import User
from core.app import Application
from core.errors import Conflict, InvalidInput
from core.forms.flows.walks import buttons_shown, find_walk
from core.forms.reading import InvalidAnswers, read_answers
from core.forms.schema import Form, read_form
from core.forms.store import AlreadySubmitted, get_submission
from core.plugins.context import Context
from core.provisioning import create_tenant
from tests.conftest import make_settings
from tests.core.flow_forms import READER, SUBJECT, Tab, end, form_data, lead, page, part

EXAMPLES = int(os.environ.get("SWITCHROOM_TEST_EXAMPLES", "25"))

_numbers = itertools.count()


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """A form of a few pages: each asks for a text and a number, and most have buttons."""
    count = draw(st.integers(2, 5))
    closing = draw(st.booleans())
    pages = []
    for at in range(count):
        last = at == count - 1
        later = [f"p{number}" for number in range(at + 1, count)]
        condition = st.sampled_from([None, *(f"n{number} > 1" for number in range(at + 1))])
        components = [part("text", f"t{at}", required=draw(st.booleans())), part("number", f"n{at}")]
        if draw(st.booleans()) and not (last and closing):
            does = draw(st.lists(_doing(later, condition), min_size=1, max_size=3))
            options = [{"value": f"o{each}", "label": {"en": "x"}, "does": done} for each, done in enumerate(does)]
            shown = draw(st.sampled_from([None, *(f"n{number} > 1" for number in range(at))]))
            components.append(part("button", f"b{at}", options=options, shown_if=shown))
        more: dict[str, Any] = {"closing": closing and last}
        if at and draw(st.integers(0, 3)) == 0:
            more["shown_if"] = f"n{at - 1} != 2"
        if not last and draw(st.integers(0, 2)) == 0:
            more["leads_to"] = [{"page": draw(st.sampled_from([*later, None])), "when": draw(condition)}]
        pages.append(page(f"p{at}", *components, **more))
    return read_form(form_data(*pages))


def _doing(later: list[str], condition: st.SearchStrategy[str | None]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """What one button does."""
    ending = st.sampled_from(["good", "bad"]).map(lambda outcome: [end(outcome)])
    leading = st.builds(lambda to, when: [lead(to, when=when)], st.sampled_from([*later, None]), condition)
    setting = (
        st.just([{"kind": "set", "field": "n9", "to": {"value": 7}}])
        if not later
        else st.sampled_from(later).map(lambda to: [{"kind": "set", "field": f"n{to[1:]}", "to": {"value": 7}}])
    )
    both = st.builds(lambda one, other: one + other, setting, leading)
    return st.one_of(st.just([]), leading, ending, *([setting, both] if later else []))


Act = tuple[int, str, int, int]

acts = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["press", "press", "press", "next", "back", "save", "load"]),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=20,
)


def may_follow(form: Form, here: str) -> set[str]:
    """The pages to which a page may lead at all, told without reading any answer."""
    found: set[str] = set()
    todo = [here]
    keys = [each.key for each in form.pages]
    while todo:
        at = keys.index(todo.pop())
        asked = form.pages[at]
        ways: list[str | None] = [way.page for way in asked.leads_to]
        for component in asked.components:
            for option in getattr(component, "options", ()):
                ways += [
                    None if action.kind == "end" else action.page for action in option.does if action.kind != "set"
                ]
        ways += keys[at + 1 : at + 2]
        closing = keys[form.first_closing :][:1]
        for to in (key for way in ways for key in ([way] if way is not None else closing + keys[at + 1 : at + 2])):
            if to not in found:
                found.add(to)
                # A page that is no part of the form at the moment is passed over.
                todo += [to] if form.pages[keys.index(to)].shown_if is not None else []
    return found


@dataclass
class Desk:
    """Somebody with a form in two tabs."""

    form: Form
    tabs: list[Tab]
    done: bool = False

    async def act(self, act: Act) -> None:
        """One tab does something; being refused in words is an answer, anything else is a defect."""
        number, name, which, amount = act
        tab = self.tabs[number]
        assert tab.shown is not None
        at = tab.shown.path[-1][1:]
        typed = {f"t{at}": f"text {which}" if which else "", f"n{at}": str(amount)}
        walk = await find_walk(tab.ctx, self.form.key, SUBJECT, tab.user)
        late = walk is not None and walk.revision != tab.shown.revision and name != "load"
        try:
            if name == "press":
                await self._press(tab, which, typed)
            elif name == "load":
                await tab.load()
            else:
                await getattr(tab, name)(**typed)
        except InvalidAnswers as error:
            await self._kept(tab, error.fields)
        except Conflict:
            if not self.done:
                await tab.load()
        else:
            assert not late, "a page that is shown no more has changed something"
        self.done = self.done or tab.ended is not None

    async def _kept(self, tab: Tab, fields: dict[str, str]) -> None:
        try:
            await tab.save(errors=fields)
        except (Conflict, InvalidInput):
            if not self.done:
                await tab.load()

    async def _press(self, tab: Tab, which: int, typed: dict[str, str]) -> None:
        assert tab.shown is not None
        reading = read_answers(self.form, tab.shown.typed(READER), READER)
        shown = buttons_shown(tab.shown, reading)
        if not shown:
            await tab.next(**typed)
            return
        button = shown[which % len(shown)]
        await tab.press(button.key, button.options[which % len(button.options)].value, **typed)

    def check(self) -> None:
        """What a tab shows is a way that the form has."""
        for tab in self.tabs:
            assert tab.shown is not None
            path = tab.shown.path
            for here, there in itertools.pairwise(path):
                assert there in may_follow(self.form, here), path
            assert path[0] == "p0"

    async def finish(self) -> None:
        """Fills in what must be, and goes on until the end: there is a way from everywhere."""
        tab = self.tabs[0]
        for _step in range(3 * len(self.form.pages)):
            if self.done:
                return
            await tab.load()
            at = tab.page[1:]
            typed = {f"t{at}": "last", f"n{at}": tab.typed.get(f"n{at}", "")}
            shown = tab.shown
            assert shown is not None
            offered = buttons_shown(shown, read_answers(self.form, {**shown.typed(READER), **typed}, READER))
            if offered:
                option = next(option for option in offered[0].options if option.leads_on)
                await tab.press(offered[0].key, option.value, **typed)
            else:
                await tab.next(**typed)
            self.done = tab.ended is not None
        assert self.done, "there is no way on"


async def play(ctx: Context, form: Form, script: list[Act]) -> None:
    """One form, from its first page to its end."""
    user = await User.create(username="anna", name="Anna", password_hash="none")
    desk = Desk(form, [Tab(ctx, form, user.id), Tab(ctx, form, user.id)])
    for tab in desk.tabs:
        await tab.load()
    for act in script:
        if desk.done:
            with pytest.raises(AlreadySubmitted):
                await desk.tabs[act[0]].save()
            break
        await desk.act(act)
        desk.check()
    await desk.finish()

    sent = await get_submission(ctx, form.key, SUBJECT, user.id)
    assert sent is not None
    ended = next(tab for tab in desk.tabs if tab.ended is not None)
    assert ended.shown is not None
    walked = {key[1:] for key in ended.shown.path}
    assert {key[1:] for key in sent.answers} <= walked, "answers of pages that were left are sent"
    last = {key: text for key, text in ended.shown.typed(READER).items() if key[1:] in walked - {ended.page[1:]}}
    for key, text in last.items():
        if key.startswith("t") and text:
            assert sent.answers[key] == text
    for at in walked:
        assert f"t{at}" in sent.answers or not form.questions[f"t{at}"].required


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def application(runner: asyncio.Runner, database_url: str) -> Iterator[Application]:
    """The platform, opened once for all examples; each has a tenant of its own."""
    opened = _application(database_url)
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))


@asynccontextmanager
async def _application(url: str) -> AsyncIterator[Application]:
    test_settings = make_settings(url)
    registry = core_app.load_plugins(test_settings)
    async with core_app.database(test_settings, url, registry):
        yield Application.build(test_settings, url, registry, frozenset())


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(form=forms(), script=acts)
def test_whatever_is_pressed_the_way_is_one_of_the_form_and_ends(
    form: Form, script: list[Act], runner: asyncio.Runner, application: Application
) -> None:
    async def one() -> None:
        tenant = await create_tenant(application.platform, slug=f"flow-{next(_numbers)}", name="Flow")
        async with application.platform.context(tenant) as ctx:
            await play(ctx, form, script)

    runner.run(one())
