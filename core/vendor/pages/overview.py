"""The start of the console: how things stand, and what needs somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get

from core.locale import gettext as _
from core.plugins.context import Platform
from core.tenants import directory, work
from core.vendor import attention, health, usage
from core.vendor.charts import bars, sparkline
from core.vendor.console import console_page
from core.vendor.disagreement import plugins_of_installation
from core.web.numbers import grouped
from core.web.rendering import fragment

DAYS = 30
BUSIEST = 6


@get("/vendor", operator=True)
async def overview() -> Response[Any]:
    """The frame; its parts load themselves."""
    return console_page("vendor/overview.html", title=_("Overview"))


@get("/vendor/overview/now", operator=True)
async def now(platform: Platform) -> Response[Any]:
    """Tiles, and what needs attention."""
    counted = await directory.counted()
    signs = await health.signs(platform)
    plugins = await plugins_of_installation(platform)
    today = await usage.count_today()
    return fragment(
        "vendor/overview_now.html",
        counted=counted,
        today=today,
        signs=[sign for sign in signs if sign.level is not health.Level.GOOD],
        plugins=[plugin for plugin in plugins if not plugin.fine],
        issues=await attention.count_issues(),
        works=await work.open_work(),
    )


@get("/vendor/overview/trend", operator=True)
async def trend() -> Response[Any]:
    """The last 30 days of all tenants, and the busiest of them."""
    last = datetime.now(UTC).date()
    first = last - timedelta(days=DAYS - 1)
    days = await usage.days_of(None, first, last)
    # Tenants are measured at night; today's bar shows what there is by now, like the tile above it.
    today = await usage.count_today()
    days[-1] = replace(days[-1], interactions=max(days[-1].interactions, today.interactions))
    busiest = [each for each in await usage.by_tenant(first, last, limit=BUSIEST) if each.interactions]
    label = _("Interactions of each day")
    return fragment(
        "vendor/overview_trend.html",
        chart=bars([(day.day, day.interactions) for day in days], label, grouped),
        total=sum(day.interactions for day in days),
        busiest=[(each, sparkline(each.trend, label)) for each in busiest],
    )


HANDLERS = [overview, now, trend]
