"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import get
from litestar.params import QueryParameter

from core.accounts.permissions import SEE_AUDIT
from core.api.paging import Cursor, Limit, Page, page_of, read_cursor
from core.api.shapes import Answer, Time
from core.api.times import moment
from core.audit.log import MOST_ENTRIES
from core.audit.reading import Wanted, find_entries
from core.plugins.context import Context


class AuditEntry(Answer):
    """One change that somebody made."""

    id: int
    at: Time
    actor: str
    """Who: `user:5`, `operator:1`, `system`."""
    actor_name: str
    """The person's name at that time."""
    action: str
    """`<plugin or core>.<what>`, such as `core.user_created`."""
    subject: str
    """An opaque reference to what was changed, such as `core:user:5`."""
    subject_name: str
    before: dict[str, Any]
    """The values that have changed, as they were. Secrets are left out."""
    after: dict[str, Any]
    """The same values as they are now."""


@get("/audit", permission=SEE_AUDIT, tags=["audit"])
async def list_audit_entries(
    ctx: Context,
    actor: Annotated[str, QueryParameter(max_length=40, description="Who, such as `user:5`.")] = "",
    action: Annotated[str, QueryParameter(max_length=80, description="Such as `core.user_created`.")] = "",
    subject: Annotated[str, QueryParameter(max_length=80, description="Such as `core:user:5`.")] = "",
    since: Annotated[datetime | None, QueryParameter(description="From this moment on.")] = None,
    until: Annotated[datetime | None, QueryParameter(description="Before this moment.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AuditEntry]:
    """Lists the changes that people have made, the newest first."""
    before = read_cursor(cursor, int)
    limit = min(limit, MOST_ENTRIES - 1)
    wanted = Wanted(actor, action, subject, moment("since", since), moment("until", until))
    found = await find_entries(ctx.tenant.id, wanted, before_id=before[0] if before else None, limit=limit + 1)
    return page_of(AuditEntry, found, limit, lambda entry: (entry.id,))


HANDLERS = [list_audit_entries]
