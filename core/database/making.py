"""Writes the migration that brings a plugin's tables to its models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance, OneToOneFieldInstance
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.writer import MigrationWriter
from tortoise.models import Model

from core.database.migrations import CORE, read_migrations
from core.errors import StartupError

_RELATIONS = (ForeignKeyFieldInstance, OneToOneFieldInstance, ManyToManyFieldInstance)


async def make_migrations(apps: dict[str, Any], label: str) -> list[Path]:
    """Writes what an app's migrations lack of its models; gives the files, none when nothing is lacking.

    Args:
        apps: The `apps` section of the ORM's configuration, core first. The app's package of migrations is there.
        label: The app. Files of no other are written.

    Raises:
        StartupError: Its migrations cannot be read, or a model points at a table that is neither its own nor core's.
    """
    migrations, usable, failed = await read_migrations(apps)
    if label not in usable:
        raise StartupError(f"The migrations of {label!r} cannot be read: {failed.get(label, 'it names none')}")
    _refuse_foreign_relations(label)
    detector = MigrationAutodetector(Tortoise.apps, {name: apps[name] for name in usable})
    writers = [writer for writer in await detector.changes() if writer.app_label == label]
    for writer in writers:
        # The ORM names each migration of an app whose last one others depend on; the last one says the same.
        writer.dependencies = [
            migrations.of(app)[-1]
            for app in sorted({app for app, _name in _dependencies(writer)})
            if migrations.of(app)
        ]
        _check_dependencies(writer, label)
    return [Path(str(writer.write())) for writer in writers]


def _refuse_foreign_relations(label: str) -> None:
    """Plugins come and go one by one, so none has a foreign key to another's tables."""
    for model in _models(label):
        for target in _targets(model):
            if target not in (label, CORE):
                raise StartupError(
                    f"{model.__name__} points at a table of {target!r}.",
                    mend=f"Keep a reference such as '{target}:thing:17' as text, and use a capability.",
                )


def _check_dependencies(writer: MigrationWriter, label: str) -> None:
    """A migration that makes a foreign key to core's tables must come after the one that makes those."""
    targets = {target for model in _models(label) for target in _targets(model)} - {label}
    missing = targets - {app for app, _name in _dependencies(writer)}
    if missing:
        raise StartupError(f"The migration of {label!r} would not come after those of {', '.join(sorted(missing))}.")


def _dependencies(writer: MigrationWriter) -> list[tuple[str, str]]:
    return [(app, name) for app, name in writer.dependencies or ()]


def _models(label: str) -> list[type[Model]]:
    return [model for app, models in (Tortoise.apps or {}).items() if app == label for model in models.values()]


def _targets(model: type[Model]) -> set[str]:
    """The apps at whose tables a model points."""
    fields = model._meta.fields_map.values()
    related = [field.related_model for field in fields if isinstance(field, _RELATIONS)]
    return {other._meta.app for other in related if other._meta.app}
