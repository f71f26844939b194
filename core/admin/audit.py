"""The audit log: who changed what, when, and how it was before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from litestar import get
from litestar.response import Stream

from core.accounts.permissions import SEE_AUDIT
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page
from core.audit.reading import Wanted, actions_in, actors_in, each_entry, find_entries
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.audit_words import Line, action_title, actor_title, line_of
from core.web.identity import Identity
from core.web.rendering import fragment, page
from core.web.spreadsheets import CSV_MARK, csv_line

PAGE = 50
ADDRESS = "/admin/audit"
FILTERS = ("actor", "action", "since", "until", "subject")


@get(ADDRESS, permission=SEE_AUDIT)
async def audit_page(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity) -> Page:
    """The newest entries that fit the filter; the page keeps it in its address."""
    wanted, values = _filter(request, user)
    lines, older = await _lines(ctx, identity, wanted, values, None)
    actions = sorted(((name, action_title(name)) for name in await actions_in(ctx.tenant.id)), key=lambda pair: pair[1])
    return await page(
        "admin/audit.html",
        title=_("Audit log"),
        lines=lines,
        older=older,
        values=values,
        filtered=any(values.values()),
        export=f"{ADDRESS}/export?{urlencode(values)}",
        actions=actions,
        actors=[(actor, actor_title(actor, name)) for actor, name in await actors_in(ctx.tenant.id)],
    )


@get(f"{ADDRESS}/more", permission=SEE_AUDIT)
async def older_entries(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity) -> Page:
    """The next page of the list."""
    wanted, values = _filter(request, user)
    before = request.query_params.get("before", "")
    before_id = int(before) if before.isdecimal() and len(before) < 19 else None
    lines, older = await _lines(ctx, identity, wanted, values, before_id)
    return fragment("admin/audit_lines.html", lines=lines, older=older)


@get(f"{ADDRESS}/export", permission=SEE_AUDIT)
async def export(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity) -> Stream:
    """Everything that fits the filter, as CSV; sent while it is read, so its length does not matter."""
    wanted, _values = _filter(request, user)
    name = f"audit-{ctx.tenant.slug}-{datetime.now(user.zone).date()}.csv"
    return Stream(
        _csv(ctx, identity, wanted, user),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _csv(ctx: Context, identity: Identity, wanted: Wanted, user: SignedIn) -> AsyncIterator[bytes]:
    titles = _titles(ctx, identity)
    head = [_("Time"), _("Person"), _("Action"), _("What"), _("Before"), _("After"), "action", "subject", "id"]
    yield CSV_MARK + csv_line(head)
    async for entry in each_entry(ctx.tenant.id, wanted):
        line = line_of(entry, titles)
        before = "; ".join(f"{change.field}: {change.before}" for change in line.changes if change.before)
        after = "; ".join(f"{change.field}: {change.after}" for change in line.changes if change.after)
        at = entry.at.astimezone(user.zone).isoformat(timespec="seconds")
        values = [at, line.who, line.action, entry.subject_name, before, after]
        yield csv_line([*values, entry.action, entry.subject, str(entry.id)])


async def _lines(
    ctx: Context, identity: Identity, wanted: Wanted, values: dict[str, str], before_id: int | None
) -> tuple[list[Line], str]:
    """The lines of one page, and the address of the next; empty after the last."""
    found = await find_entries(ctx.tenant.id, wanted, before_id=before_id, limit=PAGE + 1)
    titles = _titles(ctx, identity)
    more = len(found) > PAGE
    older = f"{ADDRESS}/more?" + urlencode({**values, "before": found[PAGE - 1].id}) if more else ""
    return [line_of(entry, titles) for entry in found[:PAGE]], older


def _titles(ctx: Context, identity: Identity) -> dict[str, str]:
    return {item.name: _(item.title) for item in identity.permissions.known(ctx.enabled_plugins)}


def _filter(request: AnyRequest, user: SignedIn) -> tuple[Wanted, dict[str, str]]:
    values = {name: request.query_params.get(name, "")[:120] for name in FILTERS}
    since, until = _day(values["since"]), _day(values["until"])
    values |= {"since": since.isoformat() if since else "", "until": until.isoformat() if until else ""}
    wanted = Wanted(
        values["actor"],
        values["action"],
        values["subject"],
        _midnight(since, user),
        _midnight(until + timedelta(days=1) if until else None, user),
    )
    return wanted, values


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # What a database and a time zone can hold, with a day to spare.
    return day if 1970 <= day.year <= 9000 else None


def _midnight(day: date | None, user: SignedIn) -> datetime | None:
    return datetime.combine(day, time.min, user.zone).astimezone(UTC) if day else None


HANDLERS = [audit_page, older_entries, export]
