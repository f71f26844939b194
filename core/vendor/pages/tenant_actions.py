"""What is done to one tenant: suspended, resumed, exported, deleted, given an administrator, mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Stream

from core.accounts.operators import SignedInOperator
from core.audit.log import record_of
from core.locale import gettext as _
from core.plugin_lifecycle import disable_plugin, enable_with_requirements
from core.plugins import issues
from core.plugins.context import Platform
from core.tenants import creation, deletion, export, suspension, work
from core.tenants.directory import find_one
from core.vendor.attention import in_tenant
from core.vendor.console import console_page
from core.vendor.operators import acting
from core.vendor.pages.tenants import show_tenant
from core.web.rendering import fragment, with_toast

CHUNK = 256 * 1024


@dataclass
class Suspension:
    """Why a tenant is suspended."""

    reason: str = ""


@dataclass
class Confirmation:
    """What somebody has typed to confirm."""

    confirmation: str = ""


@dataclass
class Administrator:
    """Who is to administer the tenant."""

    admin_username: str = ""
    admin_name: str = ""


@post("/vendor/tenants/{tenant_id:int}/suspend", operator=True, status_code=200)
async def suspend(
    tenant_id: int,
    data: Annotated[Suspension, Body(media_type=RequestEncodingType.URL_ENCODED)],
    platform: Platform,
    operator: SignedInOperator,
) -> Response[Any]:
    """Suspends the tenant."""
    await suspension.suspend(platform, tenant_id, acting(operator), reason=data.reason.strip()[:300])
    return with_toast(await show_tenant(tenant_id, platform, operator), _("The tenant is suspended."))


@post("/vendor/tenants/{tenant_id:int}/resume", operator=True, status_code=200)
async def resume(tenant_id: int, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """Lets the tenant work again."""
    await suspension.resume(tenant_id, acting(operator))
    return with_toast(await show_tenant(tenant_id, platform, operator), _("The tenant works again."))


@post("/vendor/tenants/{tenant_id:int}/administrator", operator=True, status_code=200)
async def give_administrator(
    tenant_id: int,
    data: Annotated[Administrator, Body(media_type=RequestEncodingType.URL_ENCODED)],
    platform: Platform,
    operator: SignedInOperator,
) -> Response[Any]:
    """Gives the tenant an administrator with a new password, which is shown this once."""
    async with in_tenant(platform, tenant_id, operator) as ctx:
        name = data.admin_name or data.admin_username
        administrator = await creation.add_administrator(ctx, data.admin_username, name)
    return fragment("vendor/administrator.html", administrator=administrator)


@post("/vendor/tenants/{tenant_id:int}/export", operator=True, status_code=200)
async def begin_export(tenant_id: int, operator: SignedInOperator) -> Response[Any]:
    """Begins an export."""
    await export.export_tenant(tenant_id, acting(operator))
    return await _works(tenant_id)


@get("/vendor/tenants/{tenant_id:int}/work", operator=True)
async def works(tenant_id: int) -> Response[Any]:
    """Exports and deletions, and how far they are."""
    return await _works(tenant_id)


@get("/vendor/exports/{work_id:int}", operator=True)
async def load_export(work_id: int, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """The file of an export; who has loaded it is noted."""
    path, found = await export.export_file(platform.settings, work_id)
    subject = f"core:tenant:{found.tenant_id}"
    await record_of(found.tenant_id, acting(operator), "core.tenant_export_loaded", subject, found.slug, {}, {})
    name = f"{found.slug}-{found.created_at:%Y-%m-%d}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(found.size)}
    return Stream(_chunks(path), media_type="application/zip", headers=headers)


@get("/vendor/tenants/{tenant_id:int}/delete", operator=True)
async def delete_form(tenant_id: int) -> Response[Any]:
    """Asks for the confirmation."""
    entry = await find_one(tenant_id)
    title = _("Delete %(name)s") % {"name": entry.name}
    return console_page("vendor/tenant_delete.html", title=title, entry=entry, works=await work.work_of(tenant_id))


@post("/vendor/tenants/{tenant_id:int}/delete", operator=True, status_code=200)
async def delete(
    tenant_id: int,
    data: Annotated[Confirmation, Body(media_type=RequestEncodingType.URL_ENCODED)],
    platform: Platform,
    operator: SignedInOperator,
) -> Response[Any]:
    """Begins the deletion, and shows how it goes."""
    number = await deletion.delete_tenant(platform, tenant_id, acting(operator), confirmation=data.confirmation)
    return Response(b"", headers={"HX-Redirect": f"/vendor/work/{number}"})


@get("/vendor/work/{work_id:int}", operator=True)
async def work_page(work_id: int) -> Response[Any]:
    """How long work goes; it can be followed when the tenant is gone."""
    found = await work.get_work(work_id)
    return console_page("vendor/work.html", title=found.slug, work=found)


@get("/vendor/work/{work_id:int}/progress", operator=True)
async def progress(work_id: int) -> Response[Any]:
    """How far it is."""
    return fragment("vendor/work_progress.html", work=await work.get_work(work_id))


@post("/vendor/work/{work_id:int}/again", operator=True)
async def again(work_id: int) -> Response[Any]:
    """Takes up a deletion that was given up."""
    await deletion.take_up(work_id)
    return Redirect(f"/vendor/work/{work_id}", status_code=303)


@post("/vendor/tenants/{tenant_id:int}/plugins/{plugin:str}/{switch:str}", operator=True, status_code=200)
async def switch_plugin(
    tenant_id: int, plugin: str, switch: str, platform: Platform, operator: SignedInOperator
) -> Response[Any]:
    """Switches a plugin on, with what it requires, or off."""
    async with in_tenant(platform, tenant_id, operator) as ctx:
        if switch == "on":
            done = await enable_with_requirements(platform, ctx, plugin)
            text = _("Switched on: %(plugins)s.") % {"plugins": ", ".join(done)}
        else:
            await disable_plugin(platform, ctx, plugin)
            text = _("Switched off: %(plugins)s.") % {"plugins": plugin}
    return with_toast(await show_tenant(tenant_id, platform, operator), text)


@post("/vendor/tenants/{tenant_id:int}/issues/{issue_id:int}/resume", operator=True, status_code=200)
async def resume_issue(tenant_id: int, issue_id: int, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """Has a parked hook called again."""
    async with in_tenant(platform, tenant_id, operator) as ctx:
        await issues.resume(ctx, issue_id)
    return with_toast(Response(b""), _("The plugin is asked again."))


@post("/vendor/tenants/{tenant_id:int}/issues/{issue_id:int}/dismiss", operator=True, status_code=200)
async def dismiss_issue(tenant_id: int, issue_id: int, platform: Platform, operator: SignedInOperator) -> Response[Any]:
    """Puts an issue away until it comes again."""
    async with in_tenant(platform, tenant_id, operator) as ctx:
        await issues.dismiss(ctx, issue_id)
    return with_toast(Response(b""), _("The issue is put away."))


async def _works(tenant_id: int) -> Response[Any]:
    return fragment("vendor/tenant_work.html", works=await work.work_of(tenant_id))


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
    finally:
        await asyncio.to_thread(file.close)


HANDLERS = [
    suspend,
    resume,
    give_administrator,
    begin_export,
    works,
    load_export,
    delete_form,
    delete,
    work_page,
    progress,
    again,
    switch_plugin,
    resume_issue,
    dismiss_issue,
]
