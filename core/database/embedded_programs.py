"""PostgreSQL's programs, run under the account of a server, and copied where that account could not reach them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.database.embedded_home import Account, EmbeddedServerError, state_folder


@dataclass(frozen=True)
class Programs:
    """An installation of PostgreSQL's programs.

    Attributes:
        base: A folder that holds the programs and, beside them, all that they need to run.
        folder: The folder with `initdb`, `pg_ctl` and `postgres`, relative to `base`.
        parts: The folders that make a copy complete, relative to `base`; they find each other by their places in it.
    """

    base: Path
    folder: Path
    parts: tuple[Path, ...]

    def path(self, name: str) -> Path:
        """The path of one program."""
        return self.base / self.folder / name

    def run(self, account: Account, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one under an account, from a folder that it can enter, with nothing of our environment."""
        other = account.uid != os.geteuid()
        return subprocess.run(  # noqa: S603 - programs of our own, no shell
            [str(self.path(name)), *arguments],
            user=account.uid if other else None,
            group=account.gid if other else None,
            extra_groups=[] if other else None,
            umask=0o077,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def reachable_by(self, account: Account) -> Programs:
        """These where the account can run them; else, for root alone, a copy below /var/lib/switchroom.

        Raises:
            EmbeddedServerError: The account cannot run them, nor a copy.
        """
        if not self._refuse(account):
            return self
        chosen = self if account.uid == os.geteuid() else self._copied()
        if refusal := chosen._refuse(account):
            raise EmbeddedServerError(
                f"The user {account.name} cannot run PostgreSQL's programs in {chosen.base}: {refusal}.",
                mend=f"Remove {chosen.base}; the next start copies them anew."
                if chosen is not self
                else "Install the project as that user.",
            )
        return chosen

    def _refuse(self, account: Account) -> str:
        """Why the account cannot run them; empty when it can."""
        try:
            # Of all programs this one needs the library libpq, which has a folder of its own in the wheel.
            tried = self.run(account, "initdb", "--version")
        except PermissionError as error:
            return error.strerror or "permission denied"
        return last_line(tried.stderr) if tried.returncode else ""

    def _copied(self) -> Programs:
        """A copy that every account can run; one for each build, whoever asks."""
        build = hashlib.sha256(self.path("postgres").read_bytes()).hexdigest()[:12]
        copy = Programs(state_folder() / f"postgresql-{build}", self.folder, self.parts)
        if copy.base.exists():
            return copy
        making = Path(tempfile.mkdtemp(prefix="postgresql-", dir=state_folder()))
        try:
            for part in self.parts:
                shutil.copytree(self.base / part, making / part, symlinks=True)
            for folder, _, files in os.walk(making):
                os.chmod(folder, 0o755)  # noqa: S103 - programs, with nothing secret in them
                for name in files:
                    os.chmod(Path(folder, name), 0o755 if Path(folder).name == "bin" else 0o644)
            try:
                making.rename(copy.base)
            except OSError:
                # Another start may have been quicker, which comes to the same.
                if not copy.base.exists():
                    raise
        finally:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(making)
        return copy


def last_line(text: str) -> str:
    """What a program said last."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it did not say why")
