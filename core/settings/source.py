"""Reads `settings.yaml` and the environment into plain data, remembering where each key came from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from core.errors import StartupError

KeyPath = tuple[str | int, ...]
ENVIRONMENT_PREFIX = "SWITCHROOM__"


@dataclass(frozen=True)
class Origin:
    """Where a value was set, in words, and the environment variable if it was one."""

    place: str
    variable: str | None = None

    def __str__(self) -> str:
        """Return the place, as it begins a line of an error."""
        return self.place


NOWHERE = Origin("settings")


@dataclass
class Source:
    """The data of all sources laid over each other, the origin of each key, and what could not be read."""

    data: dict[str, Any]
    origins: dict[KeyPath, Origin] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """The safe loader, with the line of a value that looks like a date or a number but is none (`2024-13-45`)."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError:
            problem = "found a value that is neither a date nor a number; put it in quotes if it is text"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None


def read_file(file: Path) -> Source:
    """Read a YAML file of settings.

    Raises:
        StartupError: It cannot be read, or is not YAML.
    """
    try:
        loader = _Loader(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartupError(f"{file}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StartupError(f"{file}: is not UTF-8 text (byte {error.start}).", mend="Save it as UTF-8.") from error
    except yaml.YAMLError as error:
        raise _not_yaml(file, error) from None
    try:
        node = loader.get_single_node()
        source = Source(data={}, origins={(): Origin(str(file))})
        source.problems.extend(_check_nodes(node, file))
        data = loader.construct_document(node) if node is not None else None
        source.origins.update(_lines(node, file))
    except yaml.YAMLError as error:
        raise _not_yaml(file, error) from None
    except RecursionError:
        raise StartupError(f"{file}: is nested too deeply to be read.") from None
    finally:
        loader.dispose()
    if isinstance(data, dict):
        source.data = {str(key): value for key, value in data.items()}
    elif data is not None:
        source.problems.append(f"{file}, line 1: must be a list of keys with values, such as `demo: true`.")
    return source


def overrides(environ: Mapping[str, str]) -> Iterator[tuple[KeyPath, str, Origin]]:
    """Yield key, raw text and origin of each variable that overrides a setting, groups before their keys."""
    for name in sorted(environ, key=lambda name: (name.count("__"), name)):
        if name.startswith(ENVIRONMENT_PREFIX):
            path = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
            yield path, environ[name], Origin(name, variable=name)


def set_key(source: Source, path: KeyPath, value: object, origin: Origin) -> None:
    """Lay one value over the data. A parent that is no group is left alone: it is reported as wrong itself."""
    group: Any = source.data
    for part in path[:-1]:
        if group.get(part) is None:
            group[part] = {}
        group = group[part]
        if not isinstance(group, dict):
            return
    group[path[-1]] = value
    for known in [known for known in source.origins if known[: len(path)] == path]:
        del source.origins[known]
    source.origins[path] = origin


def parse_value(raw: str) -> object:
    """Read a variable's text as YAML: a number, true, null, a list. What is no YAML is the text itself."""
    try:
        value = yaml.load(raw, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        return raw
    # A `#` inside text begins a comment in YAML, and a password must not be cut there.
    return raw if isinstance(value, str) and not raw.startswith(('"', "'")) else value


def _not_yaml(file: Path, error: yaml.YAMLError) -> StartupError:
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark is not None else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be parsed"
    # The parser quotes what it read, which may be a password that somebody forgot to quote.
    problem = re.sub(r"(['\"])(?!<|\\.\1)..+\1", "…", problem)
    return StartupError(f"{file}{line}: is not valid YAML: {problem}.", mend="Check indentation, colons and quotes.")


def _check_nodes(node: yaml.Node | None, file: Path, above: tuple[int, ...] = ()) -> Iterator[str]:
    """Find keys set twice in one group, of which YAML would silently take the last; refuse a value inside itself."""
    if id(node) in above and node is not None:
        raise yaml.composer.ComposerError(None, None, "found a value that contains itself", node.start_mark)
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name, line = _name(key), key.start_mark.line + 1
            if name in first and name != "<<":
                yield f"{file}, line {line}: {name} is set twice, first in line {first[name]}. Remove one of them."
            first.setdefault(name, line)
            yield from _check_nodes(value, file, above)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _check_nodes(item, file, above)


def _lines(node: yaml.Node | None, file: Path, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Origin]]:
    if isinstance(node, yaml.MappingNode):
        children = [((*path, _name(key)), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [((*path, index), item, item) for index, item in enumerate(node.value)]
    else:
        return
    for here, named_at, value in children:
        yield here, Origin(f"{file}, line {named_at.start_mark.line + 1}")
        yield from _lines(value, file, here)


def _name(key: yaml.Node) -> str:
    return str(key.value) if isinstance(key, yaml.ScalarNode) else "this key"
