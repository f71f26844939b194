"""The pages on which it is set what follows contacts. Thin: what happens is in `rules`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from plugins.wrapup.models import Mode
from plugins.wrapup.permissions import MANAGE_RULES
from plugins.wrapup.rules.keeping import (
    Held,
    QueueRules,
    all_rules,
    drop_rule,
    forms_to_choose,
    outcome_of,
    outcomes,
    rules_of,
    set_rule,
)
from plugins.wrapup.rules.values import ICONS, LIMITS, MEANINGS, MODES, RuleValues, Side
from switchroom import Context
from switchroom.agents import all_teams
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _
from switchroom.web import page, with_toast

HOME = "/p/wrapup/rules"
TEAM, OWN = "team", "own"
Answer = Response[Any]
LONGEST_NUMBER = 9


@dataclass
class RuleForm:
    """A rule as it is typed."""

    queue: str = ""
    side: str = Side.INBOUND.value
    mode: str = ""
    form: str = ""
    clock: str = TEAM
    seconds: str = ""
    offer_before: str = ""
    extension_seconds: str = ""
    extensions: str = ""
    limit_minutes: str = ""
    outcome_id: str = ""
    keep_draft: str = ""


RuleData = Annotated[RuleForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@dataclass(frozen=True)
class Line:
    """One direction of a queue, as the page of all shows it.

    Attributes:
        outcome: The name of what is recorded when the time is over; empty where there is no time.
    """

    side: Side
    held: Held
    outcome: str
    form: str
    url: str


@get("/rules", permission=MANAGE_RULES)
async def rules_page(ctx: Context) -> Answer:
    """The rules of all queues at a glance."""
    return await _home(ctx)


@get("/rules/edit", permission=MANAGE_RULES)
async def rule_page(ctx: Context, queue: str = "", side: Side = Side.INBOUND) -> Answer:
    """The rule of one queue for one direction."""
    return await _edit(ctx, await rules_of(ctx, _plain(queue)), side)


@post("/rules", permission=MANAGE_RULES, status_code=200)
async def save_rule(ctx: Context, data: RuleData) -> Answer:
    """Gives a queue a rule, or changes it.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    side = _side(data.side)
    await set_rule(ctx, _plain(data.queue), side, _read(data))
    return with_toast(await _home(ctx), _("The rule is saved. Contacts that have begun keep theirs."))


@post("/rules/drop", permission=MANAGE_RULES, status_code=200)
async def drop(ctx: Context, data: RuleData) -> Answer:
    """Lets a queue go by the rule of all queues again."""
    await drop_rule(ctx, _plain(data.queue), _side(data.side))
    return with_toast(await _home(ctx), _("The queue goes by the rule of all queues again."))


PAGES = [rules_page, rule_page, save_rule, drop]


async def _home(ctx: Context) -> Answer:
    titles = dict(await forms_to_choose(ctx))
    queues = [(each, [await _line(ctx, each, side, titles) for side in Side]) for each in await all_rules(ctx)]
    response = await page(
        "wrapup/rules.html",
        title=_("After-contact work"),
        queues=queues,
        teams=await all_teams(ctx),
        modes=MODES,
        icons=ICONS,
        usual=len(titles) == 1,
    )
    response.headers["HX-Push-Url"] = HOME
    return response


async def _line(ctx: Context, rules: QueueRules, side: Side, titles: Mapping[str, str]) -> Line:
    held = rules.of(side)
    timed = held.values.has_clock or held.values.mode is Mode.REQUIRED
    outcome = await outcome_of(ctx, rules.queue, held.values.outcome_id) if timed else None
    url = f"{HOME}/edit?{urlencode({'queue': rules.queue, 'side': side.value})}"
    return Line(side, held, outcome.name if outcome else "", titles.get(held.values.form, held.values.form), url)


async def _edit(ctx: Context, rules: QueueRules, side: Side) -> Answer:
    return await page(
        "wrapup/rule.html",
        title=rules.name or _("A queue that is gone"),
        rules=rules,
        side=side,
        held=rules.of(side),
        values=rules.of(side).values,
        modes=MODES,
        meanings=MEANINGS,
        icons=ICONS,
        limits=LIMITS,
        teams=await all_teams(ctx),
        forms=await forms_to_choose(ctx),
        outcomes=await outcomes(ctx, rules.queue),
        usual_outcome=await outcome_of(ctx, rules.queue, None),
        home=HOME,
    )


def _read(data: RuleForm) -> RuleValues:
    wrong: dict[str, str] = {}

    def whole(name: str) -> int:
        text = getattr(data, name).strip()
        if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
            return int(text)
        wrong[name] = _("Give a whole number.")
        return 0

    usual = RuleValues()
    mode = next((each for each in Mode if each == data.mode), None)
    if mode is None:
        wrong["mode"] = _("Choose what follows a contact.")
    timed = mode in (Mode.TIMED, Mode.FIXED)
    chosen = data.outcome_id.strip()
    values = RuleValues(
        mode=mode or usual.mode,
        form=data.form or usual.form,
        seconds=whole("seconds") if timed and data.clock == OWN else None,
        offer_before=whole("offer_before") if timed else usual.offer_before,
        extension_seconds=whole("extension_seconds") if timed else usual.extension_seconds,
        extensions=whole("extensions") if timed else usual.extensions,
        limit_seconds=60 * whole("limit_minutes") if mode is Mode.REQUIRED else usual.limit_seconds,
        outcome_id=int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None,
        keep_draft=bool(data.keep_draft),
    )
    least, most = (limit // 60 for limit in LIMITS["limit_seconds"])
    if mode is Mode.REQUIRED and not wrong and not least <= values.limit_seconds // 60 <= most:
        wrong["limit_minutes"] = _("Give a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
    if wrong:
        raise InvalidInput(_("The rule cannot be used like this."), fields=wrong)
    return values


def _side(text: str) -> Side:
    return Side.OUTBOUND if text == Side.OUTBOUND else Side.INBOUND


def _plain(queue: str) -> str:
    return queue[:60].replace("\0", "")
