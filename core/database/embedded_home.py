"""Where the embedded PostgreSQL lives and whom it runs as.

A server started by an ordinary user runs as that user, in the data folder itself. PostgreSQL refuses to run as root, so
a server started by root runs under the system account `switchroom`, in a folder of its own below /var/lib/switchroom:
the data folder is then a link to it. No permission of a folder that exists is ever changed, so it does not matter
whether the account could reach the project or the data folder. Removing the link means an empty database at the next
start; what it pointed to is kept.

    <home>/lock                          held by the living Switchroom process
    <home>/pg_hba.conf, pg_ident.conf    who may connect
    <home>/data/                         PostgreSQL's own files, and server.log
    <home>/run/                          the socket, unless its path were too long for one
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import StartupError

ACCOUNT = "switchroom"
STATE = Path("/var/lib/switchroom")

# A socket's path has 104 bytes on macOS and 108 on Linux, its closing zero included.
LONGEST_SOCKET_PATH = 103


class EmbeddedServerError(StartupError):
    """The embedded server cannot be used; `message` says what is wrong and where, `mend` how to mend it."""

    code = "embedded_server"

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(message, mend=mend)


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def own_account() -> Account:
    """The account that this process runs as."""
    uid = os.geteuid()
    try:
        return _account(pwd.getpwuid(uid))
    except KeyError:
        raise EmbeddedServerError(
            f"The user id {uid} has no name on this machine, and PostgreSQL runs only under an account with a name.",
            mend="Add the account to /etc/passwd, or set database.url to an external PostgreSQL.",
        ) from None


def server_account() -> Account:
    """The account that a new server runs under: the caller's own, or the system account if the caller is root."""
    own = own_account()
    return own if own.uid != 0 else _system_account()


def open_home(data_dir: Path) -> Path:
    """The folder that the data folder stands for, made if it is not there yet; its path is absolute.

    Raises:
        EmbeddedServerError: It cannot be made or written, holds something else, or belongs to another account.
    """
    with refusing(data_dir):
        if data_dir.is_symlink() and not data_dir.exists():
            raise EmbeddedServerError(
                f"The data folder {data_dir} is a link to {os.readlink(data_dir)}, which is gone.",
                mend="Bring that folder back, or remove the link to begin with an empty database.",
            )
        if os.geteuid() == 0 and not data_dir.is_symlink():
            _link_new_home(data_dir)
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = data_dir.resolve()
        owner = home.stat().st_uid
        if owner != os.geteuid():
            raise EmbeddedServerError(
                f"The data folder {home} belongs to {_name_of(owner)}, and this is {own_account().name}.",
                mend=f"Start Switchroom as {_name_of(owner)}, or set data_dir to another folder.",
            )
        return home


def lock_home(home: Path) -> int:
    """Claim the folder for this process, until the descriptor that is returned is closed or the process ends.

    The claim lives in the descriptor, which programs that this process executes do not inherit.

    Raises:
        EmbeddedServerError: Another process holds it, or the folder cannot be written.
    """
    with refusing(home):
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise EmbeddedServerError(
                f"The data folder {home} is in use by another Switchroom (process {holder}).",
                mend="Stop that one first, or set data_dir to another folder.",
            ) from None
        except OSError:
            os.close(lock)
            raise
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        return lock


def socket_folder(home: Path, owner: Account, port: int) -> Path:
    """A folder for the server's socket that nobody but `owner` (and root) can enter."""
    folder = home / "run"
    if len(os.fsencode(folder / f".s.PGSQL.{port}")) > LONGEST_SOCKET_PATH:
        name = f"switchroom-{owner.uid}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / name
    with refusing(folder):
        with contextlib.suppress(FileExistsError):
            make_private_folder(folder, owner)
        # In a folder open to all, such as /tmp, somebody else may have been first.
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.uid or found.st_mode & 0o077:
            raise EmbeddedServerError(
                f"{folder}, the folder for the database's socket, is not a folder closed to all but {owner.name}.",
                mend="Remove it; the next start makes it anew.",
            )
    return folder


def make_private_folder(folder: Path, owner: Account) -> None:
    """Make one folder that nobody but its owner can enter."""
    folder.mkdir(mode=0o700)
    if owner.uid != os.geteuid():
        os.chown(folder, owner.uid, owner.gid)


def state_folder() -> Path:
    """/var/lib/switchroom, which only root may change and everybody may pass through; for root alone."""
    if not STATE.exists():
        STATE.mkdir(parents=True, exist_ok=True)
        STATE.chmod(0o755)
    found = STATE.stat()
    if found.st_uid != 0 or found.st_mode & 0o022 or not found.st_mode & 0o001:
        raise EmbeddedServerError(
            f"{STATE} must belong to root, be writable by root alone and let others pass.",
            mend=f"Run: chown root {STATE} && chmod 755 {STATE}",
        )
    return STATE


@contextlib.contextmanager
def refusing(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses in a folder into one sentence."""
    try:
        yield
    except PermissionError as error:
        raise EmbeddedServerError(
            f"The user {own_account().name} may not write {error.filename or folder}, where the database is kept.",
            mend="Give the folder to that user, or set data_dir to another one.",
        ) from error
    except OSError as error:
        raise EmbeddedServerError(
            f"The data folder {folder} cannot be used: {error.strerror or error}.",
            mend="Mend that, or set data_dir to another folder.",
        ) from error


def _link_new_home(data_dir: Path) -> None:
    """Make a home below /var/lib/switchroom and put a link to it in the place of the data folder."""
    if data_dir.exists():
        # Only an empty folder makes room for the link.
        try:
            data_dir.rmdir()
        except OSError:
            owner = _name_of(data_dir.stat().st_uid)
            raise EmbeddedServerError(
                f"The data folder {data_dir} was not made by root, and PostgreSQL does not run as root.",
                mend=f"Start Switchroom as its owner, {owner}, or set data_dir to another folder.",
            ) from None
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    # A fresh name each time: a data folder that was removed must not come back to life with a new checkout.
    home = state_folder() / f"{data_dir.name}-{secrets.token_hex(6)}"
    home.mkdir()
    home.chmod(0o711)
    try:
        data_dir.symlink_to(home)
    except FileExistsError:
        # Another start was quicker; the lock decides between the two.
        home.rmdir()


def _system_account() -> Account:
    """The unprivileged account for servers that root starts; made when it does not exist."""
    search = "/usr/sbin:/usr/bin:/sbin:/bin"
    failure = ""
    if not _exists(ACCOUNT):
        useradd = shutil.which("useradd", path=search)
        if useradd is None:
            failure = "there is no useradd"
        else:
            command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", str(STATE)]
            made = subprocess.run(  # noqa: S603 - a system program with fixed arguments
                [*command, "--shell", "/usr/sbin/nologin", ACCOUNT], capture_output=True, text=True, check=False
            )
            failure = made.stderr.strip()
    # Asked again: another process may have made it at the same moment.
    if not _exists(ACCOUNT):
        raise EmbeddedServerError(
            f"PostgreSQL refuses to run as root, and the system account {ACCOUNT} could not be made: {failure}.",
            mend=f"Make an unprivileged account named {ACCOUNT}, or start Switchroom as an ordinary user.",
        )
    account = _account(pwd.getpwnam(ACCOUNT))
    if account.uid == 0:
        raise EmbeddedServerError(
            f"The account {ACCOUNT} is root under another name, and PostgreSQL refuses to run as root.",
            mend="Give it a user id of its own, or start Switchroom as an ordinary user.",
        )
    return account


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
