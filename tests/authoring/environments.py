"""Clean virtual environments, with what wheels bring and the project's own libraries, and nothing from a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from core.authoring.checks.wheel import build_wheel
from tests.conftest import ROOT

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "node_modules", "var"
)


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, *wheels: Path) -> None:
        """Installs wheels, without what they need: that is the project's."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--quiet", "--no-index", "--no-deps", *map(str, wheels)], check=True)

    def run(self, *command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of the environment, with nothing of this process's installation."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHROOM", "PYTEST"))}
        return subprocess.run(
            [str(self.folder / "bin" / command[0]), *command[1:]],
            cwd=cwd,
            env={**inherited, "COLUMNS": "200", **environ},
            capture_output=True,
            text=True,
            check=False,
        )


def make_environment(folder: Path) -> Environment:
    """An empty environment that finds the project's libraries, but not the project."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    # A line of a .pth file is searched, but the .pth files there are not read: the project's own link is one of them.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return Environment(folder)


def wheel_of(project: Path, into: Path) -> Path:
    """The wheel of a source folder, built from a copy: what a build leaves behind stays out of the source."""
    copy = into / "source"
    shutil.copytree(project, copy, ignore=LEFT_OUT)
    return build_wheel(copy, into / "wheels")


def our_wheel(into: Path) -> Path:
    """The wheel of the project itself."""
    return wheel_of(ROOT, into)
