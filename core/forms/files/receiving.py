"""Takes a file in: streamed to the disk, counted, looked at, checked by plugins, and only then there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BufferedWriter
from pathlib import Path
from secrets import token_hex
from typing import Any

from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import InvalidInput, TooManyRequests
from core.forms.files.accepted import Content, in_words, look_at
from core.forms.files.kept import FormFileView, in_bytes
from core.forms.files.models import FileState
from core.forms.files.names import clean_name
from core.forms.files.removing import forget_file
from core.forms.files.storage import arriving_path, file_store
from core.forms.files.tickets import Ticket
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.dispatch import HookFailed, Refused
from core.settings import Files

ARRIVAL_SECONDS = 3600
"""How long the bytes of one file may take."""

MEGABYTE = 1_000_000


class FileRefused(InvalidInput):
    """A file that the question does not take; nothing of it is kept."""

    code = "file_refused"


class FileTooLarge(FileRefused):
    """It has more bytes than the question, or the installation, allows."""

    code = "file_too_large"
    status = 413


@dataclass(frozen=True)
class FileToCheck:
    """A file that has come in and that nobody can get yet, for plugins that look for what must not be there.

    Attributes:
        name: As people will read it.
        media_type: By its content, such as `image/png`.
        size: Bytes.
        sha256: Of its bytes, in hexadecimal digits.
        path: Where it lies for now, to be read and left as it is; in a thread, since it may be large.
    """

    name: str
    media_type: str
    size: int
    sha256: str
    path: Path


async def receive_file(
    ctx: Context, ticket: Ticket, name: str, chunks: AsyncIterator[bytes], length: int | None
) -> FormFileView:
    """Takes one file in. Until somebody sends the form with its id it is loose, and goes after some days.

    Args:
        ctx: Where.
        ticket: Of `read_ticket`: who gives it, and as the answer to what.
        name: What its owner calls it.
        chunks: Its bytes; read no further than is allowed.
        length: How many there are, as far as the sender says so beforehand.

    Raises:
        FileRefused: Its content is of another sort, it is empty, a plugin objects or could not look at it, or the
            tenant has no room left; names the field.
        FileTooLarge: It has too many bytes; names the field.
        TooManyRequests: The person has sent very many just now.
    """
    limits = ctx.installation.files
    most = min(ticket.most_bytes, limits.max_megabytes * MEGABYTE)
    await _count(ctx, ticket.user_id, limits)
    if length is not None and length > most:
        raise _too_large(ticket, most)
    key = token_hex(20)
    file_id = await _begin(ctx, ticket, key)
    path = arriving_path(ctx.installation, key)
    try:
        size, sha256 = await _write(path, chunks, most, ticket)
        content = await asyncio.to_thread(look_at, path, name)
        if content is None or content.sort not in ticket.accepts:
            raise _refused(ticket, _("Only %(sorts)s will do here.") % {"sorts": _sorts(ticket)})
        check = FileToCheck(clean_name(name, content.endings), content.media_type, size, sha256, path)
        await _ask_plugins(ctx, ticket, check)
        await file_store(ctx.installation).keep(key, path)
        return await _finish(ctx, ticket, file_id, check, content, limits)
    except BaseException:
        # What this does not get done, since the process or the database goes, is done when the time is over.
        with suppress(Exception):
            await asyncio.to_thread(path.unlink, missing_ok=True)
            await file_store(ctx.installation).remove(key)
            await execute("DELETE FROM core_form_file WHERE tenant_id = $1 AND id = $2", ctx.tenant.id, file_id)
        raise


def _sorts(ticket: Ticket) -> str:
    accepts: Any = ticket.accepts
    return in_words(accepts)


async def _count(ctx: Context, user_id: int, limits: Files) -> None:
    """Counts one upload, before a byte of it is read; what is refused later counts too."""
    counted = await fetch_value(
        "INSERT INTO core_form_upload_rate AS rate (tenant_id, user_id, since, uploads) VALUES ($1, $2, now(), 1) "
        "ON CONFLICT (tenant_id, user_id) DO UPDATE SET (since, uploads) = ("
        "SELECT CASE WHEN over THEN now() ELSE rate.since END, CASE WHEN over THEN 1 ELSE rate.uploads + 1 END "
        "FROM (SELECT rate.since < now() - interval '1 minute' AS over) AS window_) "
        "WHERE rate.since < now() - interval '1 minute' OR rate.uploads < $3 RETURNING uploads",
        ctx.tenant.id,
        user_id,
        limits.uploads_per_minute,
    )
    if counted is None:
        raise TooManyRequests(_("You have sent very many files."), retry_after=60, mend=_("Wait a minute."))


async def _begin(ctx: Context, ticket: Ticket, key: str) -> int:
    """The row of a file that arrives, with its end."""
    async with transaction():
        row = await fetch_row(
            "INSERT INTO core_form_file (tenant_id, user_id, form, subject, field, store_key, state, uploaded_at, "
            "expires_at, name, media_type, sha256, size) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now() + make_interval(secs => $8), '', '', '', 0) "
            "RETURNING id, expires_at",
            ctx.tenant.id,
            ticket.user_id,
            ticket.form,
            ticket.subject,
            ticket.field,
            key,
            FileState.ARRIVING.value,
            float(ARRIVAL_SECONDS),
        )
        assert row is not None  # noqa: S101 - an INSERT gives its row
        file_id: int = row["id"]
        await _end_at(ctx, file_id, row["expires_at"])
    return file_id


async def _end_at(ctx: Context, file_id: int, moment: datetime) -> None:
    await ctx.enqueue(forget_file, at=moment, file_id=file_id)


async def _write(path: Path, chunks: AsyncIterator[bytes], most: int, ticket: Ticket) -> tuple[int, str]:
    """Writes the bytes as they come; gives their number and their SHA-256."""
    digest, size = hashlib.sha256(), 0
    file = await asyncio.to_thread(_open, path)
    try:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise _too_large(ticket, most)
                if chunk:
                    await asyncio.to_thread(_append, file, digest, chunk)
    except TimeoutError as error:
        raise _refused(ticket, _("This file took too long. Try again.")) from error
    finally:
        await asyncio.to_thread(file.close)
    if not size:
        raise _refused(ticket, _("This file is empty."))
    return size, digest.hexdigest()


def _open(path: Path) -> BufferedWriter:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("xb")


def _append(file: BufferedWriter, digest: Any, chunk: bytes) -> None:
    digest.update(chunk)
    file.write(chunk)


async def _ask_plugins(ctx: Context, ticket: Ticket, file: FileToCheck) -> None:
    try:
        await ctx.veto("form_file_check", file=file)
    except Refused as refused:
        raise _refused(ticket, refused.message) from refused
    except HookFailed as error:
        problem = _("This file could not be checked just now. Try again later.")
        raise _refused(ticket, problem) from error


async def _finish(
    ctx: Context, ticket: Ticket, file_id: int, file: FileToCheck, content: Content, limits: Files
) -> FormFileView:
    """The file is there from now on, where the tenant has room for it."""
    async with transaction():
        row = await fetch_row(
            "UPDATE core_form_file SET name = $3, media_type = $4, size = $5, sha256 = $6, state = $7, "
            "expires_at = now() + make_interval(hours => $8) WHERE tenant_id = $1 AND id = $2 AND state = 'arriving' "
            "RETURNING expires_at",
            ctx.tenant.id,
            file_id,
            file.name,
            content.media_type,
            file.size,
            file.sha256,
            FileState.LOOSE.value,
            limits.loose_hours,
        )
        if row is None:
            raise _refused(ticket, _("This file took too long. Try again."))
        used = await fetch_value(
            "INSERT INTO core_form_file_usage AS used (tenant_id, bytes) "
            "SELECT $1::bigint, $2::bigint WHERE $2::bigint <= $3::bigint "
            "ON CONFLICT (tenant_id) DO UPDATE SET bytes = used.bytes + excluded.bytes "
            "WHERE used.bytes + excluded.bytes <= $3::bigint RETURNING bytes",
            ctx.tenant.id,
            file.size,
            limits.tenant_megabytes * MEGABYTE,
        )
        if used is None:
            raise _refused(ticket, _("There is no room for more files. Tell your administrator."))
        await _end_at(ctx, file_id, row["expires_at"])
    return FormFileView(file_id, file.name, content.media_type, file.size)


def _refused(ticket: Ticket, problem: str) -> FileRefused:
    return FileRefused(problem, fields={ticket.field: problem})


def _too_large(ticket: Ticket, most: int) -> FileTooLarge:
    problem = _("This file is too large: at most %(most)s will do.") % {"most": in_bytes(most)}
    return FileTooLarge(problem, fields={ticket.field: problem})
