"""The tenant's own forms on a real database: working on them, publishing them, taking them elsewhere."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest

from core.database.connection import fetch_value
from core.errors import Conflict, InvalidInput, NotFound
from core.forms.library.checking import untranslated
from core.forms.library.differences import Kind, differences
from core.forms.library.files import import_form, read_file, write_file
from core.forms.library.store import (
    ChangedMeanwhile,
    Unpublishable,
    all_designs,
    archive_design,
    copy_design,
    delete_design,
    get_design,
    make_design,
    publish_design,
    rename_design,
    restore_design,
    save_design,
)
from core.forms.library.versions import versions_of
from core.plugins.context import SYSTEM, Context, Platform
from core.provisioning import create_tenant
from core.tenants.cloning import clone_tenant
from core.tenants.creation import NewTenant
from switchroom.forms import published_form, published_forms, published_version

pytestmark = pytest.mark.anyio


def line(key: str, **more: Any) -> dict[str, Any]:
    """A question for a line of text."""
    return {"kind": "text", "key": key, "label": {"en": key.capitalize(), "ru": key}, **more}


def content(*components: dict[str, Any], title: str = "Complaint") -> dict[str, Any]:
    """A working copy of one page."""
    return {"title": {"en": title}, "pages": [{"key": "first", "components": list(components)}]}


HEAD = b'{"format": "switchroom-form", "format_version": 1, "name": "x", '

COMPLAINT = content(line("what"), line("amount", shown_if="what == 'money'"))


async def test_a_form_is_made_published_and_offered_while_its_versions_stay(ctx: Context) -> None:
    made = await make_design(ctx, "complaint", COMPLAINT)
    assert await published_forms(ctx) == []
    assert await published_form(ctx, "custom:complaint") is None
    await publish_design(ctx, "complaint", made.revision)
    changed = await save_design(ctx, "complaint", content(line("what"), title="Complaints"), made.revision)
    assert changed.unpublished
    second = await publish_design(ctx, "complaint", changed.revision)
    assert (second.published, second.unpublished) == (2, False)
    offered = [(each.key, str(each.title), each.version) for each in await published_forms(ctx)]
    assert offered == [("custom:complaint", "Complaints", 2)]
    newest, first = await published_form(ctx, "custom:complaint"), await published_version(ctx, "custom:complaint", 1)
    assert newest is not None
    assert first is not None
    assert (newest.version, list(newest.questions)) == (2, ["what"])
    assert (first.version, list(first.questions)) == (1, ["what", "amount"])
    assert [version.number for version in await versions_of(ctx, "complaint")] == [2, 1]
    assert await published_version(ctx, "custom:complaint", 3) is None
    assert await published_form(ctx, "wrapup:simple") is None
    with pytest.raises(Conflict, match="Nothing has changed since version 2"):
        await publish_design(ctx, "complaint", second.revision)


async def test_a_copy_with_problems_is_not_published_and_every_place_is_named(ctx: Context) -> None:
    wrong = content(
        line("what"),
        {"kind": "text", "key": "what"},
        line("why", shown_if="gone == 'yes'"),
        {"kind": "select", "key": "one", "label": {"en": "One"}, "options": [{"value": "a"}]},
    )
    made = await make_design(ctx, "wrong", wrong)
    with pytest.raises(Unpublishable) as refused:
        await publish_design(ctx, "wrong", made.revision)
    places = set(refused.value.fields)
    assert places == {"pages.0.components.1.label", "pages.0.components.3.options.0.label"}
    mended = copy.deepcopy(wrong)
    mended["pages"][0]["components"][1]["label"] = {"en": "What else"}
    mended["pages"][0]["components"][3]["options"][0]["label"] = {"en": "A"}
    saved = await save_design(ctx, "wrong", mended, made.revision)
    with pytest.raises(Unpublishable) as again:
        await publish_design(ctx, "wrong", saved.revision)
    assert set(again.value.fields) == {"pages.0.components.1.key", "pages.0.components.2.shown_if"}
    secret = content({"kind": "secret", "key": "pin", "label": {"en": "PIN"}})
    saved = await save_design(ctx, "wrong", secret, saved.revision)
    with pytest.raises(Unpublishable) as third:
        await publish_design(ctx, "wrong", saved.revision)
    assert set(third.value.fields) == {"pages.0.components.0.kind"}
    assert await versions_of(ctx, "wrong") == []


async def test_of_two_changes_to_the_same_revision_one_is_kept_and_the_other_told(ctx: Context) -> None:
    made = await make_design(ctx, "complaint", COMPLAINT)
    both = [save_design(ctx, "complaint", content(line(key)), made.revision) for key in ("one", "two")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ChangedMeanwhile", "Design"]
    kept = await get_design(ctx, "complaint")
    assert kept.revision == made.revision + 1
    with pytest.raises(ChangedMeanwhile):
        await publish_design(ctx, "complaint", made.revision)
    same = await save_design(ctx, "complaint", kept.content, kept.revision)
    assert same.revision == kept.revision


async def test_a_form_is_copied_renamed_archived_and_deleted_only_while_unpublished(ctx: Context) -> None:
    made = await make_design(ctx, "complaint", COMPLAINT)
    copied = await copy_design(ctx, "complaint", "praise")
    renamed = await rename_design(ctx, "praise", {"en": "Praise", "ru": "Похвала"}, copied.revision)
    assert (renamed.title, made.title) == ("Praise", "Complaint")
    await publish_design(ctx, "complaint", made.revision)
    await archive_design(ctx, "complaint")
    assert await published_forms(ctx) == []
    assert await published_form(ctx, "custom:complaint") is not None
    await restore_design(ctx, "complaint")
    assert [form.key for form in await published_forms(ctx)] == ["custom:complaint"]
    with pytest.raises(Conflict, match="cannot be deleted"):
        await delete_design(ctx, "complaint")
    await delete_design(ctx, "praise")
    assert [design.name for design in await all_designs(ctx)] == ["complaint"]
    with pytest.raises(InvalidInput, match="not made"):
        await copy_design(ctx, "complaint", "complaint")
    with pytest.raises(InvalidInput):
        await make_design(ctx, "Not A Name", COMPLAINT)


async def test_a_form_taken_to_another_tenant_and_back_is_the_same_file(platform: Platform, ctx: Context) -> None:
    rich = content(
        line("what"),
        {"kind": "number", "key": "n", "label": {"en": "N"}, "minimum": 1.0, "maximum": 2.5, "whole": False},
        {"kind": "section", "key": "s", "title": {"ru": "Раздел", "en": "Part"}, "components": [line("inner")]},
    )
    await make_design(ctx, "rich", rich)
    file = write_file("rich", (await get_design(ctx, "rich")).content)
    other = await create_tenant(platform, slug="beta", name="Beta")
    async with platform.context(other) as elsewhere:
        imported = await import_form(elsewhere, file)
        assert write_file(imported.name, imported.content) == file
        await publish_design(elsewhere, "rich", imported.revision)
        with pytest.raises(InvalidInput, match="not made"):
            await import_form(elsewhere, file)
        assert (await import_form(elsewhere, file, "rich-2")).content == imported.content
    assert [design.name for design in await all_designs(ctx)] == ["rich"]
    assert await published_form(ctx, "custom:rich") is None
    with pytest.raises(NotFound):
        await get_design(ctx, "rich-2")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"{", "line 1, character 2"),
        (b"[]", "holds no form"),
        (b'{"format": "switchroom-form", "format_version": 2}', "later version"),
        (
            b'{"format": "switchroom-form", "format_version": 1, "name": "x", "form": {"title": {}, "pages": [3]}}',
            "pages.0",
        ),
        (HEAD + b'"more": 1, "form": {}}', "more"),
        (
            b'{"format": "switchroom-form", "format_version": 1, "name": "x", "form": {"title": {"en": "\\u0000"}}}',
            "stored",
        ),
        (HEAD + b'"form": {"title": {"en": NaN}}}', "number"),
        (b"[" * 100_000, "within each other"),
        (b" " * 4_000_001, "too large"),
    ],
)
async def test_a_file_that_is_no_form_is_refused_with_what_is_wrong(ctx: Context, file: bytes, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await import_form(ctx, file)
    assert said in refused.value.fields["file"]
    assert await all_designs(ctx) == []


async def test_a_clone_has_the_forms_of_the_original_with_their_versions(platform: Platform, ctx: Context) -> None:
    made = await make_design(ctx, "complaint", COMPLAINT)
    await publish_design(ctx, "complaint", made.revision)
    clone = await clone_tenant(platform, ctx.tenant.id, NewTenant("acme-two", "Acme Two"), SYSTEM)
    async with platform.context(clone.tenant) as there:
        form = await published_form(there, "custom:complaint")
        assert form is not None
        assert list(form.questions) == ["what", "amount"]
        await publish_design(
            there, "complaint", (await save_design(there, "complaint", content(line("x")), made.revision)).revision
        )
    assert await fetch_value("SELECT count(*) FROM core_form_version WHERE tenant_id = $1", ctx.tenant.id) == 1


def test_differences_name_what_was_added_taken_away_moved_and_changed() -> None:
    old = content(line("a"), line("b"), line("c"), line("d"))
    new = content(line("d"), line("a", required=True), line("e"), line("c"), title="Other")
    found = [(change.kind, change.part, change.key, change.field) for change in differences(old, new)]
    assert found == [
        (Kind.CHANGED, "form", "form", "title"),
        (Kind.MOVED, "text", "d", ""),
        (Kind.CHANGED, "text", "a", "required"),
        (Kind.ADDED, "text", "e", ""),
        (Kind.REMOVED, "text", "b", ""),
    ]
    assert differences(old, json.loads(json.dumps(old))) == []


def test_texts_without_a_language_are_listed_with_their_places() -> None:
    form = content(line("a"), {"kind": "select", "key": "s", "label": {"en": "S", "ru": "С"}, "options": []})
    form["pages"][0]["components"][1]["options"].append({"value": "x", "label": {"ru": "Икс"}})
    found = [(each.place, each.words, each.missing) for each in untranslated(form, ("en", "ru"))]
    assert found == [
        ("title", "Complaint", ("ru",)),
        ("pages.0.components.1.options.0.label", "Икс", ("en",)),
    ]


def test_reading_a_written_file_gives_the_form() -> None:
    assert read_file(write_file("complaint", COMPLAINT)) == ("complaint", COMPLAINT)
