"""The audit log of the installation: what operators did, and everybody in every tenant."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from core.audit.log import entries
from core.database.connection import fetch
from core.locale import gettext as _
from core.vendor.console import console_page
from core.web.audit_words import action_title, line_of

PAGE = 50


@get("/vendor/audit", operator=True)
async def audit(
    tenant_id: Annotated[int | None, QueryParameter(name="tenant")] = None,
    before: int | None = None,
    action: str = "",
    actor: str = "",
) -> Response[Any]:
    """Entries, the newest first; of one tenant, one kind or one person where asked for."""
    found = await entries(tenant_id, before_id=before, action=action, actor=actor, limit=PAGE)
    tenants = {entry.tenant_id for entry in found if entry.tenant_id is not None}
    rows = await fetch(
        "SELECT id, slug, name FROM core_tenant WHERE id = ANY($1::bigint[])",
        sorted(tenants | ({tenant_id} if tenant_id else set())),
    )
    return console_page(
        "vendor/audit.html",
        title=_("Audit log"),
        lines=[line_of(entry, {}) for entry in found],
        tenants={row["id"]: row for row in rows},
        tenant_id=tenant_id,
        action=action,
        action_title=action_title(action),
        actor=actor,
        oldest=found[-1].id if len(found) == PAGE else None,
    )


HANDLERS = [audit]
