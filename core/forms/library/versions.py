"""The versions of a tenant's own forms: what was published, for whoever shows a form and for whoever compares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from core.database.connection import fetch, fetch_row
from core.errors import NotFound
from core.forms.components import Component
from core.forms.kinds import form_kinds
from core.forms.library.content import Content, kept_form_of, key_of, name_in, title_of
from core.forms.schema import Form
from core.forms.text import Text
from core.locale import gettext as _
from core.plugins.context import Context


@dataclass(frozen=True)
class PublishedForm:
    """A form of the tenant that can be chosen.

    Attributes:
        key: `custom:<name>`.
        version: Its newest one.
    """

    key: str
    title: Text
    version: int


@dataclass(frozen=True)
class Version:
    """A version of a form.

    Attributes:
        published_by: Who has published it; empty for a program.
    """

    number: int
    title: str
    content: Content
    published_at: datetime
    published_by: str


async def published_forms(ctx: Context) -> list[PublishedForm]:
    """The tenant's own forms that can be chosen, by their titles: published, and not archived."""
    rows = await fetch(
        "SELECT design.name, version.number, version.content->'title' AS title FROM core_form_design AS design "
        "JOIN core_form_version AS version ON version.design_id = design.id AND version.number = design.published "
        "WHERE design.tenant_id = $1 AND design.archived_at IS NULL",
        ctx.tenant.id,
    )
    found = [PublishedForm(key_of(row["name"]), Text(json.loads(row["title"])), row["number"]) for row in rows]
    return sorted(found, key=lambda each: str(each.title).casefold())


async def published_form(ctx: Context, key: str) -> Form | None:
    """The newest version of a form of the tenant; None when there is none, or it was never published.

    A form that is archived is given too, since it may be in use.
    """
    return await _published(ctx, key, None)


async def published_version(ctx: Context, key: str, version: int) -> Form | None:
    """One version of a form of the tenant, such as that which a draft was begun with; None when there is none."""
    return await _published(ctx, key, version)


async def _published(ctx: Context, key: str, version: int | None) -> Form | None:
    name = name_in(key)
    if name is None:
        return None
    # Unique indexes of both tables: (tenant, name), (design, number).
    row = await fetch_row(
        "SELECT version.number, version.content FROM core_form_design AS design "
        "JOIN core_form_version AS version ON version.design_id = design.id "
        "AND version.number = coalesce($3::int, design.published) WHERE design.tenant_id = $1 AND design.name = $2",
        ctx.tenant.id,
        name,
        version,
    )
    return _form(name, row["number"], row["content"], frozenset(form_kinds(ctx).items())) if row else None


@lru_cache(maxsize=512)
def _form(name: str, number: int, content: str, kinds: frozenset[tuple[str, type[Component]]]) -> Form:
    """Forms never change, and keep what was drawn of them: so the same text gives the same one."""
    return kept_form_of(name, number, json.loads(content), dict(kinds))


async def versions_of(ctx: Context, name: str) -> list[Version]:
    """The versions of a form, the newest first."""
    return await _versions(ctx, name, None)


async def get_version(ctx: Context, name: str, number: int) -> Version:
    """One version of a form.

    Raises:
        NotFound: There is none of this number.
    """
    found = await _versions(ctx, name, number)
    if not found:
        raise NotFound(_("There is no such version."))
    return found[0]


async def _versions(ctx: Context, name: str, number: int | None) -> list[Version]:
    rows = await fetch(
        "SELECT version.number, version.content, version.published_at, coalesce(person.name, '') AS published_by "
        "FROM core_form_design AS design JOIN core_form_version AS version ON version.design_id = design.id "
        "LEFT JOIN core_user AS person ON person.id = version.published_by_id "
        "WHERE design.tenant_id = $1 AND design.name = $2 AND ($3::int IS NULL OR version.number = $3) "
        "ORDER BY version.number DESC LIMIT 500",
        ctx.tenant.id,
        name,
        number,
    )
    return [_version(name, row) for row in rows]


def _version(name: str, row: Mapping[str, Any]) -> Version:
    content: Content = json.loads(row["content"])
    return Version(row["number"], title_of(content, name), content, row["published_at"], row["published_by"])
