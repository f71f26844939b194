"""The tab of the card, the widget of the start page, and the pages of members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, PathParameter, QueryParameter

from switchroom import Context
from switchroom.errors import NotFound
from switchroom.interactions import InteractionView, get_interaction, handled_by
from switchroom.locale import gettext as _
from switchroom.locale import mark
from switchroom.web import SEE_INTERACTIONS, SignedIn, fragment, page, with_toast
from switchroom_loyalty import members, points
from switchroom_loyalty.models import Member, Tier
from switchroom_loyalty.numbers import shown
from switchroom_loyalty.permissions import ENROL, MANAGE, SEE
from switchroom_loyalty.settings import TenantSettings

TIERS = {Tier.BRONZE: mark("Bronze"), Tier.SILVER: mark("Silver"), Tier.GOLD: mark("Gold")}
REASONS = {
    "joined": mark("Joined"),
    "contact": mark("Contact"),
    "correction": mark("Correction"),
    "expired": mark("Expired"),
}

Id = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
Words = Annotated[str, QueryParameter(max_length=200)]
After = Annotated[int, QueryParameter(ge=0, le=2**63 - 1)]


@dataclass
class EnrolForm:
    """Who is to be enrolled."""

    name: str = ""
    phone: str = ""


@dataclass
class CorrectionForm:
    """A change of somebody's points."""

    points: int
    note: str = ""


EnrolData = Annotated[EnrolForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
CorrectionData = Annotated[CorrectionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/card/{interaction_id:int}", permission=SEE)
async def card(ctx: Context, user: SignedIn, interaction_id: Id) -> Response[Any]:
    """The tab: the member who calls, or how to make a member of who calls."""
    return await _card(ctx, user, await _seen(ctx, user, interaction_id))


@post("/card/{interaction_id:int}/enrol", permission=ENROL, status_code=200)
async def enrol_caller(ctx: Context, user: SignedIn, interaction_id: Id, data: EnrolData) -> Response[Any]:
    """Makes a member of who calls.

    Raises:
        InvalidInput: The page marks the field.
    """
    interaction = await _seen(ctx, user, interaction_id)
    await members.enrol(ctx, data.name, interaction.contact_number or data.phone)
    return with_toast(await _card(ctx, user, interaction), _("Welcome to the programme!"))


@get("/widget", permission=SEE)
async def widget(ctx: Context) -> Response[Any]:
    """How many members there are."""
    return fragment("loyalty/widget.html", overview=await members.overview(ctx), tiers=TIERS)


@get("/", permission=SEE)
async def members_page(ctx: Context, user: SignedIn, words: Words = "", after: After = 0) -> Response[Any]:
    """All members, to search and page through."""
    return await page(
        "loyalty/members.html",
        title=_("Loyalty programme"),
        words=words,
        after=after,
        found=await members.find(ctx, words, after),
        overview=await members.overview(ctx),
        tiers=TIERS,
        shown=shown,
        may_enrol=user.may(ENROL),
    )


@post("/members", permission=ENROL, status_code=200)
async def enrol(ctx: Context, data: EnrolData) -> Response[Any]:
    """Enrols somebody.

    Raises:
        InvalidInput: The page marks the field.
    """
    member = await members.enrol(ctx, data.name, data.phone)
    return Response(b"", status_code=200, headers={"HX-Redirect": f"/p/loyalty/members/{member.id}"})


@get("/members/{member_id:int}", permission=SEE)
async def member_page(member_id: Id) -> Response[Any]:
    """One member; the page's content loads by itself."""
    member = await members.get_member(member_id)
    return await page("loyalty/member.html", title=member.name, member=member)


@get("/members/{member_id:int}/state", permission=SEE)
async def member_state(ctx: Context, user: SignedIn, member_id: Id) -> Response[Any]:
    """What changes of it."""
    return await _state(ctx, user, await members.get_member(member_id))


@post("/members/{member_id:int}/points", permission=MANAGE, status_code=200)
async def correct(ctx: Context, user: SignedIn, member_id: Id, data: CorrectionData) -> Response[Any]:
    """Gives points, or takes some.

    Raises:
        InvalidInput: The page marks the field.
    """
    member = await points.correct(ctx, member_id, data.points, data.note)
    return with_toast(await _state(ctx, user, member), _("The points are changed."))


PAGES = [card, enrol_caller, widget, members_page, enrol, member_page, member_state, correct]


async def _seen(ctx: Context, user: SignedIn, interaction_id: int) -> InteractionView:
    """The interaction, for who may see its card."""
    interaction = await get_interaction(ctx, interaction_id)
    if not user.may(SEE_INTERACTIONS) and not await handled_by(ctx, interaction_id, user.id):
        raise NotFound(_("There is no such interaction."))
    return interaction


async def _card(ctx: Context, user: SignedIn, interaction: InteractionView) -> Response[Any]:
    member = await members.by_phone(interaction.contact_number)
    if member is None:
        return fragment("loyalty/enrol.html", interaction=interaction, may_enrol=user.may(ENROL))
    return fragment("loyalty/card.html", **await _about(ctx, member, 5))


async def _state(ctx: Context, user: SignedIn, member: Member) -> Response[Any]:
    return fragment("loyalty/member_state.html", may_manage=user.may(MANAGE), **await _about(ctx, member, 50))


async def _about(ctx: Context, member: Member, entries: int) -> dict[str, Any]:
    settings: TenantSettings = ctx.settings
    return {
        "member": member,
        "number": shown(member.number),
        "entries": await members.entries_of(member, entries),
        "tier": TIERS[Tier(member.tier)],
        "reasons": REASONS,
        "settings": settings,
    }
