"""Whatever agents, callers, supervisors, clocks and crashes do: rows follow the rules, and nothing sticks.

The model in `agent_model` says what must be; after each step the rows are held against it. Set
SWITCHROOM_TEST_EXAMPLES to try more than the usual number of sequences.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core import app as core_app
from core.agents.connection import keep_alive, tab_closed, tab_opened
from core.agents.roster import begin_shift, end_shift
from core.agents.service import choose_intent, set_do_not_disturb
from core.agents.states import Intent
from core.app import Application
from core.database.connection import execute, fetch_value
from core.errors import SwitchroomError
from core.interactions.lifecycle import create_interaction, end_interaction, hold, resume
from core.interactions.offers import accept_offer, reject_offer
from core.interactions.segments import extend_wrap_up, finish_segment
from core.interactions.taking import begin_work
from core.plugins.context import Context
from switchroom.testing.app import make_settings
from switchroom.testing.enabling import switch_off, switch_on
from tests.core.agent_model import (
    EXTENSION,
    LEASE,
    MOST_EXTENSIONS,
    Asked,
    Item,
    Model,
    Part,
    Person,
)
from tests.core.agent_office import at_process
from tests.core.held_office import AGENTS, MARGIN, HeldOffice

DESK_PLUGINS = Path(__file__).parent / "desk_plugins"
EXAMPLES = int(os.environ.get("SWITCHROOM_TEST_EXAMPLES", "15"))


agents = st.integers(0, AGENTS - 1)
processes = st.sampled_from(["left", "right"])
some = st.integers(0, 7)
dying = st.one_of(st.none(), st.none(), st.none(), st.integers(1, 20))

Action = Callable[[Context], Awaitable[Any]]


class AgentsAtWork(HeldOffice):
    """Three agents, a supervisor, callers, two processes, and time."""

    @initialize(capacity=st.integers(1, 3), alone=st.booleans(), least=st.integers(0, 1), meant=st.booleans(),
                there=st.integers(0, AGENTS))  # fmt: skip
    def open_office(self, capacity: int, alone: bool, least: int, meant: bool, there: int) -> None:
        """There is one queue, meant for calls or for paper as well."""
        self.model = Model(capacity, alone, least)
        self.channels = ["voice", "paper"] if meant else ["voice"]
        self.run(self.open_with_agents())
        for who in range(there):
            self.agent_is_there_and_available(who)

    # --- Who, what, and the doing -------------------------------------------------------------------------------------

    def person(self, number: int) -> Person:
        return list(self.model.people.values())[number]

    def do(self, action: Action, *, allowed: bool, dies: int | None, by: int | None = None) -> bool:
        """Does something, and tells whether it is done: it was neither refused nor killed before its end."""
        crash, found = self.run(self.office.attempt(action, by=by, dies_at=dies))
        if crash.died and not crash.committed:
            return False
        refused = isinstance(found, SwitchroomError)
        assert refused != allowed, f"{found!r}"
        return not refused

    # --- Intent -------------------------------------------------------------------------------------------------------

    @rule(who=agents, intent=st.sampled_from([*Intent, Intent.AVAILABLE, Intent.AVAILABLE]),
          reason=st.sampled_from(["", "lunch", "rest", "not_answering", "nonsense"]), dies=dying)  # fmt: skip
    def agent_chooses(self, who: int, intent: Intent, reason: str, dies: int | None) -> None:
        person = self.person(who)
        known = intent is not Intent.PAUSE or reason in ("", "lunch", "rest", person.reason)
        allowed = known and (intent is not Intent.PAUSE or self.model.may_break(person))
        if self.do(lambda ctx: choose_intent(ctx, person.id, intent, reason=reason), allowed=allowed, dies=dies,
                   by=person.id):  # fmt: skip
            self.model.choose(person, intent, reason)

    @rule(who=agents, intent=st.sampled_from([Intent.PAUSE, Intent.PAUSE, *Intent]), dies=dying)
    def supervisor_chooses(self, who: int, intent: Intent, dies: int | None) -> None:
        person = self.person(who)
        if self.do(lambda ctx: choose_intent(ctx, person.id, intent, reason="meeting", comment="Now."), allowed=True,
                   dies=dies, by=self.supervisor):  # fmt: skip
            self.model.choose(person, intent, "meeting")

    @rule(who=agents, on=st.booleans(), dies=dying)
    def agent_will_not_be_disturbed(self, who: int, on: bool, dies: int | None) -> None:
        person = self.person(who)
        allowed = not on or self.model.may_be_undisturbed(person)
        if self.do(lambda ctx: set_do_not_disturb(ctx, person.id, on), allowed=allowed, dies=dies):
            person.undisturbed = on

    @rule(who=agents, comes=st.booleans(), dies=dying)
    def agent_logs_in_or_out(self, who: int, comes: bool, dies: int | None) -> None:
        person = self.person(who)
        step = begin_shift if comes else end_shift
        if self.do(lambda ctx: step(ctx, person.id), allowed=True, dies=dies):
            (self.model.log_in if comes else self.model.log_out)(person)

    # --- Connection ---------------------------------------------------------------------------------------------------

    @rule(who=agents, process=processes, dies=dying)
    def page_opens(self, who: int, process: str, dies: int | None) -> None:
        person = self.person(who)
        with at_process(self._name(process)):
            done = self.do(lambda ctx: tab_opened(ctx, person.id), allowed=True, dies=dies)
        if done:
            self.pages[process, who] = self.pages.get((process, who), 0) + 1
            self.model.tab_opens(person, self._name(process))

    @rule(who=agents)
    def agent_is_there_and_available(self, who: int) -> None:
        self.page_opens(who, "left", None)
        self.agent_chooses(who, Intent.AVAILABLE, "", None)
        self.jobs_run(None, False, False)

    @rule()
    def everybody_is_there_and_available(self) -> None:
        for who in range(AGENTS):
            self.agent_is_there_and_available(who)

    @rule(who=agents, process=processes, dies=dying)
    def page_closes(self, who: int, process: str, dies: int | None) -> None:
        if not self.pages.get((process, who)):
            return
        left = self.pages[process, who] - 1
        person = self.person(who)
        with at_process(self._name(process)):
            done = self.do(lambda ctx: tab_closed(ctx, person.id, left), allowed=True, dies=dies)
        self.pages[process, who] = left
        if done and not left:
            self.model.last_tab_closes(person, self._name(process))

    @rule(process=processes)
    def process_says_that_it_lives(self, process: str) -> None:
        here = [self.person(who) for (at, who), number in self.pages.items() if at == process and number]
        if here:
            with at_process(self._name(process)):
                self.do(lambda _ctx: keep_alive([person.id for person in here]), allowed=True, dies=None)
            self.model.pulse(here, self._name(process))

    @rule(process=processes)
    def process_dies_and_another_starts(self, process: str) -> None:
        self.deaths[process] += 1
        self.pages = {key: number for key, number in self.pages.items() if key[0] != process}

    def _name(self, process: str) -> str:
        return f"{process} {self.deaths[process]}"

    # --- Work ---------------------------------------------------------------------------------------------------------

    @rule(channel=st.sampled_from(["voice", "voice", "paper"]), dies=dying)
    def customer_comes(self, channel: str, dies: int | None) -> None:
        allowed = channel == "voice" or not self.off
        if self.do(lambda ctx: create_interaction(ctx, channel=channel, queue=self.queue), allowed=allowed, dies=dies):
            item = Item(self.newest("core_interaction"), channel)
            self.model.items[item.id] = item

    @rule(which=some, dies=dying)
    def customer_leaves(self, which: int, dies: int | None) -> None:
        items = [item for item in self.model.items.values() if item.state not in ("ended", "closed")]
        if items:
            item = items[which % len(items)]
            followed = not self.run(self.is_off())
            if self.do(lambda ctx: end_interaction(ctx, item.id, "caller_hung_up"), allowed=True, dies=dies):
                self.model.end(item, followed=followed)

    @precondition(lambda self: self.asked_people())
    @rule(which=some, dies=dying)
    def agent_accepts(self, which: int, dies: int | None) -> None:
        person, asked = self.asked_people()[which % len(self.asked_people())]
        in_time = asked.deadline > self.model.now
        if self.do(lambda ctx: accept_offer(ctx, asked.id, person.id), allowed=in_time, dies=dies):
            self.model.accept(person, self.newest("core_segment"))

    def asked_people(self) -> list[tuple[Person, Asked]]:
        """To whom something is offered, and what."""
        people = self.model.people.values() if hasattr(self, "model") else ()
        return [(person, person.asked) for person in people if person.asked]

    @precondition(lambda self: self.asked_people())
    @rule(which=some, dies=dying)
    def agent_rejects(self, which: int, dies: int | None) -> None:
        person, asked = self.asked_people()[which % len(self.asked_people())]
        in_time = asked.deadline > self.model.now
        if self.do(lambda ctx: reject_offer(ctx, asked.id, person.id), allowed=in_time, dies=dies):
            self.model.decline(person, missed=False)

    @precondition(lambda self: self.working())
    @rule(which=some, dies=dying)
    def agent_holds_or_resumes(self, which: int, dies: int | None) -> None:
        person, part = self.working()[which % len(self.working())]
        held = part.item.state == "held"
        step = resume if held else hold
        if self.do(lambda ctx: step(ctx, part.item.id, person.id), allowed=part.until is None, dies=dies):
            part.item.state = "active" if held else "held"
            person.settle(self.model.now)

    @precondition(lambda self: self.working())
    @rule(which=some, then=st.sampled_from([None, None, Intent.PAUSE, Intent.AVAILABLE]), dies=dying)
    def agent_sends_form(self, which: int, then: Intent | None, dies: int | None) -> None:
        person, part = self.working()[which % len(self.working())]
        allowed = part.until is not None and (then is not Intent.PAUSE or self.model.may_break(person))
        if self.do(lambda ctx: finish_segment(ctx, part.id, person.id, outcome="success", comment="", then=then),
                   allowed=allowed, dies=dies, by=person.id):  # fmt: skip
            self.model.finish(person, part, then)

    @precondition(lambda self: self.working())
    @rule(which=some, dies=dying)
    def agent_adds_time(self, which: int, dies: int | None) -> None:
        person, part = self.working()[which % len(self.working())]
        allowed = part.until is not None and part.extensions < MOST_EXTENSIONS
        asking = {"seconds": EXTENSION, "at_most": MOST_EXTENSIONS, "not_before": 3600}
        if self.do(lambda ctx: extend_wrap_up(ctx, part.id, person.id, **asking), allowed=allowed, dies=dies):
            self.model.extend(part)

    @rule(who=agents, dies=dying)
    def agent_takes_paper(self, who: int, dies: int | None) -> None:
        person = self.person(who)
        allowed = self.model.may_take(person) and not self.off
        if self.do(lambda ctx: begin_work(ctx, person.id, channel="paper", at_most=self.model.capacity),
                   allowed=allowed, dies=dies):  # fmt: skip
            item = Item(self.newest("core_interaction"), "paper")
            self.model.take(person, self.newest("core_segment"), item)

    def newest(self, table: str) -> int:
        """The id of the row that was added last."""
        found: int = self.run(fetch_value(f"SELECT max(id) FROM {table}"))  # noqa: S608
        return found

    def working(self) -> list[tuple[Person, Part]]:
        """Who has what in hand."""
        people = self.model.people.values() if hasattr(self, "model") else ()
        return [(person, part) for person in people for part in person.parts.values()]

    # --- The plugin of paper ------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.off)
    @rule()
    def plugin_is_switched_off(self) -> None:
        self.run(switch_off(self.application.platform, self.office.tenant, "desk"))
        self.off = True

    @precondition(lambda self: self.off)
    @rule()
    def plugin_is_switched_on(self) -> None:
        self.run(switch_on(self.application.platform, self.office.tenant, "desk"))
        self.off = False

    # --- Jobs and time ------------------------------------------------------------------------------------------------

    @rule(dies=dying, twice=st.booleans(), backwards=st.booleans())
    def jobs_run(self, dies: int | None, twice: bool, backwards: bool) -> None:
        self.run(self.let_jobs_run(dies, twice, backwards))

    @rule(broker_empties=st.booleans(), dies=dying)
    def next_deadline_passes(self, broker_empties: bool, dies: int | None) -> None:
        """Jobs run at once, as they do; the model never stands so near a deadline that it might have passed."""
        self.wait_for_the_next()
        self.run(self.let_jobs_run(dies, twice=False, backwards=False, empty=broker_empties))

    @precondition(lambda self: hasattr(self, "model") and any(self.model.clocks()))
    @rule()
    def next_deadline_passes_while_pages_stay_open(self) -> None:
        now = self.model.now
        moment = min((each for each in self.model.clocks() if each > now), default=now) + MARGIN
        while (left := moment - self.model.now) > 0:
            for process in ("left", "right"):
                self.process_says_that_it_lives(process)
            self.run(self.office.forward(min(left, LEASE - 2 * MARGIN)))
            self.rule_begins()
            self.jobs_run(None, False, False)

    @rule()
    def next_deadline_passes_while_no_worker_lives(self) -> None:
        self.wait_for_the_next()

    # --- What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        if hasattr(self, "office"):
            self.run(self.compare())
            self.rule_begins()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def application(runner: asyncio.Runner, database_url: str) -> Iterator[Application]:
    """The platform with the plugin of paper, opened once for all examples; each has an organisation of its own."""
    opened = _application(database_url)
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))


@asynccontextmanager
async def _application(url: str) -> AsyncIterator[Application]:
    chosen = make_settings(
        url,
        SWITCHROOM__PLUGINS__DIRS=json.dumps([str(DESK_PLUGINS)]),
        SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT=json.dumps(["telephony", "routing", "desk"]),
    )
    registry = core_app.load_plugins(chosen)
    async with core_app.database(chosen, url, registry):
        await execute("DELETE FROM core_job")
        built = Application.build(chosen, url, registry, frozenset())
        await built.platform.live.start()
        try:
            yield built
        finally:
            await built.platform.live.stop()


def test_whatever_happens_agents_follow_the_rules_and_nothing_sticks(
    runner: asyncio.Runner, application: Application, database_url: str
) -> None:
    AgentsAtWork.runner, AgentsAtWork.application, AgentsAtWork.dsn = runner, application, database_url
    run_state_machine_as_test(
        AgentsAtWork,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            # Who gets a call is up to the product, so that a sequence cannot be made shorter by trying parts of it.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
