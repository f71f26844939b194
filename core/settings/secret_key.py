"""The key that signs and encrypts: set by the installation, or made once and kept in the data folder."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from core.errors import StartupError
from core.settings.models import Settings

SECRET_KEY_FILE = "secret_key"  # noqa: S105 - the name of a file
_SHORTEST = 32


def secret_key(settings: Settings) -> SecretStr:
    """Return the key, making it on the first start. Every process of one data folder gets the same one.

    Raises:
        StartupError: The file cannot be read or written, is too short, or others may read it.
    """
    if settings.secret_key is not None:
        return settings.secret_key
    file = settings.data_dir / SECRET_KEY_FILE
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _create(file)
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise StartupError(f"The secret key {file} can be read by others.", mend=f"Run: chmod 600 {file}")
        key = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise StartupError(
            f"The secret key {file} cannot be read or made: {error.strerror}.",
            mend=f"Give the account that runs Switchroom the right to write {settings.data_dir}, or set secret_key.",
        ) from error
    if len(key) < _SHORTEST:
        raise StartupError(
            f"The secret key {file} has fewer than {_SHORTEST} characters.",
            mend="Put the right one back from a backup; if there is none, remove the file and a new one is made.",
        )
    return SecretStr(key)


def _create(file: Path) -> None:
    """Write a new key so that two processes that start together end up with the same, complete one."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(48) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        # Another process may have been first; its key is the one.
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
