"""Which plugin needs which: the order in which they load, circles, and needs that are not met."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from core.plugins.discovery import PluginRecord, PluginState

Edges = dict[str, set[str]]
"""From the name of each plugin to those that come before it."""


def sort_by_dependency(records: list[PluginRecord]) -> list[PluginRecord]:
    """Those that are needed before those that need them; else the bundled ones first, then by name.

    Every member of a circle of `requires` is broken, and its reason names the circle. A wish (`after`) that contradicts
    a need, or another wish, is left out and told in the plugin's warnings.
    """
    by_name = first_of_each_name(records)
    needs: Edges = {
        name: {need for need in (record.manifest.required if record.manifest else ()) if need in by_name}
        for name, record in by_name.items()
    }
    for name in sorted(by_name):
        circle = _way(needs, name, name)
        if circle:
            by_name[name].fail(
                PluginState.BROKEN, f"Plugins need each other in a circle: {' → '.join([*circle, circle[0]])}."
            )
    for name, edges in needs.items():
        if _way(needs, name, name):
            edges.clear()
    before = _with_wishes(by_name, needs)
    ordered = _sorted(by_name, before)
    doubles = [record for record in records if by_name[record.name] is not record]
    return [*ordered, *doubles]


def first_of_each_name(records: list[PluginRecord]) -> dict[str, PluginRecord]:
    """The plugins by their names; a second one of a name has been refused already."""
    found: dict[str, PluginRecord] = {}
    for record in records:
        found.setdefault(record.name, record)
    return found


def unmet_need(record: PluginRecord, by_name: Mapping[str, PluginRecord]) -> str | None:
    """Why a plugin cannot be used now, when another one that it requires is not there, too old or at fault."""
    assert record.manifest is not None  # noqa: S101 - without one it is broken already
    for need in record.manifest.requirements:
        other = by_name.get(need.name)
        if other is None:
            return f"It needs the plugin {need.name!r}, which is not installed."
        if need.specifier and not need.specifier.contains(other.version, prereleases=True):
            return f"It needs the plugin '{need}'; installed is {other.version}."
        if other.state not in (PluginState.LOADED, PluginState.READY):
            return f"It needs the plugin {need.name!r}, which is {other.state.value.replace('_', ' ')}."
    return None


def _way(edges: Edges, start: str, end: str) -> list[str]:
    """The shortest way of at least one step, without its end; empty when there is none."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for there in sorted(edges.get(here, ())):
            if there == end:
                way = [here]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if there not in came_from and there != start:
                came_from[there] = here
                waiting.append(there)
    return []


def _with_wishes(by_name: Mapping[str, PluginRecord], needs: Edges) -> Edges:
    before = {name: set(edges) for name, edges in needs.items()}
    for name in sorted(by_name):
        manifest = by_name[name].manifest
        for wish in manifest.after if manifest else ():
            if wish not in by_name or wish == name:
                continue
            if _way(before, wish, name):
                by_name[name].warnings.append(f"It cannot come after {wish!r}, which has to come after it.")
            else:
                before[name].add(wish)
    return before


def _sorted(by_name: Mapping[str, PluginRecord], before: Edges) -> list[PluginRecord]:
    ordered: list[PluginRecord] = []
    done: set[str] = set()

    def visit(record: PluginRecord) -> None:
        if record.name in done:
            return
        done.add(record.name)
        for name in sorted(before[record.name], key=lambda name: _rank(by_name[name])):
            visit(by_name[name])
        ordered.append(record)

    for record in sorted(by_name.values(), key=_rank):
        visit(record)
    return ordered


def _rank(record: PluginRecord) -> tuple[bool, str]:
    return not record.bundled, record.name
