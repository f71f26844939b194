"""The wheel: built without a network, and compared with the source."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from core.authoring.checks.finding import Finding, Subject

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", "__pycache__", "*.egg-info", "build", "dist.old", "node_modules", "var"
)


def check_wheel(subject: Subject) -> Iterator[Finding]:
    """Every file of the package is in the wheel: what is not there is missing where the plugin is installed."""
    if subject.project is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(subject.project, copy, ignore=LEFT_OUT)
        try:
            wheel = build_wheel(copy, Path(folder) / "wheels")
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.splitlines() if line.strip()]
            reason = lines[-1].strip() if lines else "no reason was given"
            mend = "Run: pip wheel --no-deps --no-build-isolation ."
            yield Finding("pyproject.toml", 0, f"The wheel cannot be built: {reason}", mend)
            return
        with zipfile.ZipFile(wheel) as archive:
            there = set(archive.namelist())
    root = subject.folder.parents[subject.module.count(".")]
    for file in sorted(subject.folder.rglob("*")):
        if file.is_file() and not _generated(file) and file.relative_to(root).as_posix() not in there:
            mend = "Name it in [tool.setuptools.package-data], or what your build backend calls that."
            yield Finding(subject.place(file), 0, "It is not in the wheel.", mend)


def build_wheel(project: Path, into: Path) -> Path:
    """Builds the wheel of a source folder with what is installed here, and gives its file.

    Raises:
        subprocess.CalledProcessError: It cannot be built; `stderr` says why.
    """
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    command += ["--disable-pip-version-check", "--wheel-dir", str(into), str(project)]
    subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own arguments
    return next(into.glob("*.whl"))


def _generated(file: Path) -> bool:
    return "__pycache__" in file.parts or file.suffix == ".pyc" or file.name == ".gitignore"
