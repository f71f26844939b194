"""Members: enrolled, found, listed."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise.exceptions import IntegrityError

from switchroom import Context
from switchroom.audit import record
from switchroom.database import fetch, fetch_value, transaction
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.locale import gettext as _
from switchroom_loyalty.models import Entry, Member, Tally, Tier
from switchroom_loyalty.numbers import new_number, read_number, read_phone
from switchroom_loyalty.points import count_in, give, lock_member

PAGE = 25
LONGEST_NAME = 200


@dataclass(frozen=True)
class MemberPage:
    """A part of the list of members.

    Attributes:
        next: The id to go on after; None at the end.
    """

    items: list[Member]
    next: int | None


@dataclass(frozen=True)
class Overview:
    """How many members there are.

    Attributes:
        by_tier: Tier → number, the best first.
        new: Those who have joined within the last seven days.
    """

    by_tier: dict[Tier, int]
    new: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_tier.values())


async def enrol(ctx: Context, name: str, phone: str) -> Member:
    """Makes a customer a member, with the points that joining gives.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        Conflict: There is a member with this phone number.
    """
    number = read_phone(phone, ctx.installation_settings.default_region)
    problems = {}
    if not name.strip() or len(name) > LONGEST_NAME:
        problems["name"] = _("Give a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
    if number is None:
        problems["phone"] = _("Give a phone number with its country code, such as +44 20 7946 0000.")
    if number is None or problems:
        raise InvalidInput(_("Nobody was enrolled."), fields=problems)
    try:
        async with transaction():
            member = await Member.create(number=await _free_number(), name=name.strip(), phone=number)
            await count_in(ctx, Tier.BRONZE, 1)
            await give(ctx, member, ctx.settings.welcome_points, "joined", f"loyalty:member:{member.id}")
            await record(ctx, "loyalty.enrolled", subject=f"loyalty:member:{member.id}", subject_name=member.name)
    except IntegrityError as error:
        raise Conflict(_("There is a member with this phone number.")) from error
    return member


async def get_member(member_id: int) -> Member:
    """One member.

    Raises:
        NotFound: The tenant has none of that id.
    """
    member = await Member.get_or_none(id=member_id)
    if member is None:
        raise NotFound(_("There is no such member."))
    return member


async def by_phone(phone: str) -> Member | None:
    """The member who calls from this number, if any."""
    return await Member.get_or_none(phone=phone) if phone else None


async def by_number(text: str) -> Member | None:
    """The member with this number, as somebody has typed it."""
    number = read_number(text)
    return await Member.get_or_none(number=number) if number else None


async def entries_of(member: Member, limit: int = 20) -> list[Entry]:
    """The last points that a member was given or lost, the newest first."""
    return await Entry.filter(member_id=member.id).order_by("-at", "-id").limit(limit)


async def has_helped(ctx: Context, member: Member, agent_id: int, subject: str) -> None:
    """An agent has helped a member: gives the points for it, once for each subject; in the caller's transaction."""
    locked = await lock_member(ctx, member.id)
    if await give(ctx, locked, ctx.settings.points_per_contact, "contact", subject):
        locked.helped_by = agent_id
        await locked.save(update_fields=["helped_by"])


_ALL = "SELECT id FROM loyalty_member WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3"
# By index loyalty_member_words: a condition with OR would not use it for each part.
_WITH_WORDS = """
SELECT id FROM (
    SELECT id FROM loyalty_member WHERE tenant_id = $1 AND lower(name) LIKE $4
    UNION SELECT id FROM loyalty_member WHERE tenant_id = $1 AND phone LIKE $5
    UNION SELECT id FROM loyalty_member WHERE tenant_id = $1 AND number LIKE $5
) AS found WHERE id > $2 ORDER BY id LIMIT $3
"""


async def find(ctx: Context, words: str = "", after: int = 0, limit: int = PAGE) -> MemberPage:
    """Members whose name, phone or number has this in it, in the order in which they joined."""
    wanted = words.strip()[:100]
    if wanted:
        digits = "".join(letter for letter in wanted if letter.isdigit()) if _looks_like_number(wanted) else ""
        patterns = (f"%{_literal(wanted.lower())}%", f"%{digits}%" if digits else "")
        rows = await fetch(_WITH_WORDS, ctx.tenant.id, after, limit + 1, *patterns)
    else:
        rows = await fetch(_ALL, ctx.tenant.id, after, limit + 1)
    ids = [row["id"] for row in rows[:limit]]
    return MemberPage(await Member.filter(id__in=ids).order_by("id"), ids[-1] if len(rows) > limit else None)


async def overview(ctx: Context) -> Overview:
    """How many members each tier has, and how many are new."""
    tallies = {Tier(tally.tier): max(0, tally.members) for tally in await Tally.all()}
    # Index loyalty_member_joined.
    new: int = await fetch_value(
        "SELECT count(*) FROM loyalty_member WHERE tenant_id = $1 AND joined_at >= now() - interval '7 days'",
        ctx.tenant.id,
    )
    return Overview({tier: tallies.get(tier, 0) for tier in reversed(Tier)}, new)


async def _free_number() -> str:
    while await Member.filter(number=(number := new_number())).exists():
        pass
    return number


def _looks_like_number(text: str) -> bool:
    return all(letter.isdigit() or letter in "+ -()" for letter in text)


def _literal(text: str) -> str:
    """The text for `LIKE`, where it stands for itself alone."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
