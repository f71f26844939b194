"""The plugin as an installation loads it: hooks, routes, tables, templates."""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from litestar import Litestar
from litestar.routes import ASGIRoute
from tortoise import Tortoise
from tortoise.models import Model

from core.accounts.permissions import CORE_PERMISSIONS, SIGNED_IN
from core.app import CORE_MODELS, load_plugins
from core.authoring.checks.finding import MANIFEST, Finding, Subject
from core.authoring.drift import drift_of
from core.database.connection import AppModels, tortoise_config
from core.plugins.context import CORE
from core.plugins.discovery import ENTRY_POINT_GROUP, PluginRecord, PluginState
from core.plugins.registry import PluginRegistry
from core.settings import Settings
from core.tenancy.audit import audit_models
from core.web.assets import asset_folder
from core.web.mounting import plugin_routers
from core.web.templating import template_engine

NOWHERE = "postgresql://nobody@127.0.0.1/nothing"
"""The ORM wants an address; nothing connects to it."""


async def check_loaded(subject: Subject) -> list[Finding]:
    """What an installation would say of the plugin, and what it would not say before somebody uses it."""
    with _findable(subject) as settings:
        registry = load_plugins(settings)
        record = registry.get(subject.name)
        manifest = subject.place(subject.folder / MANIFEST)
        if record is None:
            return [Finding(manifest, 0, "It is not found when plugins are looked for.", "Correct the entry point.")]
        if record.state is not PluginState.LOADED:
            return [Finding(_blamed(record, subject), 0, f"The plugin is {record.state.value}: {record.reason}", "")]
        registry.mark_ready()
        findings = [*_routes(subject, registry), *_assets(subject, record), *_templates(subject, registry)]
        findings += await _tables(subject, registry, record)
        if not record.ready:
            findings.append(Finding(manifest, 0, f"The plugin is {record.state.value}: {record.reason}", ""))
        return findings


@contextlib.contextmanager
def _findable(subject: Subject) -> Iterator[Settings]:
    """Lets discovery find the plugin in the usual way though it is not installed."""
    if subject.project is None:
        # An installed or bundled one is found already; a folder by the one above it.
        bare = "." not in subject.module and not (subject.folder / "__init__.py").is_file()
        yield Settings.model_validate({"plugins": {"dirs": [str(subject.folder.parent)] if bare else []}})
        return
    root = subject.folder.parents[subject.module.count(".")]
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(root), folder]
        sys.path[:0] = paths
        try:
            # One that is installed from its source has left its own traces there.
            if not entry_points(group=ENTRY_POINT_GROUP, name=subject.name):
                write_metadata(Path(folder), subject)
            yield Settings()
        finally:
            for path in paths:
                sys.path.remove(path)


def write_metadata(folder: Path, subject: Subject) -> None:
    """What an installation of the distribution would leave behind, as far as discovery reads it."""
    home = folder / f"switchroom_checked_{subject.name}-0.dist-info"
    home.mkdir()
    (home / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {home.stem.partition('-')[0]}\nVersion: 0\n")
    (home / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{subject.name} = {subject.module}\n")


def _blamed(record: PluginRecord, subject: Subject) -> str:
    """The file that a reason is most likely about."""
    named = re.search(r"([\w/]+\.(?:py|html|yaml))", record.reason)
    return subject.place(subject.folder / (named[1] if named else "plugin.py"))


def _routes(subject: Subject, registry: PluginRegistry) -> Iterator[Finding]:
    declared = {permission.name for permission in CORE_PERMISSIONS} | {SIGNED_IN}
    declared |= {permission.name for record in registry.ready for permission in record.contributions.permissions}
    application = Litestar(plugin_routers(registry, set(), []), openapi_config=None, logging_config=None)
    told: set[int] = set()
    for route in application.routes:
        if isinstance(route, ASGIRoute):
            continue
        handlers: list[Any] = getattr(route, "route_handlers", None) or [route.route_handler]  # type: ignore[union-attr]
        for handler in handlers:
            permission = handler.opt.get("permission")
            mine = handler.opt.get("plugin") == subject.name
            if mine and permission is not None and permission not in declared and id(handler.fn) not in told:
                told.add(id(handler.fn))
                file, line = _place_of(subject, handler.fn)
                problem = f"The route asks for {permission!r}, which nobody declares: no role can have it."
                yield Finding(file, line, problem, "Give it in register_permissions, or correct the name.")


def _assets(subject: Subject, record: PluginRecord) -> Iterator[Finding]:
    folder = asset_folder(record)
    for asset in record.contributions.assets:
        if not (folder / "dist" / asset.file).is_file() and not (folder / asset.file).is_file():
            problem = f"register_assets names {asset.file!r}, which is not below static/."
            yield Finding(subject.place(subject.folder / "plugin.py"), 0, problem, "Add the file, or bundle it.")


def _templates(subject: Subject, registry: PluginRegistry) -> Iterator[Finding]:
    environment = template_engine(registry).engine
    folder = subject.folder / "templates"
    for file in sorted(folder.rglob("*.html")):
        try:
            environment.get_template(f"{subject.name}/{file.relative_to(folder).as_posix()}")
        except TemplateError as error:
            yield Finding(subject.place(file), getattr(error, "lineno", 0) or 0, f"It does not compile: {error}.", "")


async def _tables(subject: Subject, registry: PluginRegistry, record: PluginRecord) -> list[Finding]:
    models = record.contributions.models
    if models is None:
        return []
    apps: AppModels = {CORE: (CORE_MODELS, "core.migrations")}
    for other in registry.ready:
        if other.contributions.models is not None:
            apps[other.name] = (list(other.contributions.models.modules), other.contributions.models.migrations)
    config = tortoise_config(NOWHERE, apps)
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        found = [*(dict((Tortoise.apps or {}).items()).get(subject.name, {})).values()]
        findings = [_of_model(subject, found, problem) for problem in audit_models(subject.name, found)]
        differences = await drift_of(config["apps"], subject.name)
    finally:
        await Tortoise.close_connections()
    if differences:
        problem = f"The migrations do not make what the models say: {'; '.join(differences)}."
        place = subject.place(subject.folder / "migrations")
        findings.append(Finding(place, 0, problem, f"Run: switchroom plugin makemigrations {subject.name}"))
    return findings


def _of_model(subject: Subject, models: list[type[Model]], problem: str) -> Finding:
    model = next((model for model in models if f"{model.__module__}.{model.__name__}" in problem), None)
    file, line = _place_of(subject, model) if model else (subject.place(subject.folder), 0)
    return Finding(file, line, problem, "")


def _place_of(subject: Subject, what: Any) -> tuple[str, int]:
    what = inspect.unwrap(getattr(what, "value", what))
    try:
        return subject.place(Path(inspect.getfile(what)).resolve()), inspect.getsourcelines(what)[1]
    except (OSError, TypeError):
        return subject.place(subject.folder), 0
