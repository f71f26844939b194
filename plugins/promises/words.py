"""What people read: kinds, times in two zones, and what has happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from babel.dates import format_date, format_datetime

from plugins.promises.ledger import CALLBACK
from plugins.promises.reading import PromiseView, Step
from plugins.promises.settings import PromisesSettings
from plugins.promises.states import State, What
from plugins.promises.times import ABSENT, GONE
from plugins.promises.zones import CustomerTime, Night, customer_time
from switchroom.locale import active_language, mark
from switchroom.locale import gettext as _

_KINDS = {
    CALLBACK: (mark("Callback"), "phone-outgoing"),
    "next_attempt": (mark("Next attempt"), "repeat"),
    "deferred_call": (mark("Deferred call"), "clock-pause"),
    "postponed_record": (mark("Postponed record"), "clipboard-list"),
}
STATES = {
    State.OPEN: mark("Not due yet"),
    State.DUE: mark("Due"),
    State.KEPT: mark("Kept"),
    State.WITHDRAWN: mark("Withdrawn"),
    State.RELEASED: mark("Back in its queue"),
}
_STEPS = {
    What.MADE: (mark("Promised for %(time)s"), "plus"),
    What.PUT_OFF: (mark("Put off to %(time)s"), "clock-pause"),
    What.FALLEN_DUE: (mark("Fell due"), "bell"),
    What.KEPT: (mark("Kept"), "check"),
    What.WITHDRAWN: (mark("Withdrawn"), "x"),
    What.GIVEN: (mark("Given to %(owner)s"), "arrow-right"),
    What.TAKEN: (mark("Taken"), "hand-grab"),
    What.LEFT: (mark("Left without an owner"), "user-off"),
    What.RELEASED: (mark("Went back into its queue"), "arrow-back-up"),
    What.ZONE: (mark("Time zone of the customer changed"), "world"),
}
_REASONS = {
    ABSENT: mark("The owner was absent when it was due."),
    GONE: mark("The owner may not keep promises any more, or has left."),
}


@dataclass(frozen=True)
class Shown:
    """A promise as a row of a page.

    Attributes:
        kind: What it is, in words.
        picture: The name of an icon.
        when: The time for whoever reads.
        customer: The time for the customer; None where his zone is unknown.
        there: The same in words.
        openable: Whether the reader may open the page where it is kept.
    """

    promise: PromiseView
    kind: str
    picture: str
    late: bool
    when: str
    customer: CustomerTime | None
    there: str
    openable: bool


@dataclass(frozen=True)
class ShownStep:
    """A line of the history."""

    step: Step
    text: str
    picture: str
    why: str
    when: str


def kind_title(kind: str) -> str:
    """What people call a kind; that of a plugin that says nothing is made readable by itself."""
    known = _KINDS.get(kind)
    return _(known[0]) if known else kind.replace("_", " ").capitalize()


def show(
    promise: PromiseView, settings: PromisesSettings, now: datetime, zone: tzinfo, *, sees_every_card: bool
) -> Shown:
    """A promise as a row of a page.

    Args:
        promise: Which.
        settings: The tenant's.
        now: The present moment.
        zone: Of who reads.
        sees_every_card: Whether the reader may open cards of interactions that he has not handled.
    """
    customer = customer_time(promise.due_at, promise.contact_zone, promise.contact_number, settings)
    is_card = promise.url.startswith("/card/")
    return Shown(
        promise=promise,
        kind=kind_title(promise.kind),
        picture=_KINDS.get(promise.kind, ("", "bell"))[1],
        late=promise.is_late(now),
        when=when(promise.due_at, now, zone),
        customer=customer,
        there=customer_words(customer, promise.due_at.astimezone(zone)),
        openable=bool(promise.url) and (sees_every_card or promise.handled or not is_card),
    )


def show_step(step: Step, now: datetime, zone: tzinfo) -> ShownStep:
    """A line of the history in words."""
    text, picture = _STEPS[step.what]
    known = _REASONS.get(step.why)
    said = _(text) % {"owner": step.owner, "time": when(step.due_at, now, zone)}
    return ShownStep(step, said, picture, _(known) if known else step.why, when(step.at, now, zone))


def when(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """A time as people say it: today without its day, this year without its year."""
    local, here = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == here.date():
        pattern = "HH:mm"
    elif local.year == here.year:
        pattern = "EEE d MMM, HH:mm"
    else:
        pattern = "d MMM y, HH:mm"
    return str(format_datetime(local, pattern, locale=active_language()))


def day_title(moment: datetime, zone: tzinfo) -> str:
    """A day as a heading."""
    return str(format_date(moment.astimezone(zone).date(), "EEEE, d MMMM", locale=active_language()))


def customer_words(customer: CustomerTime | None, mine: datetime) -> str:
    """What time it is for the customer; empty where nothing tells of his zone.

    Args:
        customer: The time there.
        mine: The same moment in the zone of who reads.
    """
    if customer is None:
        return ""
    if customer.zone is None:
        span = {"first": _clock(customer.earliest, mine), "last": _clock(customer.latest, mine)}
        return _("%(first)s–%(last)s for the customer, several time zones") % span
    city = customer.zone.rpartition("/")[2].replace("_", " ")
    return _("%(time)s for the customer, %(zone)s") % {"time": _clock(customer.earliest, mine), "zone": city}


def night_words(customer: CustomerTime | None) -> str:
    """A warning where the customer should not be called at that time; else empty."""
    if customer is None or customer.night is Night.NO:
        return ""
    if customer.night is Night.PERHAPS:
        return _("Perhaps outside of the customer's day")
    return _("Outside of the customer's day")


def _clock(local: datetime, mine: datetime) -> str:
    pattern = "HH:mm" if local.date() == mine.date() else "EEE HH:mm"
    return str(format_datetime(local, pattern, locale=active_language()))
