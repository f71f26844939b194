"""Which files a question may accept, and which of them a file is by its content."""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import puremagic

from core.locale import gettext as _

Accepted = Literal["image", "pdf", "document", "spreadsheet", "text", "audio", "video", "archive"]
"""A sort of files; each has a word for people in `in_words`."""

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

SORTS: Mapping[Accepted, Mapping[str, tuple[str, ...]]] = {
    "image": {
        "image/png": (".png",),
        "image/jpeg": (".jpg", ".jpeg", ".jfif", ".jpe"),
        "image/gif": (".gif",),
        "image/webp": (".webp",),
        "image/heic": (".heic", ".heif"),
        "image/avif": (".avif",),
        "image/tiff": (".tif", ".tiff"),
        "image/bmp": (".bmp",),
    },
    "pdf": {"application/pdf": (".pdf",)},
    "document": {
        f"{_OFFICE}wordprocessingml.document": (".docx",),
        f"{_OFFICE}presentationml.presentation": (".pptx",),
        f"{_OPEN}text": (".odt",),
        f"{_OPEN}presentation": (".odp",),
        "application/msword": (".doc",),
        "application/vnd.ms-powerpoint": (".ppt",),
        "application/rtf": (".rtf",),
    },
    "spreadsheet": {
        f"{_OFFICE}spreadsheetml.sheet": (".xlsx",),
        f"{_OPEN}spreadsheet": (".ods",),
        "application/vnd.ms-excel": (".xls",),
    },
    "text": {"text/plain": (".txt", ".log", ".md"), "text/csv": (".csv",)},
    "audio": {
        "audio/mpeg": (".mp3",),
        "audio/wav": (".wav",),
        "audio/ogg": (".ogg", ".oga", ".opus"),
        "audio/flac": (".flac",),
        "audio/mp4": (".m4a",),
        "audio/aac": (".aac",),
        "audio/amr": (".amr",),
    },
    "video": {
        "video/mp4": (".mp4", ".m4v"),
        "video/webm": (".webm",),
        "video/quicktime": (".mov",),
        "video/x-matroska": (".mkv",),
        "video/x-msvideo": (".avi",),
        "video/3gpp": (".3gp",),
    },
    "archive": {
        "application/zip": (".zip",),
        "application/x-7z-compressed": (".7z",),
        "application/vnd.rar": (".rar",),
        "application/gzip": (".gz",),
        "application/x-tar": (".tar",),
    },
}
"""Sort → media type → the ends of names that fit it, the usual one first. What can carry a program is in none."""

_BY_ENDING: Mapping[str, tuple[Accepted, str]] = {
    ending: (sort, media_type)
    for sort, types in SORTS.items()
    for media_type, endings in types.items()
    for ending in endings
}
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    media_type: endings for types in SORTS.values() for media_type, endings in types.items()
}

SURE = 0.3
"""What the library is less sure of than this it has told by two letters, with which a text may begin too."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IN_ZIP = {"word/document.xml": ".docx", "xl/workbook.xml": ".xlsx", "ppt/presentation.xml": ".pptx"}
_OPEN_TYPES = {
    f"{_OPEN}{name}".encode(): ending
    for name, ending in (("text", ".odt"), ("spreadsheet", ".ods"), ("presentation", ".odp"))
}
_IN_OLE = {"WordDocument": ".doc", "Workbook": ".xls", "Book": ".xls", "PowerPoint Document": ".ppt"}
_HEAD = 1 << 13
_MOST_PARTS = 5_000
"""Files in an archive whose names are looked at."""

_CHUNK = 1 << 16
_NOT_TEXT = bytes(sorted({*range(9), *range(14, 27), *range(28, 32), 127}))
"""Characters that no text has, in any encoding that keeps ASCII."""


@dataclass(frozen=True)
class Content:
    """What a file is by its content.

    Attributes:
        sort: Which of the sorts that questions may accept.
        media_type: Such as `image/png`.
    """

    sort: Accepted
    media_type: str

    @property
    def endings(self) -> tuple[str, ...]:
        """The ends of names that fit, the usual one first."""
        return _ENDINGS[self.media_type]


def look_at(path: Path, name: str) -> Content | None:
    """What a file is, by what is in it; None for what no question accepts, such as a program or a web page.

    Reads the file, so it is for a thread.

    Args:
        path: Where it lies.
        name: What its owner calls it: tells a table in text from other text, and nothing else.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((_ZIP, _OLE)):
        ending = _of_zip(path) if head.startswith(_ZIP) else _of_ole(path)
        return Content(*_BY_ENDING[ending]) if ending else None
    found = _matches(head)
    sure = found[0].confidence if found else 0.0
    if sure < SURE and _is_text(path):
        return Content("text", "text/csv" if name.lower().endswith(".csv") else "text/plain")
    endings = [match.extension.lower() for match in found if match.confidence == sure]
    # Every sound in this wrapping is a film too, by its first letters.
    known = [ending for ending in endings if ending in _BY_ENDING and _BY_ENDING[ending][0] != "text"]
    best = ".m4a" if ".m4a" in known else next(iter(known), None)
    return Content(*_BY_ENDING[best]) if best else None


def _matches(head: bytes) -> list[puremagic.main.PureMagicWithConfidence]:
    """What the first bytes may be, the most likely first."""
    try:
        return puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []


def _of_zip(path: Path) -> str | None:
    """Documents of offices are archives; one that holds a program, or macros, is none of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) > _MOST_PARTS or any(name.endswith("vbaProject.bin") for name in names):
                return None
            if {"META-INF/MANIFEST.MF", "AndroidManifest.xml"} & set(names):
                return None
            if "mimetype" in names:
                with archive.open("mimetype") as kind:
                    return _OPEN_TYPES.get(kind.read(100).strip())
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError):
        return None
    return next((ending for part, ending in _IN_ZIP.items() if part in names), ".zip")


def _of_ole(path: Path) -> str | None:
    """The older documents of offices lie in small file systems, as installers of programs do: told by their entries."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return next(
            (ending for entry, ending in _IN_OLE.items() if content.find(f"{entry}\0".encode("utf-16-le")) >= 0), None
        )


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        return all(
            len(chunk.translate(None, _NOT_TEXT)) == len(chunk) for chunk in iter(lambda: file.read(_CHUNK), b"")
        )


def for_browser(sorts: Iterable[Accepted]) -> str:
    """The attribute `accept` of a field for files."""
    return ",".join(
        part for sort in sorts for media_type, endings in SORTS[sort].items() for part in (media_type, *endings)
    )


def in_words(sorts: Collection[Accepted]) -> str:
    """Which files are meant, for a person."""
    words = {
        "image": _("pictures"),
        "pdf": _("PDF"),
        "document": _("documents"),
        "spreadsheet": _("spreadsheets"),
        "text": _("plain text"),
        "audio": _("audio"),
        "video": _("video"),
        "archive": _("archives"),
    }
    return ", ".join(word for sort, word in words.items() if sort in sorts)
