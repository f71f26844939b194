"""The data folder, the disk below it, and the secret key in it."""

import os
import shutil
import stat
from pathlib import Path

from core.cli.doctor.finding import Finding, fail, ok, warn
from core.settings import SECRET_KEY_FILE, Settings

PROJECT = Path(__file__).resolve().parents[3]
_GIB = 2**30
_SCARCE, _TOO_LITTLE = 2 * _GIB, _GIB // 4


async def data_folder(settings: Settings) -> list[Finding]:
    """Whether the folder can be written, or made at the first start."""
    folder = settings.data_dir
    existing = _nearest_existing(folder)
    if not existing.is_dir():
        return [fail("data folder", f"{existing} is not a folder.", "Set data_dir to another place.")]
    if not os.access(existing, os.W_OK | os.X_OK):
        return [
            fail(
                "data folder",
                f"{existing} cannot be written by this account.",
                f"Give it the right (chown {os.getuid()} {existing}), or set data_dir to another place.",
            )
        ]
    return [ok("data folder", f"{folder}{'' if existing == folder else ' will be made at the first start'}")]


async def free_disk(settings: Settings) -> list[Finding]:
    """Whether database and recordings have room to grow."""
    free = shutil.disk_usage(_nearest_existing(settings.data_dir)).free
    text = f"{free / _GIB:.1f} GiB free for {settings.data_dir}"
    if free < _TOO_LITTLE:
        return [fail("disk", text, "Free some space: a full disk stops the database.")]
    if free < _SCARCE:
        return [warn("disk", text, "Free some space before recordings and the database need it.")]
    return [ok("disk", text)]


async def secret_key_file(settings: Settings) -> list[Finding]:
    """Whether the secret key is there and nobody else can read it."""
    if settings.secret_key is not None:
        return [ok("secret key", f"set ({settings.origin('secret_key')})")]
    file = settings.data_dir / SECRET_KEY_FILE
    if not file.exists():
        return [ok("secret key", "will be made at the first start")]
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return [fail("secret key", f"{file} can be read by others (mode {mode:04o}).", f"Run: chmod 600 {file}")]
    if not os.access(file, os.R_OK):
        return [fail("secret key", f"{file} cannot be read by this account.", f"Run: chown {os.getuid()} {file}")]
    return [ok("secret key", f"{file}")]


async def front_end(_settings: Settings) -> list[Finding]:
    """Whether the scripts and styles of the pages have been bundled since their sources changed."""
    missing, stale = _unbundled()
    if missing:
        return [fail("front end", f"not bundled: {', '.join(missing)}.", "Run: make bundle")]
    if stale:
        return [warn("front end", f"sources are newer than the bundle: {', '.join(stale)}.", "Run: make bundle")]
    return [ok("front end", "bundled")]


def _unbundled() -> tuple[list[str], list[str]]:
    """Find the sources that have no bundle, and those that are newer than theirs."""
    missing, stale = [], []
    core, plugins = PROJECT.glob("core/web/static/src/app.*"), PROJECT.glob("plugins/*/static/src/[!_.]*")
    for source in sorted(file for file in [*core, *plugins] if file.suffix in (".js", ".css")):
        bundle = source.parent.parent / "dist" / source.name
        name = str(source.relative_to(PROJECT))
        if not bundle.is_file():
            missing.append(name)
        elif bundle.stat().st_mtime < source.stat().st_mtime:
            stale.append(name)
    if not (PROJECT / "core/web/static/dist/icons.json").is_file():
        missing.append("the icons")
    return missing, stale


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
