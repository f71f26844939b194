"""What agents do, as the rules say it: an independent model, against which the rows of the product are held.

It knows nothing of the product's code. Times are seconds since the beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

NEVER = float("-inf")
LEASE, GRACE = 30, 4
OFFER, NO_ANSWER, WRAP_UP, EXTENSION = 20, 10, 60, 30
MISSED_LIMIT = 2
MOST_EXTENSIONS = 2


@dataclass
class Item:
    """An interaction, from which agents take work.

    Attributes:
        state: As the row has it.
    """

    id: int
    channel: str
    state: str = "waiting"


@dataclass
class Part:
    """What an agent has in hand."""

    id: int
    item: Item
    whole: bool
    until: float | None = None
    extensions: int = 0

    @property
    def doing(self) -> str:
        """What the agent does with it."""
        if self.until is not None:
            return "wrap_up"
        return "hold" if self.item.state == "held" else "busy"


@dataclass
class Asked:
    """An offer that waits for a decision."""

    id: int
    item: Item
    deadline: float


@dataclass
class Person:
    """An agent.

    Attributes:
        believed: Until when his pages count as open.
        tabs: Process → until when it is believed to have pages of his.
        status, taking, since: As they were last told: they change when something happens, not by themselves.
    """

    id: int
    intent: str = "pause"
    reason: str = ""
    undisturbed: bool = False
    believed: float = NEVER
    tabs: dict[str, float] = field(default_factory=dict)
    missed_until: float = NEVER
    missed: int = 0
    asked: Asked | None = None
    parts: dict[int, Part] = field(default_factory=dict)
    status: str = "offline"
    occupancy: str = "free"
    taking: bool = False
    since: float = 0

    @property
    def whole(self) -> Part | None:
        """What takes all of him, if anything does."""
        return next((part for part in self.parts.values() if part.whole), None)

    @property
    def in_hand(self) -> Counter[str]:
        """Channel → how many."""
        return Counter(part.item.channel for part in self.parts.values())

    def doing(self, now: float) -> str:
        """The occupancy: what takes all of him first, then what rings, then the rest."""
        if self.whole:
            return self.whole.doing
        if self.asked:
            return "offered"
        doings = {part.doing for part in self.parts.values()}
        if doings:
            return next(each for each in ("busy", "hold", "wrap_up") if each in doings)
        return "missed" if self.missed_until > now else "free"

    def settle(self, now: float, *, anew: bool = False) -> None:
        """What people see from now on."""
        self.occupancy = self.doing(now)
        here = self.believed > now
        chosen = {"available": "waiting", "outbound": "outbound", "ready": "ready", "pause": "paused"}[self.intent]
        status = self.occupancy if self.occupancy != "free" else chosen if here else "offline"
        if status != self.status or anew:
            self.status, self.since = status, now
        after = any(part.until is not None for part in self.parts.values())
        free = not (self.whole or self.asked or after or self.missed_until > now)
        self.taking = self.intent == "available" and here and free


@dataclass
class Model:
    """All of them."""

    capacity: int
    alone: bool
    least: int
    now: float = 0
    people: dict[int, Person] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)

    # --- What may be, and what follows --------------------------------------------------------------------------------

    def takes(self, person: Person, channel: str) -> bool:
        """Whether an interaction of the channel may be offered to him."""
        return person.taking and person.believed > self.now + GRACE and self.has_room(person, channel)

    def has_room(self, person: Person, channel: str) -> bool:
        """Whether he has not too much in hand for another one of the channel."""
        if channel == "voice":
            return not (self.alone and person.parts)
        return person.in_hand[channel] < self.capacity

    def may_break(self, person: Person) -> bool:
        """Whether enough others stay when he takes a break himself."""
        others = [each for each in self.people.values() if each is not person and each.intent == "available"]
        left = sum(each.believed > self.now for each in others)
        return person.intent == "pause" or left >= self.least

    def may_be_undisturbed(self, person: Person) -> bool:
        """Whether he may refuse internal calls: not while he takes calls from queues, or these alone."""
        return person.intent not in ("available", "ready")

    def choose(self, person: Person, intent: str, reason: str) -> None:
        """He, or somebody for him, wants something else from now on."""
        another = intent == "pause" and person.status == "paused" and reason != person.reason
        self._want(person, intent, reason)
        person.settle(self.now, anew=another)

    def _want(self, person: Person, intent: str, reason: str) -> None:
        person.intent, person.reason = intent, reason if intent == "pause" else ""
        person.missed = 0
        person.undisturbed = person.undisturbed and self.may_be_undisturbed(person)

    def log_in(self, person: Person) -> None:
        """Somebody whose pages are gone starts on a break."""
        if person.believed <= self.now:
            self._want(person, "pause", "")
        person.settle(self.now)

    def log_out(self, person: Person) -> None:
        """He is gone at once."""
        self._want(person, "pause", "")
        person.believed = min(person.believed, self.now)
        person.settle(self.now)

    def tab_opens(self, person: Person, process: str) -> None:
        """A page has come."""
        person.tabs[process] = person.believed = self.now + LEASE
        person.settle(self.now)

    def last_tab_closes(self, person: Person, process: str) -> None:
        """The last page at a process has gone; a reload comes back in time."""
        person.tabs.pop(process, None)
        if not any(alive > self.now for alive in person.tabs.values()) and person.believed > self.now:
            person.believed = min(person.believed, self.now + GRACE)

    def pulse(self, people: list[Person], process: str) -> None:
        """A process says that it lives, with the pages that it has."""
        for person in self.people.values():
            if process in person.tabs:
                person.tabs[process] = self.now + LEASE
        for person in people:
            person.believed = self.now + LEASE

    def take(self, person: Person, part_id: int, item: Item) -> None:
        """He begins an interaction himself."""
        item.state = "active"
        self.items[item.id] = item
        person.parts[part_id] = Part(part_id, item, whole=False)
        person.settle(self.now)

    def may_take(self, person: Person) -> bool:
        """Whether he may begin one more on paper; what is offered to him counts."""
        number = person.in_hand["paper"]
        rings = person.asked is not None and person.asked.item.channel == "paper"
        return number + rings < self.capacity

    def offer(self, person: Person, offer_id: int, item: Item) -> None:
        """An interaction is offered to him."""
        item.state = "offered"
        person.asked = Asked(offer_id, item, self.now + OFFER)
        person.settle(self.now)

    def accept(self, person: Person, part_id: int) -> None:
        """He takes what is offered."""
        assert person.asked
        item, person.asked = person.asked.item, None
        item.state, person.missed = "active", 0
        person.parts[part_id] = Part(part_id, item, whole=item.channel == "voice")
        person.settle(self.now)

    def decline(self, person: Person, *, missed: bool) -> None:
        """He does not take what is offered, or has not answered in time."""
        assert person.asked
        person.asked.item.state, person.asked = "waiting", None
        person.missed += missed
        if person.missed >= MISSED_LIMIT:
            self._want(person, "pause", "not_answering")
        person.missed_until = self.now + NO_ANSWER
        person.settle(self.now)

    def end(self, item: Item, *, followed: bool) -> None:
        """The contact is over."""
        for person in self.people.values():
            if person.asked and person.asked.item is item:
                person.asked, item.state = None, "closed"
                person.settle(self.now)
                return
            for part in list(person.parts.values()):
                if part.item is item:
                    item.state = "ended"
                    part.until = self.now + WRAP_UP
                    if not followed:
                        self._close(person, part)
                    person.settle(self.now)
                    return
        item.state = "closed"

    def extend(self, part: Part) -> None:
        """The end of after-contact work is put off."""
        assert part.until is not None
        part.until += EXTENSION
        part.extensions += 1

    def finish(self, person: Person, part: Part, then: str | None) -> None:
        """After-contact work is done."""
        if then and then != person.intent:
            self._want(person, then, "")
        self._close(person, part)
        person.settle(self.now)

    def _close(self, person: Person, part: Part) -> None:
        part.item.state = "closed"
        del person.parts[part.id]

    # --- Time ---------------------------------------------------------------------------------------------------------

    def deadlines(self) -> Iterator[float]:
        """Every moment at which something ends by itself, also those that are over."""
        yield from self.clocks()
        for person in self.people.values():
            yield from (person.believed, person.believed - GRACE, *person.tabs.values())

    def clocks(self) -> Iterator[float]:
        """Those of the work."""
        for person in self.people.values():
            yield person.missed_until
            if person.asked:
                yield person.asked.deadline
            yield from (part.until for part in person.parts.values() if part.until is not None)

    def clocks_run_down(self) -> None:
        """Everything is done whose time has come; nothing was offered meanwhile."""
        for person in self.people.values():
            if person.asked and person.asked.deadline <= self.now:
                self.decline(person, missed=True)
            for part in list(person.parts.values()):
                if part.until is not None and part.until <= self.now:
                    self._close(person, part)
            person.settle(self.now)
