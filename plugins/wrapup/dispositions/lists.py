"""Lists of dispositions: which a queue has, what is in it, and how one begins and ends.

A queue has the list for all queues until it is given one of its own, as a copy.
"""

from __future__ import annotations

from dataclasses import dataclass

from plugins.wrapup.dispositions.initial import INITIAL
from plugins.wrapup.models import Disposition, DispositionFolder, DispositionList, DispositionType, ServiceType
from switchroom import Context
from switchroom.audit import record
from switchroom.capabilities import QueueDirectory
from switchroom.database import fetch, transaction
from switchroom.errors import Conflict, NotFound
from switchroom.locale import gettext as _


@dataclass(frozen=True)
class DispositionView:
    """A disposition as it is now; see `plugins.wrapup.models.Disposition`."""

    id: int
    listing_id: int
    folder_id: int
    name: str
    description: str
    code: str
    agent_selects: bool
    type: DispositionType
    inbound: bool
    outbound: bool
    preview: bool
    system_type: str
    service_type: ServiceType
    active: bool

    @property
    def system(self) -> bool:
        """Whether the system itself sets it: then it is never deleted, and keeps its type."""
        return bool(self.system_type)


@dataclass(frozen=True)
class FolderView:
    """A folder with its dispositions, in their order."""

    id: int
    name: str
    dispositions: tuple[DispositionView, ...]


@dataclass(frozen=True)
class ListView:
    """A list with its folders, in their order.

    Attributes:
        queue: Whose it is, as an opaque reference; empty for all queues that have none of their own.
    """

    id: int
    queue: str
    version: int
    folders: tuple[FolderView, ...]

    @property
    def dispositions(self) -> list[DispositionView]:
        """All of them, also those that are switched off."""
        return [each for folder in self.folders for each in folder.dispositions]


@dataclass(frozen=True)
class Service:
    """What a list can be for: all queues, or one.

    Attributes:
        queue: Its reference; empty for all queues.
        name: What people call it; empty for a queue that is gone.
        own: Whether it has a list of its own.
    """

    queue: str
    name: str
    own: bool


async def services(ctx: Context) -> list[Service]:
    """All queues together, then each queue there is, then those that are gone and have left a list."""
    own = {each.queue for each in await DispositionList.all().order_by("id") if each.queue}
    directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    there = {each.reference: each.name for each in await directory.queues(ctx)} if directory else {}
    return [
        Service("", _("All queues"), own=True),
        *(Service(queue, name, queue in own) for queue, name in there.items()),
        *(Service(queue, "", own=True) for queue in sorted(own - there.keys())),
    ]


async def list_of_all(ctx: Context) -> ListView:
    """The list of all queues that have none of their own; it is there from the first look on."""
    found = await DispositionList.get_or_none(queue="")
    if found is None:
        async with transaction():
            await _begin(ctx)
        found = await DispositionList.get(queue="")
    return await view_of(found)


async def list_of(ctx: Context, queue: str) -> ListView:
    """The list that holds for a queue: its own, else that of all queues."""
    found = await DispositionList.get_or_none(queue=queue) if queue else None
    return await view_of(found) if found else await list_of_all(ctx)


async def get_list(list_id: int) -> ListView:
    """One list.

    Raises:
        NotFound: The tenant has no such list.
    """
    found = await DispositionList.get_or_none(id=list_id)
    if found is None:
        raise NotFound(_("There is no such list of dispositions."))
    return await view_of(found)


async def get_folder(folder_id: int) -> FolderView:
    """One folder.

    Raises:
        NotFound: The tenant has no such folder.
    """
    found = await folder_row(folder_id)
    return _folder(found, await Disposition.filter(folder_id=folder_id).order_by("position", "id"))


async def get_disposition(disposition_id: int) -> DispositionView:
    """One disposition.

    Raises:
        NotFound: The tenant has no such disposition.
    """
    return _view(await disposition_row(disposition_id))


async def give_own_list(ctx: Context, queue: str) -> int:
    """Gives a queue a list of its own, a copy of that of all queues, and gives its id.

    Raises:
        NotFound: There is no such queue.
        Conflict: It has one.
    """
    name = next((each.name for each in await services(ctx) if each.queue == queue and each.name), "")
    if not queue or not name:
        raise NotFound(_("There is no such queue."))
    source = await list_of_all(ctx)
    async with transaction():
        await locked_list(source.id)
        source = await get_list(source.id)
        made = await fetch(
            "INSERT INTO wrapup_disposition_list (tenant_id, queue, version, created_at) VALUES ($1, $2, 1, now()) "
            "ON CONFLICT DO NOTHING RETURNING id",
            ctx.tenant.id,
            queue,
        )
        if not made:
            raise Conflict(_("This queue has a list of its own already."))
        copy = await DispositionList.get(queue=queue)
        for place, folder in enumerate(source.folders, 1):
            new = await DispositionFolder.create(listing=copy, name=folder.name, position=place)
            await Disposition.bulk_create(
                [_copied(each, new, position) for position, each in enumerate(folder.dispositions, 1)]
            )
        await record(ctx, "wrapup.disposition_list_made", subject=list_reference(copy.id), subject_name=name)
    list_id: int = copy.id
    return list_id


async def drop_own_list(ctx: Context, list_id: int) -> None:
    """Removes the list of a queue, which has that of all queues from then on. What was chosen keeps its name.

    Raises:
        NotFound: The tenant has no such list.
        Conflict: It is that of all queues.
    """
    async with transaction():
        found = await locked_list(list_id)
        if not found.queue:
            raise Conflict(_("The list of all queues cannot be removed."))
        name = next((each.name for each in await services(ctx) if each.queue == found.queue), "")
        before = {"dispositions": [each.name for each in (await view_of(found)).dispositions]}
        await found.delete()
        await record(
            ctx, "wrapup.disposition_list_dropped", subject=list_reference(list_id), subject_name=name, before=before
        )


async def view_of(found: DispositionList) -> ListView:
    """A list with all that is in it."""
    # Index wrapup_disposition_in_order.
    inside: dict[int, list[Disposition]] = {}
    for row in await Disposition.filter(listing_id=found.id).order_by("position", "id"):
        inside.setdefault(row.folder_id, []).append(row)
    folders = await DispositionFolder.filter(listing_id=found.id).order_by("position", "id")
    return ListView(
        found.id,
        found.queue,
        found.version,
        tuple(_folder(folder, inside.get(folder.id, [])) for folder in folders),
    )


async def locked_list(list_id: int) -> DispositionList:
    """The row of a list, held until the end of the transaction.

    Raises:
        NotFound: The tenant has no such list.
    """
    found = await DispositionList.filter(id=list_id).select_for_update().first()
    if found is None:
        raise NotFound(_("There is no such list of dispositions."))
    return found


async def folder_row(folder_id: int) -> DispositionFolder:
    """The row of a folder.

    Raises:
        NotFound: The tenant has no such folder.
    """
    found = await DispositionFolder.get_or_none(id=folder_id)
    if found is None:
        raise NotFound(_("There is no such folder."))
    return found


async def disposition_row(disposition_id: int) -> Disposition:
    """The row of a disposition.

    Raises:
        NotFound: The tenant has no such disposition.
    """
    found = await Disposition.get_or_none(id=disposition_id)
    if found is None:
        raise NotFound(_("There is no such disposition."))
    return found


def list_reference(list_id: int) -> str:
    """How the audit log names a list."""
    return f"wrapup:disposition_list:{list_id}"


async def _begin(ctx: Context) -> None:
    """Stores what the list of all queues begins with; whoever comes second changes nothing."""
    made = await fetch(
        "INSERT INTO wrapup_disposition_list (tenant_id, queue, version, created_at) VALUES ($1, '', 1, now()) "
        "ON CONFLICT DO NOTHING RETURNING id",
        ctx.tenant.id,
    )
    if not made:
        return
    listing, language = await DispositionList.get(queue=""), ctx.tenant.language
    for place, each in enumerate(INITIAL, 1):
        folder = await DispositionFolder.create(listing=listing, name=each.name.in_language(language), position=place)
        await Disposition.bulk_create(
            [
                Disposition(
                    tenant_id=ctx.tenant.id,
                    listing=listing,
                    folder=folder,
                    name=initial.name.in_language(language),
                    description=initial.description.in_language(language) if initial.description else "",
                    agent_selects=initial.agent_selects,
                    type=initial.type.value,
                    inbound=initial.inbound,
                    system_type=initial.system_type,
                    position=position,
                )
                for position, initial in enumerate(each.dispositions, 1)
            ]
        )


def _copied(source: DispositionView, folder: DispositionFolder, position: int) -> Disposition:
    return Disposition(
        tenant_id=folder.tenant_id,
        listing_id=folder.listing_id,
        folder_id=folder.id,
        name=source.name,
        description=source.description,
        code=source.code,
        agent_selects=source.agent_selects,
        type=source.type.value,
        inbound=source.inbound,
        outbound=source.outbound,
        preview=source.preview,
        system_type=source.system_type,
        service_type=source.service_type.value,
        position=position,
        active=source.active,
    )


def _folder(row: DispositionFolder, inside: list[Disposition]) -> FolderView:
    return FolderView(row.id, row.name, tuple(_view(each) for each in inside))


def _view(row: Disposition) -> DispositionView:
    return DispositionView(
        id=row.id,
        listing_id=row.listing_id,
        folder_id=row.folder_id,
        name=row.name,
        description=row.description,
        code=row.code,
        agent_selects=row.agent_selects,
        type=DispositionType(row.type),
        inbound=row.inbound,
        outbound=row.outbound,
        preview=row.preview,
        system_type=row.system_type,
        service_type=ServiceType(row.service_type),
        active=row.active,
    )
