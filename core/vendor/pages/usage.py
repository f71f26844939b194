"""What tenants use: pictures, a table, and a file for a spreadsheet or an invoice."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from core.locale import gettext as _
from core.tenants import directory
from core.vendor import usage
from core.vendor.charts import bars, sparkline
from core.vendor.console import console_page
from core.web.numbers import grouped, size
from core.web.spreadsheets import harmless

SPANS = (7, 30, 90)
SMALL = 500
MOST_TENANTS = 500
MOST_LINES = 100_000

Days = Annotated[int, QueryParameter(name="days")]
OfTenant = Annotated[int | None, QueryParameter(name="tenant")]


@get("/vendor/usage", operator=True)
async def usage_page(days: Days = 30, tenant_id: OfTenant = None) -> Response[Any]:
    """The usage of all tenants, or of one."""
    first, last = _span(days)
    entry = await directory.find_one(tenant_id) if tenant_id else None
    found = await usage.days_of(tenant_id, first, last)
    label = _("Interactions of each day")
    tenants = await usage.by_tenant(first, last, limit=MOST_TENANTS) if entry is None else []
    charts = (
        (_("Interactions"), sum(day.interactions for day in found), grouped, [(d.day, d.interactions) for d in found]),
        (_("Agents at work"), max(day.agents for day in found), grouped, [(d.day, d.agents) for d in found]),
        (_("Jobs"), sum(day.jobs for day in found), grouped, [(d.day, d.jobs) for d in found]),
        (_("Storage"), found[-1].storage_bytes, size, [(d.day, d.storage_bytes) for d in found]),
    )
    return console_page(
        "vendor/usage.html",
        title=_("Usage"),
        entry=entry,
        charts=[(title, show(total), bars(values, title, show, width=SMALL)) for title, total, show, values in charts],
        tenants=[(each, sparkline(each.trend, label)) for each in tenants],
        days=(last - first).days + 1,
        spans=SPANS,
        found=list(reversed(found)),
    )


@get("/vendor/usage.csv", operator=True)
async def usage_file(days: Days = 30, tenant_id: OfTenant = None) -> Response[str]:
    """One line for each tenant and day, in UTC."""
    first, last = _span(days)
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(["day", "tenant", "name", "interactions", "agents", "jobs", "storage_bytes"])
    for row in await usage.lines(tenant_id, first, last, limit=MOST_LINES):
        lines.writerow([harmless(value) if isinstance(value, str) else value for value in row])
    name = f"usage-{first.isoformat()}-{last.isoformat()}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def _span(days: int) -> tuple[date, date]:
    last = datetime.now(UTC).date()
    return last - timedelta(days=min(max(days, 1), 366) - 1), last


HANDLERS = [usage_page, usage_file]
