"""What the pages do, for programs: `/api/v1/loyalty/…`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.params import QueryParameter
from pydantic import Field

from switchroom import Context
from switchroom.api import Answer, Cursor, Given, Id, Limit, Page, Whole, page_of, read_cursor
from switchroom_loyalty import members, points
from switchroom_loyalty.models import Tier
from switchroom_loyalty.permissions import ENROL, MANAGE, SEE


class MemberGiven(Given):
    """Who is to be enrolled."""

    name: Annotated[str, Field(max_length=members.LONGEST_NAME)]
    """What people call the member."""
    phone: Annotated[str, Field(max_length=40)]
    """The phone number, with its country code."""


class MemberAnswer(Answer):
    """A member."""

    id: int
    number: str
    """Ten digits, the last of which checks the others."""
    name: str
    phone: str
    """E.164."""
    tier: Tier
    points: int
    """What can be spent."""
    joined_at: datetime


class PointsGiven(Given):
    """A change of a member's points."""

    points: Whole
    """How many to give; below zero to take some."""
    note: Annotated[str, Field(min_length=1, max_length=200)]
    """Why."""


@get("/members", permission=SEE)
async def list_members(
    ctx: Context,
    limit: Limit = members.PAGE,
    cursor: Cursor = None,
    words: Annotated[
        str, QueryParameter(max_length=100, description="A part of the name, the phone or the number.")
    ] = "",
) -> Page[MemberAnswer]:
    """Members, in the order in which they joined."""
    key = read_cursor(cursor, int)
    found = await members.find(ctx, words, key[0] if key else 0, limit + 1)
    return page_of(MemberAnswer, found.items, limit, lambda member: (member.id,))


@post("/members", permission=ENROL, idempotent=True)
async def enrol(ctx: Context, data: MemberGiven) -> MemberAnswer:
    """Enrols somebody."""
    return MemberAnswer.model_validate(await members.enrol(ctx, data.name, data.phone))


@get("/members/{member_id:int}", permission=SEE)
async def get_member(member_id: Id) -> MemberAnswer:
    """One member."""
    return MemberAnswer.model_validate(await members.get_member(member_id))


@post("/members/{member_id:int}/points", permission=MANAGE, idempotent=True)
async def correct_points(ctx: Context, member_id: Id, data: PointsGiven) -> MemberAnswer:
    """Gives a member points, or takes some."""
    return MemberAnswer.model_validate(await points.correct(ctx, member_id, data.points, data.note))


API = [list_members, enrol, get_member, correct_points]
