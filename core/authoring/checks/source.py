"""The source: what it imports, and which files are there."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import yaml

from core.authoring.checks.finding import MANIFEST, Finding, Subject
from core.plugins.discovery import ENTRY_POINT_GROUP
from core.plugins.manifest import ManifestError, read_manifest

PRIVATE = frozenset({"core", "hookspecs"})


def check_manifest(subject: Subject) -> Iterator[Finding]:
    """The manifest can be read, and names what the distribution names."""
    file = subject.folder / MANIFEST
    place = subject.place(file)
    try:
        manifest = read_manifest(file)
    except ManifestError as error:
        yield Finding(place, _line_of_error(file), str(error), "See the table of keys in the guide for authors.")
        return
    if manifest.name != subject.name:
        yield Finding(
            place, _line(file, "name:"), f"It names the plugin {manifest.name!r}.", f"Write {subject.name!r}."
        )
    if not manifest.compatible:
        yield Finding(place, _line(file, "api:"), f"It was written for API {manifest.api}.", "Widen the range.")
    version = subject.metadata.get("project", {}).get("version")
    if version is not None and version != manifest.version:
        problem = f"Its version is {manifest.version}, that of pyproject.toml {version}."
        yield Finding(place, _line(file, "version:"), problem, "Write the same.")


def check_files(subject: Subject) -> Iterator[Finding]:
    """What people look for in a distribution is there."""
    home = subject.home
    if not any(home.glob("README*")):
        yield Finding("README.md", 0, "There is no README.", "Say what the plugin does, its settings and permissions.")
    for package in [subject.folder, *(folder for folder in subject.folder.rglob("*") if _is_package(folder))]:
        if not (package / "__init__.py").is_file() and subject.project is not None:
            place = subject.place(package / "__init__.py")
            yield Finding(place, 0, "The folder holds modules and is no package.", "Add this file.")
    if subject.project is None:
        return
    if not any(home.glob("CHANGELOG*")):
        yield Finding("CHANGELOG.md", 0, "There is no list of changes.", "Say what each version changes.")
    if not any(home.glob("LICEN[CS]E*")):
        yield Finding("LICENSE", 0, "There is no licence.", "Nobody may use the plugin without one: add its text.")
    tests = [*home.glob("tests/**/*.py"), *home.glob("test_*.py")]
    if not any("PluginContract" in file.read_text(encoding="utf-8") for file in tests):
        mend = f'Add: class TestContract(PluginContract): plugin = "{subject.name}"'
        yield Finding("tests/test_contract.py", 0, "No test inherits the contract suite.", mend)


def check_imports(subject: Subject) -> Iterator[Finding]:
    """Only `switchroom`, the plugin's own modules, the standard library and what the distribution says it needs."""
    known = packages_distributions()
    declared = {_plain(re.split(r"[^A-Za-z0-9._-]", need.strip(), maxsplit=1)[0]) for need in subject.dependencies}
    others = {point.module.split(".")[0] for point in entry_points(group=ENTRY_POINT_GROUP)} | {"plugins"}
    own = subject.module.split(".")[0]
    if subject.project is not None and "switchroom" not in declared:
        line = _line(subject.project / "pyproject.toml", "dependencies")
        yield Finding("pyproject.toml", line, "It does not say that it needs switchroom.", 'Add "switchroom>=0.1".')
    for file in sorted(subject.folder.rglob("*.py")):
        place = subject.place(file)
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError) as error:
            yield Finding(place, getattr(error, "lineno", 0) or 0, f"It is no Python: {error}.", "")
            continue
        for module, line in _imports(tree):
            root = module.split(".")[0]
            if root in sys.stdlib_module_names or module == subject.module or module.startswith(f"{subject.module}."):
                continue
            if root in PRIVATE:
                yield Finding(place, line, f"It imports {module}, which is private.", "Use the package switchroom.")
            elif root == "switchroom" and any(part.startswith("_") for part in module.split(".")):
                yield Finding(place, line, f"It imports {module}, which is private.", "Use what has no underscore.")
            elif module.startswith("switchroom.testing"):
                yield Finding(place, line, f"It imports {module}.", "That is for tests alone.")
            elif root == "switchroom":
                continue
            elif root in others - {own} or root == "plugins":
                mend = "Use a capability, a hook or an opaque reference."
                yield Finding(place, line, f"It imports {module} of another plugin.", mend)
            elif subject.project is not None and root != own and not declared & set(map(_plain, known.get(root, ()))):
                name = next(iter(known.get(root, (root,))))
                problem = f"It imports {root}, which pyproject.toml does not say that it needs."
                yield Finding(place, line, problem, f'Add "{name}" to the dependencies.')


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def _is_package(folder: Path) -> bool:
    return folder.is_dir() and folder.name != "__pycache__" and any(folder.glob("*.py"))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _line(file: Path, start: str) -> int:
    """The line that begins with a text; 0 when none does."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.lstrip().startswith(start)), 0)


def _line_of_error(file: Path) -> int:
    try:
        yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.line + 1 if error.problem_mark else 0
    except (OSError, UnicodeDecodeError):
        return 0
    return 0
