"""Points are given, taken and expire. Who changes a member's points has the member's row locked."""

from __future__ import annotations

from datetime import UTC, datetime

from switchroom import Context
from switchroom.audit import record
from switchroom.database import execute, fetch, fetch_row, fetch_value, transaction
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.locale import gettext as _
from switchroom_loyalty.models import Entry, Member, Tier
from switchroom_loyalty.settings import TenantSettings

TOPIC = "loyalty"
"""The live topic of everything that pages show of members."""
MOST_POINTS = 1_000_000
BATCH = 200


async def lock_member(ctx: Context, member_id: int) -> Member:
    """A member whose points nobody else changes until the transaction ends.

    Raises:
        NotFound: The tenant has none of that id.
    """
    member = await Member.filter(id=member_id).select_for_update().first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return member


async def give(ctx: Context, member: Member, points: int, reason: str, reference: str, note: str = "") -> bool:
    """Gives a locked member points, once for each reason and reference; tells whether they were given now."""
    settings: TenantSettings = ctx.settings
    given: int | None = await fetch_value(
        "INSERT INTO loyalty_entry (tenant_id, member_id, points, remaining, reason, reference, note, at, expires_at) "
        "VALUES ($1, $2, $3, $3, $4, $5, $6, now(), now() + make_interval(months => $7)) "
        "ON CONFLICT (member_id, reason, reference) DO NOTHING RETURNING id",
        ctx.tenant.id,
        member.id,
        points,
        reason,
        reference,
        note,
        settings.keep_months,
    )
    if given is not None:
        await _settle(ctx, member)
    return given is not None


async def correct(ctx: Context, member_id: int, points: int, note: str) -> Member:
    """Gives a member points, or takes some, because somebody says so.

    Raises:
        NotFound: The tenant has none of that id.
        InvalidInput: A value cannot be used; names the field.
        Conflict: The member has not as many.
    """
    problems = {}
    if points == 0 or abs(points) > MOST_POINTS:
        problems["points"] = _("Give a number other than 0.")
    if not note.strip() or len(note) > 200:
        problems["note"] = _("Say why, in at most 200 characters.")
    if problems:
        raise InvalidInput(_("The points were not changed."), fields=problems)
    async with transaction():
        member = await lock_member(ctx, member_id)
        before = member.points
        reference = f"loyalty:correction:{datetime.now(UTC).isoformat()}"
        if points > 0:
            await give(ctx, member, points, "correction", reference, note.strip())
        elif member.points < -points:
            raise Conflict(_("The member has only %(points)d points.") % {"points": member.points})
        else:
            await _take(ctx, member, -points)
            await _note(ctx, member, points, "correction", reference, note.strip())
            await _settle(ctx, member)
        await record(
            ctx,
            "loyalty.points_corrected",
            subject=f"loyalty:member:{member.id}",
            subject_name=member.name,
            before={"points": before},
            after={"points": member.points, "note": note.strip()},
        )
    return member


async def expire(ctx: Context) -> int:
    """Takes what has expired from all members, a few at a time; gives the number of members who have lost some.

    A member's tier is looked at again when points expire: it counts those that have not.
    """
    count = 0
    # Index loyalty_entry_expiring: what has expired and is spent is not in it.
    while rows := await fetch(
        "SELECT DISTINCT member_id FROM (SELECT member_id FROM loyalty_entry WHERE tenant_id = $1 AND remaining > 0 "
        "AND expires_at <= now() ORDER BY expires_at LIMIT $2) AS due ORDER BY member_id",
        ctx.tenant.id,
        BATCH,
    ):
        for row in rows:
            async with transaction():
                count += await _expire_of(ctx, row["member_id"])
    return count


async def _expire_of(ctx: Context, member_id: int) -> bool:
    member = await lock_member(ctx, member_id)
    row = await fetch_row(
        "WITH gone AS (UPDATE loyalty_entry AS entry SET remaining = 0 FROM (SELECT id, remaining FROM loyalty_entry "
        "WHERE tenant_id = $1 AND member_id = $2 AND remaining > 0 AND expires_at <= now()) AS old "
        "WHERE entry.id = old.id RETURNING old.id, old.remaining) "
        "SELECT sum(remaining)::int AS points, max(id) AS last FROM gone",
        ctx.tenant.id,
        member_id,
    )
    if row is None or not row["points"]:
        return False
    await _note(ctx, member, -row["points"], "expired", f"loyalty:entry:{row['last']}", "")
    await _settle(ctx, member)
    return True


# What stands before an entry, in the order in which they expire, is spent before it.
_TAKE = """
UPDATE loyalty_entry AS entry SET remaining = entry.remaining - spent.points FROM (
    SELECT id, least(remaining, greatest(0, $3::bigint - (sum(remaining) OVER before - remaining)))::int AS points
    FROM loyalty_entry WHERE tenant_id = $1 AND member_id = $2 AND remaining > 0
    WINDOW before AS (ORDER BY expires_at, id)
) AS spent WHERE entry.id = spent.id AND spent.points > 0
"""


async def _take(ctx: Context, member: Member, points: int) -> None:
    """Spends points of a locked member, those first that expire first."""
    await execute(_TAKE, ctx.tenant.id, member.id, points)


async def _note(ctx: Context, member: Member, points: int, reason: str, reference: str, note: str) -> None:
    await Entry.create(
        member_id=member.id, points=points, reason=reason, reference=reference, note=note, at=datetime.now(UTC)
    )


async def _settle(ctx: Context, member: Member) -> None:
    """Stores the points and the tier of a locked member anew, and lets the partner know."""
    from switchroom_loyalty.jobs import report  # the job reads what is stored here

    settings: TenantSettings = ctx.settings
    # Index loyalty_entry_of_member. What was taken does not lower the tier: it counts what was earned.
    row = await fetch_row(
        "SELECT coalesce(sum(remaining), 0)::int AS points, "
        "coalesce(sum(points) FILTER (WHERE points > 0 AND expires_at > now()), 0)::int AS earned "
        "FROM loyalty_entry WHERE tenant_id = $1 AND member_id = $2",
        ctx.tenant.id,
        member.id,
    )
    assert row is not None  # noqa: S101 - an aggregate gives a row
    before, member.points, member.tier = member.tier, row["points"], tier_of(row["earned"], settings).value
    await member.save(update_fields=["points", "tier"])
    if before != member.tier:
        await count_in(ctx, before, -1)
        await count_in(ctx, member.tier, 1)
    if settings.partner_key is not None:
        await ctx.enqueue(report, key=f"member:{member.id}", member_id=member.id)
    await ctx.publish(TOPIC)


def tier_of(earned: int, settings: TenantSettings) -> Tier:
    """The tier of a member who has earned so many points lately."""
    if earned >= settings.gold_from:
        return Tier.GOLD
    return Tier.SILVER if earned >= settings.silver_from else Tier.BRONZE


async def count_in(ctx: Context, tier: str, number: int) -> None:
    """Adds to the number of members in a tier."""
    await execute(
        "INSERT INTO loyalty_tally (tenant_id, tier, members) VALUES ($1, $2, $3) "
        "ON CONFLICT (tenant_id, tier) DO UPDATE SET members = loyalty_tally.members + excluded.members",
        ctx.tenant.id,
        tier,
        number,
    )
