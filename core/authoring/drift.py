"""How the models of a plugin differ from what its migrations make."""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector


async def drift_of(apps: dict[str, Any], label: str) -> list[str]:
    """The operations that a new migration of the plugin would have, one line each; asks no database.

    Args:
        apps: The `apps` section of the ORM's configuration, with which the ORM is initialised.
        label: The plugin.
    """
    if Tortoise.apps is None:
        raise RuntimeError("The ORM is not initialised.")
    with_migrations = {name: app for name, app in apps.items() if app.get("migrations")}
    if label in apps and label not in with_migrations:
        return ["register_models names no package of migrations"]
    changes = await MigrationAutodetector(Tortoise.apps, with_migrations).changes()
    return [_sentence(operation) for writer in changes if writer.app_label == label for operation in writer.operations]


def _sentence(operation: Any) -> str:
    where = ".".join(str(getattr(operation, name)) for name in ("model_name", "name") if getattr(operation, name, ""))
    return f"{type(operation).__name__} {where}".strip()
