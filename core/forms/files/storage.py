"""Where the bytes of files lie: a folder, or whatever else keeps the protocol."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import NotFound
from core.locale import gettext as _
from core.settings import Settings

CHUNK = 1 << 18
"""Bytes that are read at a time."""


class FileStore(Protocol):
    """Keeps bytes by key. A key is made anew for each file and never used twice; nothing that is kept is changed."""

    async def keep(self, key: str, path: Path) -> None:
        """Takes a complete file of this machine over. Once this returns it survives a power cut."""

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, in pieces of some hundred kilobytes.

        Raises:
            NotFound: They are not there.
        """

    async def remove(self, key: str) -> None:
        """Removes the bytes; those that are not there are no error."""


class FolderStore:
    """Files in a folder, which all machines of the installation must share.

    Args:
        folder: Where; made when the first file comes. Nobody but the server's account may read it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, key: str, path: Path) -> None:
        """See `FileStore`; `path` must be on the same file system, as `arriving_path` is."""
        await asyncio.to_thread(_keep, path, self._path(key))

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """See `FileStore`; opened here, so that what is not there is known before a byte is sent."""
        try:
            file = await asyncio.to_thread(self._path(key).open, "rb")
        except FileNotFoundError as error:
            raise NotFound(
                _("The bytes of this file are not on this machine."),
                mend=_("Let all machines share the folder that `files.folder` of settings.yaml names."),
            ) from error
        return _pieces(file)

    async def remove(self, key: str) -> None:
        """See `FileStore`."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key


def file_store(settings: Settings) -> FileStore:
    """The store of the installation."""
    return FolderStore(files_folder(settings))


def files_folder(settings: Settings) -> Path:
    """Below no folder that the web server serves."""
    return settings.files.folder or settings.data_dir / "files"


def arriving_path(settings: Settings, key: str) -> Path:
    """Where a file of this key is written while it comes in."""
    return files_folder(settings) / "arriving" / key


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


def _keep(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
