"""Tenants: the list, a new one, and the page of each with all that can be done to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import available_timezones

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter

from core.accounts.operators import SignedInOperator
from core.locale import gettext as _
from core.plugin_lifecycle import overview
from core.plugins import issues
from core.plugins.context import Platform
from core.tenants import creation, directory, work
from core.tenants.cloning import clone_tenant
from core.tenants.creation import NewTenant
from core.tenants.suspension import get_tenant
from core.vendor import usage
from core.vendor.attention import in_tenant
from core.vendor.charts import bars, sparkline
from core.vendor.console import console_page
from core.vendor.operators import acting
from core.web.numbers import grouped
from core.web.rendering import fragment

DAYS = 30


@dataclass
class NewTenantForm:
    """What the page of a new tenant, or of a copy, sends."""

    name: str = ""
    slug: str = ""
    language: str = ""
    timezone: str = ""
    plugins: list[str] = field(default_factory=list)
    admin_username: str = ""
    admin_name: str = ""


Form = Annotated[NewTenantForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Words = Annotated[str, QueryParameter(name="q")]
State = Annotated[str, QueryParameter(name="show")]
Page = Annotated[int, QueryParameter(name="page")]


@get("/vendor/tenants", operator=True)
async def tenant_list(words: Words = "", show: State = "", page: Page = 1) -> Response[Any]:
    """All tenants, or those that are searched for."""
    return console_page("vendor/tenants.html", title=_("Tenants"), **await _found(words, show, page))


@get("/vendor/tenants/found", operator=True)
async def tenants_found(words: Words = "", show: State = "", page: Page = 1) -> Response[Any]:
    """The list alone, while somebody types."""
    return fragment("vendor/tenants_found.html", **await _found(words, show, page))


@get("/vendor/tenants/new", operator=True)
async def new_tenant(platform: Platform) -> Response[Any]:
    """The form of a new tenant."""
    defaults = platform.settings.locale
    form = NewTenantForm(
        language=defaults.default_language,
        timezone=defaults.default_timezone,
        plugins=list(platform.settings.plugins.enabled_by_default),
    )
    plugins = [record for record in platform.registry.ready if record.manifest is not None]
    return console_page(
        "vendor/tenant_new.html", title=_("New tenant"), form=form, plugins=plugins, zones=sorted(available_timezones())
    )


@get("/vendor/tenants/suggestion", operator=True)
async def suggest(name: str = "", slug: str = "") -> Response[Any]:
    """The short name that fits the name."""
    return fragment("vendor/tenant_slug.html", slug=creation.suggest_slug(name) or slug)


@post("/vendor/tenants", operator=True, status_code=200)
async def create_tenant(data: Form, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """Makes the tenant; its administrator's password is shown this once."""
    administrator = (data.admin_username, data.admin_name) if data.admin_username or data.admin_name else None
    new = NewTenant(data.slug, data.name, data.language, data.timezone)
    made = await creation.create(platform, new, data.plugins, acting(operator), administrator=administrator)
    response = console_page(
        "vendor/tenant_made.html",
        title=made.tenant.name,
        tenant_ref=made.tenant,
        administrator=made.administrator,
        left_off=made.left_off,
        source=None,
        url=platform.settings.server.url,
    )
    return _at(response, made.tenant.id)


@get("/vendor/tenants/{tenant_id:int}", operator=True)
async def tenant_page(tenant_id: int, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """One tenant."""
    return await show_tenant(tenant_id, platform, operator)


async def show_tenant(tenant_id: int, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """The page of a tenant, as it is now."""
    tenant = await get_tenant(tenant_id)
    entry = await directory.find_one(tenant_id)
    last = datetime.now(UTC).date()
    if entry.state != "deleting":
        await usage.measure(tenant_id, last)
    days = await usage.days_of(tenant_id, last - timedelta(days=DAYS - 1), last)
    async with in_tenant(platform, tenant_id, operator) as ctx:
        plugins = await overview(platform, ctx)
    label = _("Interactions of each day")
    return console_page(
        "vendor/tenant.html",
        title=tenant.name,
        entry=entry,
        plugins=plugins,
        issues=await issues.issues(tenant_id),
        works=await work.work_of(tenant_id),
        total=sum(day.interactions for day in days),
        jobs=sum(day.jobs for day in days),
        most_agents=max(day.agents for day in days),
        storage=days[-1].storage_bytes,
        chart=bars([(day.day, day.interactions) for day in days], label, grouped),
        url=platform.settings.server.url,
    )


@get("/vendor/tenants/{tenant_id:int}/clone", operator=True)
async def clone_form(tenant_id: int) -> Response[Any]:
    """The form of a copy."""
    tenant = await get_tenant(tenant_id)
    name = _("Copy of %(name)s") % {"name": tenant.name}
    form = NewTenantForm(name=name, slug=f"{tenant.slug[:35]}-copy")
    return console_page(
        "vendor/tenant_clone.html",
        title=_("Clone %(name)s") % {"name": tenant.name},
        tenant_ref=tenant.ref(),
        form=form,
    )


@post("/vendor/tenants/{tenant_id:int}/clone", operator=True, status_code=200)
async def clone(tenant_id: int, data: Form, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """Makes the copy, and gives its administrator a password that is shown this once."""
    source = await get_tenant(tenant_id)
    actor = acting(operator)
    made = await clone_tenant(platform, tenant_id, NewTenant(data.slug, data.name), actor)
    administrator = None
    if data.admin_username:
        async with platform.context(made.tenant, actor) as ctx:
            administrator = await creation.add_administrator(
                ctx, data.admin_username, data.admin_name or data.admin_username
            )
    response = console_page(
        "vendor/tenant_made.html",
        title=made.tenant.name,
        tenant_ref=made.tenant,
        administrator=administrator,
        left_off=made.left_off,
        source=source.name,
        users=made.users,
        url=platform.settings.server.url,
    )
    return _at(response, made.tenant.id)


def _at(response: Response[Any], tenant_id: int) -> Response[Any]:
    """The answer stands at the tenant's address: loading it again makes no second tenant."""
    response.headers["HX-Push-Url"] = f"/vendor/tenants/{tenant_id}"
    return response


async def _found(words: str, show: str, page: int) -> dict[str, Any]:
    found = await directory.find(words, state=show, page=page)
    last = datetime.now(UTC).date()
    trends = await usage.trends_of([entry.id for entry in found.tenants], last - timedelta(days=DAYS - 1), last)
    label = _("Interactions of the last 30 days")
    return {
        "found": found,
        "q": words,
        "show": show,
        "counted": await directory.counted(),
        "sparks": {tenant_id: sparkline(trend, label) for tenant_id, trend in trends.items()},
        "totals": {tenant_id: sum(trend) for tenant_id, trend in trends.items()},
    }


HANDLERS = [tenant_list, tenants_found, new_tenant, suggest, create_tenant, tenant_page, clone_form, clone]
