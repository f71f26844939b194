"""A tenant's own forms: making them, working on them, publishing them. All functions work on the current tenant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from core.audit.log import record
from core.database.connection import execute, fetch, fetch_row
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.forms.flows.checking import flow_problems
from core.forms.kinds import form_kinds
from core.forms.library.checking import problems_in
from core.forms.library.content import Content, canonical, check_name, check_shape, form_of, key_of, same, title_of
from core.forms.library.versions import published_form
from core.locale import gettext as _
from core.plugins.context import Context

MOST_DESIGNS = 1000
"""Forms that a tenant may have, archived ones included."""


class ChangedMeanwhile(Conflict):
    """Somebody else, or another tab, has changed the working copy since it was shown."""

    code = "form_changed"

    def __init__(self) -> None:
        super().__init__(
            _("This form has been changed in another window."),
            mend=_("Look at it as it is now, and repeat the change."),
        )


class Unpublishable(InvalidInput):
    """The working copy cannot be published; `fields` names each place and what is wrong there."""

    code = "form_unpublishable"


@dataclass(frozen=True)
class Design:
    """A form of the tenant, with the copy that is worked on.

    Attributes:
        name: Its key is `custom:<name>`.
        content: The working copy.
        revision: Counts the changes of the working copy.
        published: The number of the newest version, 0 before the first.
        unpublished: Whether the working copy differs from the newest version.
        archived: Whether it is offered nowhere any more.
        changed_by: Who has changed it last; empty for a program.
    """

    id: int
    name: str
    content: Content
    revision: int
    published: int
    unpublished: bool
    archived: bool
    changed_at: datetime
    changed_by: str

    @property
    def key(self) -> str:
        """The form's key."""
        return key_of(self.name)

    @property
    def title(self) -> str:
        """What the working copy is called in the active language, or the name while it is called nothing."""
        return title_of(self.content, self.name)


# unpublished: content is written canonically before it is stored, so that equal contents are equal as jsonb.
_DESIGNS = (
    "SELECT design.id, design.name, design.content, design.revision, design.published, design.archived_at, "
    "design.changed_at, coalesce(person.name, '') AS changed_by, "
    "version.content IS DISTINCT FROM design.content AS unpublished "
    "FROM core_form_design AS design LEFT JOIN core_user AS person ON person.id = design.changed_by_id "
    "LEFT JOIN core_form_version AS version ON version.design_id = design.id AND version.number = design.published "
    "WHERE design.tenant_id = $1 "
)


async def all_designs(ctx: Context) -> list[Design]:
    """All forms of the tenant, those that were changed last first."""
    rows = await fetch(_DESIGNS + "ORDER BY design.changed_at DESC, design.id", ctx.tenant.id)
    return [_design(row) for row in rows]


async def get_design(ctx: Context, name: str) -> Design:
    """One form.

    Raises:
        NotFound: There is none of this name.
    """
    row = await fetch_row(_DESIGNS + "AND design.name = $2", ctx.tenant.id, name)
    if row is None:
        raise NotFound(_("There is no such form."))
    return _design(row)


async def make_design(ctx: Context, name: str, content: Content) -> Design:
    """Makes a form, not yet published.

    Args:
        ctx: The tenant.
        name: A small letter, then small letters, digits, `-` and `_`, 40 at most; it never changes.
        content: The working copy; it need not be usable yet.

    Raises:
        InvalidInput: The name cannot be used or is taken, or the content is no form.
    """
    check_name(name)
    check_shape(content)
    async with transaction():
        rows = await fetch(
            "INSERT INTO core_form_design "
            "(tenant_id, name, content, revision, published, created_at, changed_at, changed_by_id) "
            "SELECT $1::bigint, $2::text, $3::text::jsonb, 1, 0, now(), now(), $4::bigint "
            "WHERE (SELECT count(*) FROM core_form_design WHERE tenant_id = $1) < $5::bigint "
            "ON CONFLICT (tenant_id, name) DO NOTHING RETURNING id",
            ctx.tenant.id,
            name,
            canonical(content),
            ctx.actor.user_id,
            MOST_DESIGNS,
        )
        if not rows:
            await _refuse_new(ctx, name)
        await _note(ctx, "core.form_made", name, content)
    return await get_design(ctx, name)


async def _refuse_new(ctx: Context, name: str) -> None:
    if await fetch_row("SELECT id FROM core_form_design WHERE tenant_id = $1 AND name = $2", ctx.tenant.id, name):
        problem = _("There is a form of this name already. Choose another one.")
    else:
        problem = _("There are %(most)s forms, more do not fit.") % {"most": MOST_DESIGNS}
    raise InvalidInput(_("The form was not made."), fields={"name": problem})


async def save_design(ctx: Context, name: str, content: Content, revision: int) -> Design:
    """Keeps the working copy in place of what it was.

    Args:
        ctx: The tenant.
        name: Of the form.
        content: The working copy; it need not be usable yet.
        revision: Of the working copy that was changed.

    Raises:
        NotFound: There is none of this name.
        ChangedMeanwhile: The working copy is another one by now. Nothing has changed.
        InvalidInput: The content is no form.
    """
    check_shape(content)
    async with transaction():
        before = await _locked(ctx, name, revision)
        if not same(before, content):
            await execute(
                "UPDATE core_form_design SET content = $3::text::jsonb, revision = revision + 1, changed_at = now(), "
                "changed_by_id = $4 WHERE tenant_id = $1 AND name = $2",
                ctx.tenant.id,
                name,
                canonical(content),
                ctx.actor.user_id,
            )
            await ctx.publish(topic_of(name))
    return await get_design(ctx, name)


async def problems_of(ctx: Context, name: str, content: Content) -> dict[str, str]:
    """Place → what keeps content from being published there, what only the tenant can tell included.

    Args:
        ctx: The tenant.
        name: Of the form.
        content: Its working copy.
    """
    kinds = form_kinds(ctx)
    problems = problems_in(name, content, kinds)
    # The form itself is looked at before: what it opens may be published only where nothing is wrong with it.
    return problems or await flow_problems(ctx, form_of(name, 1, content, kinds), partial(published_form, ctx))


async def publish_design(ctx: Context, name: str, revision: int) -> Design:
    """Makes a version of the working copy. Drafts that were begun keep theirs.

    Raises:
        NotFound: There is none of this name.
        ChangedMeanwhile: The working copy is another one than that of this revision.
        Unpublishable: It cannot be used; names every place.
        Conflict: It is the same as the newest version.
    """
    kinds = form_kinds(ctx)
    async with transaction():
        content = await _locked(ctx, name, revision)
        problems = await problems_of(ctx, name, content)
        if problems:
            raise Unpublishable(_("The form cannot be published as it is."), fields=problems)
        design = await get_design(ctx, name)
        if not design.unpublished:
            raise Conflict(_("Nothing has changed since version %(number)s.") % {"number": design.published})
        number = design.published + 1
        form_of(name, number, content, kinds)
        await execute(
            "INSERT INTO core_form_version (tenant_id, design_id, number, content, published_at, published_by_id) "
            "VALUES ($1, $2, $3, $4::text::jsonb, now(), $5)",
            ctx.tenant.id,
            design.id,
            number,
            canonical(content),
            ctx.actor.user_id,
        )
        await execute(
            "UPDATE core_form_design SET published = $3 WHERE tenant_id = $1 AND id = $2",
            ctx.tenant.id,
            design.id,
            number,
        )
        await _note(ctx, "core.form_published", name, content, {"version": number - 1}, {"version": number})
    return await get_design(ctx, name)


async def rename_design(ctx: Context, name: str, title: dict[str, str], revision: int) -> Design:
    """Gives the working copy another title, by language; the name stays.

    Raises:
        NotFound: There is none of this name.
        ChangedMeanwhile: The working copy is another one by now.
    """
    design = await get_design(ctx, name)
    return await save_design(ctx, name, {**design.content, "title": title}, revision)


async def copy_design(ctx: Context, name: str, new_name: str) -> Design:
    """Makes a form that begins as the working copy of another one.

    Raises:
        NotFound: There is none of this name.
        InvalidInput: The new name cannot be used or is taken.
    """
    return await make_design(ctx, new_name, (await get_design(ctx, name)).content)


async def archive_design(ctx: Context, name: str) -> None:
    """Offers the form nowhere any more; where it is in use it stays, as do its answers.

    Raises:
        NotFound: There is none of this name.
    """
    await _switch(ctx, name, "archived_at = coalesce(archived_at, now())", "core.form_archived")


async def restore_design(ctx: Context, name: str) -> None:
    """Offers an archived form again.

    Raises:
        NotFound: There is none of this name.
    """
    await _switch(ctx, name, "archived_at = NULL", "core.form_restored")


async def delete_design(ctx: Context, name: str) -> None:
    """Removes a form that was never published.

    Raises:
        NotFound: There is none of this name.
        Conflict: There are versions of it, and perhaps answers: archive it.
    """
    async with transaction():
        design = await get_design(ctx, name)
        gone = await execute(
            "DELETE FROM core_form_design WHERE tenant_id = $1 AND name = $2 AND published = 0", ctx.tenant.id, name
        )
        if not gone:
            raise Conflict(
                _("A form that was published cannot be deleted."), mend=_("Archive it: then it is offered no more.")
            )
        await _note(ctx, "core.form_deleted", name, design.content)


async def _switch(ctx: Context, name: str, change: str, action: str) -> None:
    async with transaction():
        design = await get_design(ctx, name)
        await execute(
            f"UPDATE core_form_design SET {change} WHERE tenant_id = $1 AND name = $2",  # noqa: S608 - constants
            ctx.tenant.id,
            name,
        )
        await _note(ctx, action, name, design.content)


def topic_of(name: str) -> str:
    """What is told when a form has changed."""
    return f"form:{name}"


async def _locked(ctx: Context, name: str, revision: int) -> Content:
    """The working copy, which nobody else changes until the end of the transaction."""
    row = await fetch_row(
        "SELECT content, revision FROM core_form_design WHERE tenant_id = $1 AND name = $2 FOR UPDATE",
        ctx.tenant.id,
        name,
    )
    if row is None:
        raise NotFound(_("There is no such form."))
    if row["revision"] != revision:
        raise ChangedMeanwhile
    content: Content = json.loads(row["content"])
    return content


def _design(row: dict[str, Any]) -> Design:
    return Design(
        id=row["id"],
        name=row["name"],
        content=json.loads(row["content"]),
        revision=row["revision"],
        published=row["published"],
        unpublished=row["unpublished"],
        archived=row["archived_at"] is not None,
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


async def _note(
    ctx: Context,
    action: str,
    name: str,
    content: Content,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await record(
        ctx,
        action,
        subject=f"core:form:{name}",
        subject_name=title_of(content, name)[:200],
        before=before,
        after=after,
    )
    await ctx.publish(topic_of(name), "forms")
