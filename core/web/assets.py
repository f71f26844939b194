"""The files that browsers load: bundled scripts and styles, core's and plugins', and the icons of pages."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import mimetypes
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from litestar import Request, Response
from markupsafe import Markup

from core.errors import NotFound, StartupError
from core.locale import gettext as _
from core.plugins.discovery import PluginRecord

DIST = Path(__file__).parent / "static" / "dist"

_COMPRESSED = (".css", ".js", ".json", ".map", ".svg", ".txt")
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@dataclass(frozen=True)
class StaticFile:
    """One file, as it is sent."""

    body: bytes
    compressed: bytes | None
    media_type: str
    etag: str


def asset_folder(record: PluginRecord) -> Path:
    """Where a plugin keeps its files for browsers."""
    return record.folder / "static"


def asset_path(record: PluginRecord, file: str) -> str:
    """The address of a plugin's file below its `static/`, which changes when the file does."""
    folder = asset_folder(record)
    # A plugin that needs no bundling keeps its modules where it wrote them.
    path = f"dist/{file}" if (folder / "dist" / file).is_file() else file
    return f"{path}?v={version(folder / path)}"


def version(path: Path) -> str:
    """A short text that changes when the file does."""
    try:
        stat = path.stat()
    except OSError:
        return "missing"
    return _version(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=512)
def _version(path: Path, _mtime: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


async def serve(folder: Path, path: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answers with a file of a folder.

    Raises:
        NotFound: There is none, or the path leads out of the folder.
    """
    file = await asyncio.to_thread(_find, folder, path)
    if file is None:
        raise NotFound(_("This page does not exist."))
    headers = {"etag": file.etag, "cache-control": _FOREVER if "v" in request.query_params else _ASK_AGAIN}
    if request.headers.get("if-none-match") == file.etag:
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    if file.compressed is None:
        return Response(file.body, headers=headers, media_type=file.media_type)
    headers["vary"] = "accept-encoding"
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(file.body, headers=headers, media_type=file.media_type)
    return Response(file.compressed, headers=headers | {"content-encoding": "gzip"}, media_type=file.media_type)


def _find(folder: Path, path: str) -> StaticFile | None:
    try:
        file = (folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            return None
        stat = file.stat()
    except (OSError, ValueError):
        return None
    return _read(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _read(file: Path, _mtime: int, _size: int) -> StaticFile:
    body = file.read_bytes()
    small = gzip.compress(body, 9) if file.suffix in _COMPRESSED and len(body) > 500 else None
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return StaticFile(body, small, media_type, f'"{hashlib.sha256(body).hexdigest()[:16]}"')


def icon(name: str, classes: str = "") -> Markup:
    """An icon that takes the colour of the text around it and says nothing to a screen reader."""
    inner = _icons().get(name) or _icons()["help-circle"]
    return Markup(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>'
    ).format(classes, Markup(inner))  # noqa: S704 - from the bundle, written by nobody else


@cache
def _icons() -> dict[str, str]:
    found: dict[str, str] = json.loads((DIST / "icons.json").read_text(encoding="utf-8"))
    return found


def require_bundle() -> None:
    """Refuses to start without the files that every page loads.

    Raises:
        StartupError: The front end has not been bundled.
    """
    missing = [name for name in ("app.js", "app.css", "icons.json") if not (DIST / name).is_file()]
    if missing:
        raise StartupError(f"The front end is not bundled: {', '.join(missing)} is missing.", mend="Run: make bundle")
