"""Dispositions: what a list begins with, what may be changed of it, and whose list holds."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from tortoise.exceptions import IntegrityError

from core.database.connection import execute, fetch
from core.errors import Conflict, InvalidInput, NotFound
from core.plugins.context import Context
from plugins.wrapup import services
from plugins.wrapup.dispositions import changing, lists
from plugins.wrapup.dispositions.initial import SYSTEM_TYPES
from plugins.wrapup.dispositions.lists import DispositionView, ListView
from plugins.wrapup.dispositions.values import DispositionValues
from plugins.wrapup.forms import SIMPLE
from plugins.wrapup.models import ChosenDisposition, Disposition
from switchroom.capabilities import QueueDirectory
from switchroom.forms import Form, InvalidAnswers, Reader, Select
from tests.plugins.wrapup.calls import make_agent

pytestmark = pytest.mark.anyio

NEW = DispositionValues("Order", "success", description="Bought it.", code="12")


async def listed(ctx: Context, name: str) -> DispositionView:
    """A disposition of the list of all queues, by its name."""
    return next(each for each in (await lists.list_of_all(ctx)).dispositions if each.name == name)


async def first_queue(ctx: Context) -> str:
    """A queue of the tenant."""
    directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    assert directory is not None
    admission = await directory.admit(ctx, "voice")
    return admission.queue


def names(listing: ListView) -> dict[str, list[str]]:
    """Folder → names of what lies in it, in order."""
    return {folder.name: [each.name for each in folder.dispositions] for folder in listing.folders}


async def audited(action: str) -> list[str]:
    """Whom an action of the audit log was about, the first first."""
    rows = await fetch("SELECT subject_name FROM core_audit WHERE action = $1 ORDER BY id", action)
    return [row["subject_name"] for row in rows]


async def test_a_list_begins_with_the_24_of_the_system(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    system = [each.system_type for each in listing.dispositions if each.system]
    assert len(system) == 24
    assert set(system) == SYSTEM_TYPES
    assert await lists.list_of_all(ctx) == listing
    assert list(names(listing)) == ["Final", "Intermediate", "Connection problem", "System"]


async def test_a_disposition_is_added_changed_moved_and_deleted(ctx: Context) -> None:
    final, intermediate, *_others = (await lists.list_of_all(ctx)).folders
    added = await changing.add_disposition(ctx, final.id, NEW)
    await changing.change_disposition(ctx, added, DispositionValues("Sale", "failure", agent_selects=False))
    assert (await lists.get_disposition(added)).name == "Sale"
    await changing.move_disposition(ctx, added, intermediate.id)
    assert names(await lists.list_of_all(ctx))["Intermediate"][-1] == "Sale"
    await changing.delete_disposition(ctx, added)
    with pytest.raises(NotFound):
        await lists.get_disposition(added)
    assert await audited("wrapup.disposition_added") == ["Order"]
    assert await audited("wrapup.disposition_deleted") == ["Sale"]


async def test_what_cannot_be_used_is_said_of_its_field(ctx: Context) -> None:
    folder = (await lists.list_of_all(ctx)).folders[0]
    with pytest.raises(InvalidInput) as caught:
        await changing.add_disposition(
            ctx, folder.id, DispositionValues("", "maybe", "x" * 1001, "1a", service_type="fax")
        )
    assert set(caught.value.fields) == {"name", "type", "description", "code", "service_type"}


async def test_names_differ_in_more_than_capital_letters(ctx: Context) -> None:
    folder = (await lists.list_of_all(ctx)).folders[0]
    await changing.add_disposition(ctx, folder.id, DispositionValues("Нет интереса", "failure", code="7"))
    for values in (DispositionValues("нет  ИНТЕРЕСА", "failure"), DispositionValues("Other", "failure", code="7")):
        with pytest.raises(InvalidInput):
            await changing.add_disposition(ctx, folder.id, values)
    with pytest.raises(InvalidInput):
        await changing.add_folder(ctx, (await lists.list_of_all(ctx)).id, "FINAL")


async def test_the_database_itself_refuses_a_name_in_other_letters(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    await changing.add_disposition(ctx, listing.folders[0].id, DispositionValues("Нет интереса", "failure"))
    with pytest.raises(IntegrityError):
        await Disposition.create(
            listing_id=listing.id, folder_id=listing.folders[1].id, name="нет ИНТЕРЕСА", type="failure"
        )


async def test_one_of_the_system_is_renamed_and_moved_but_not_deleted(ctx: Context) -> None:
    busy = await listed(ctx, "Busy")
    final = (await lists.list_of_all(ctx)).folders[0]
    await changing.change_disposition(ctx, busy.id, DispositionValues("Engaged", "continue"))
    await changing.move_disposition(ctx, busy.id, final.id)
    with pytest.raises(InvalidInput) as caught:
        await changing.change_disposition(ctx, busy.id, DispositionValues("Engaged", "success"))
    assert "type" in caught.value.fields
    with pytest.raises(Conflict) as refused:
        await changing.delete_disposition(ctx, busy.id)
    assert refused.value.code == "system_disposition"
    assert names(await lists.list_of_all(ctx))["Final"][-1] == "Engaged"


async def test_a_name_is_free_once_its_disposition_is_switched_off(ctx: Context) -> None:
    refusal = await listed(ctx, "Refusal")
    await changing.switch_off(ctx, refusal.id)
    await changing.add_disposition(ctx, refusal.folder_id, DispositionValues("refusal", "failure"))
    with pytest.raises(Conflict):
        await changing.switch_on(ctx, refusal.id)
    await changing.change_disposition(ctx, refusal.id, DispositionValues("Old refusal", "failure"))
    await changing.switch_on(ctx, refusal.id)
    assert (await lists.get_disposition(refusal.id)).active


async def test_order_is_kept_and_takes_from_other_folders(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    final, intermediate, *others = listing.folders
    moved = intermediate.dispositions[0]
    wanted = [moved.id, *reversed([each.id for each in final.dispositions])]
    await changing.order_dispositions(ctx, final.id, wanted)
    await changing.order_folders(ctx, listing.id, [each.id for each in (*others, intermediate, final)])
    now = await lists.list_of_all(ctx)
    assert [each.id for each in now.folders[-1].dispositions] == wanted
    assert list(names(now)) == ["Connection problem", "System", "Intermediate", "Final"]


async def test_an_order_leaves_what_it_forgets_and_refuses_strangers(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    final = listing.folders[0]
    ids = [each.id for each in final.dispositions]
    await changing.order_dispositions(ctx, final.id, [ids[-1]])
    assert [each.id for each in (await lists.get_folder(final.id)).dispositions] == [ids[-1], *ids[:-1]]
    for wanted in ([*ids, ids[0]], [*ids, 2**40]):
        with pytest.raises(InvalidInput):
            await changing.order_dispositions(ctx, final.id, wanted)
    with pytest.raises(InvalidInput):
        await changing.order_folders(ctx, listing.id, [final.id])


async def test_a_folder_is_deleted_once_it_is_empty(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    with pytest.raises(Conflict):
        await changing.delete_folder(ctx, listing.folders[0].id)
    folder = await changing.add_folder(ctx, listing.id, "  Of  our own ")
    await changing.rename_folder(ctx, folder, "of our own")
    assert list(names(await lists.list_of_all(ctx)))[-1] == "of our own"
    await changing.delete_folder(ctx, folder)
    assert "of our own" not in names(await lists.list_of_all(ctx))


async def test_a_queue_has_the_list_of_all_until_it_gets_its_own(ctx: Context) -> None:
    queue, shared = await first_queue(ctx), await lists.list_of_all(ctx)
    assert (await lists.list_of(ctx, queue)).id == shared.id
    own = await lists.give_own_list(ctx, queue)
    assert names(await lists.list_of(ctx, queue)) == names(shared)
    await changing.add_disposition(ctx, (await lists.get_list(own)).folders[0].id, NEW)
    assert "Order" not in names(await lists.list_of_all(ctx))["Final"]
    with pytest.raises(Conflict):
        await lists.give_own_list(ctx, queue)
    with pytest.raises(NotFound):
        await lists.give_own_list(ctx, "routing:queue:999999")
    with pytest.raises(InvalidInput):
        await changing.move_disposition(ctx, shared.dispositions[0].id, (await lists.get_list(own)).folders[0].id)
    await lists.drop_own_list(ctx, own)
    assert (await lists.list_of(ctx, queue)).id == shared.id
    with pytest.raises(Conflict):
        await lists.drop_own_list(ctx, shared.id)


async def test_a_list_outlives_its_queue_and_can_be_removed(ctx: Context) -> None:
    own = await lists.give_own_list(ctx, await first_queue(ctx))
    await execute("UPDATE wrapup_disposition_list SET queue = 'routing:queue:999999' WHERE id = $1", own)
    gone = next(each for each in await lists.services(ctx) if each.queue == "routing:queue:999999")
    assert (gone.name, gone.own) == ("", True)
    await lists.drop_own_list(ctx, own)


READER = Reader(ZoneInfo("UTC"))


def offered(form: Form) -> dict[str, list[str]]:
    """Question for a disposition → names that it offers."""
    return {
        part.key: [str(option.label) for option in part.options]
        for part in form.pages[0].components
        if isinstance(part, Select) and part.key.startswith("disposition")
    }


async def test_agents_choose_from_what_is_for_them_and_what_they_chose_keeps_its_name(ctx: Context) -> None:
    anna = await make_agent(ctx)
    segment = await anna.has_ended_a_call()
    form = await services.whole_form(ctx, SIMPLE, segment.id, anna.id)
    assert offered(form) == {
        "disposition": ["Request settled"],
        "disposition_no": ["Refusal", "Do not call again", "Call back", "Wrong person", "Cut off while talking"],
    }
    back = await listed(ctx, "Call back")
    typed = {"successful": "no", "next_attempt": "none", "disposition_no": str(back.id), "after_service": "continue"}
    await services.send(ctx, segment.id, anna.id, typed, READER, form)
    await changing.delete_disposition(ctx, back.id)
    kept = await ChosenDisposition.get(segment=f"core:segment:{segment.id}")
    assert (kept.name, kept.type, kept.agent_id) == ("Call back", "continue", anna.id)
    row = await fetch("SELECT outcome FROM core_segment WHERE id = $1", segment.id)
    assert row[0]["outcome"] == "no_success"


async def test_what_was_switched_off_meanwhile_cannot_be_sent(ctx: Context) -> None:
    anna = await make_agent(ctx)
    segment = await anna.has_ended_a_call()
    settled = await listed(ctx, "Request settled")
    await changing.switch_off(ctx, settled.id)
    refusal = await listed(ctx, "Refusal")
    form = await services.whole_form(ctx, SIMPLE, segment.id, anna.id)
    assert "disposition" not in offered(form)
    typed = {"successful": "no", "next_attempt": "none", "disposition_no": str(settled.id), "after_service": "continue"}
    with pytest.raises(InvalidAnswers) as caught:
        await services.send(ctx, segment.id, anna.id, typed, READER, form)
    assert set(caught.value.fields) == {"disposition_no"}
    await services.send(ctx, segment.id, anna.id, typed | {"disposition_no": str(refusal.id)}, READER, form)
    assert await ChosenDisposition.all().count() == 1
