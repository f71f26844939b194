"""What a check has found, and the plugin that it looks at."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import NotFound
from core.plugins.discovery import ENTRY_POINT_GROUP

MANIFEST = "manifest.yaml"


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is wrong, and how to mend it.

    Attributes:
        line: 0 where it is of the whole file.
    """

    file: str
    line: int
    problem: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.problem} {self.mend}".rstrip()


@dataclass(frozen=True)
class Subject:
    """The plugin that is checked.

    Attributes:
        name: Of the plugin.
        module: The package that holds `plugin.py`; for a bare folder its name alone.
        folder: Where that package is.
        project: The folder of the distribution's source; None for a bare folder, and for one that is installed.
        metadata: What its `pyproject.toml` says.
    """

    name: str
    module: str
    folder: Path
    project: Path | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """What paths in findings are relative to."""
        return self.project or self.folder

    def place(self, file: Path) -> str:
        """A file as findings name it."""
        return file.relative_to(self.home).as_posix() if file.is_relative_to(self.home) else str(file)

    @property
    def dependencies(self) -> list[str]:
        """What the distribution says that it needs."""
        return list(self.metadata.get("project", {}).get("dependencies", []))


def subject_of(target: str, bundled: Path) -> Subject:
    """The plugin at a path, or an installed one by its name.

    Args:
        target: The folder of a distribution or of a plugin, or a name.
        bundled: Where the plugins lie that come with Switchroom.

    Raises:
        NotFound: There is none; says what was looked for.
    """
    folder = Path(target)
    if folder.is_dir():
        folder = folder.resolve()
        if (folder / "pyproject.toml").is_file():
            return _of_distribution(folder)
        if (folder / MANIFEST).is_file():
            module = f"plugins.{folder.name}" if folder.parent == bundled else folder.name
            return Subject(folder.name, module, folder)
        raise NotFound(f"{folder} holds neither pyproject.toml nor {MANIFEST}.", mend="Name the folder of a plugin.")
    for point in entry_points(group=ENTRY_POINT_GROUP, name=target):
        spec = find_spec(point.module)
        if spec and spec.submodule_search_locations:
            return Subject(point.name, point.module, Path(next(iter(spec.submodule_search_locations))))
    if (bundled / target / MANIFEST).is_file():
        return Subject(target, f"plugins.{target}", bundled / target)
    raise NotFound(f"There is no folder {target}, and no installed plugin of that name.", mend="Name one of these.")


def _of_distribution(project: Path) -> Subject:
    try:
        metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotFound(f"{project / 'pyproject.toml'} cannot be read: {error}") from error
    points = metadata.get("project", {}).get("entry-points", {}).get(ENTRY_POINT_GROUP, {})
    if len(points) != 1:
        raise NotFound(
            f"{project / 'pyproject.toml'} names {len(points) or 'no'} entry points of the group {ENTRY_POINT_GROUP}.",
            mend=f'Add: [project.entry-points."{ENTRY_POINT_GROUP}"] and below it: name = "package"',
        )
    name, module = next(iter(points.items()))
    path = Path(*module.partition(":")[0].split("."))
    for root in (project, project / "src"):
        if (root / path / "plugin.py").is_file() or (root / path / MANIFEST).is_file():
            return Subject(name, module, root / path, project, metadata)
    raise NotFound(
        f"The package {module!r}, which the entry point {name!r} names, is neither in {project} nor in its src/.",
        mend="Correct the entry point.",
    )
