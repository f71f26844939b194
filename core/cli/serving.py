"""`switchroom run`, `web`, `worker`, `scheduler`: processes that stay until they are told to stop."""

import asyncio
from collections.abc import Iterable

import click

from core.cli.root import settings_file
from core.errors import StartupError
from core.logs import configure_logs
from core.settings import Settings, load_settings


@click.command
def run() -> None:
    """Run everything in one process, on the embedded database unless another one is set."""
    from core.app import Role

    _serve(_settings(), [Role.WEB, Role.WORKER, Role.SCHEDULER, Role.MEDIA])


@click.command
def web() -> None:
    """Run a web server alone; any number may run."""
    from core.app import Role

    _serve(_shared("web"), [Role.WEB])


@click.command
def worker() -> None:
    """Run a worker alone, which executes jobs; any number may run."""
    from core.app import Role

    _serve(_shared("worker"), [Role.WORKER])


@click.command
def scheduler() -> None:
    """Run a scheduler alone, which hands due jobs to workers; any number may run."""
    from core.app import Role

    _serve(_shared("scheduler"), [Role.SCHEDULER])


def _settings() -> Settings:
    settings = load_settings(settings_file())
    configure_logs(settings.logging)
    return settings


def _shared(command: str) -> Settings:
    """Load settings for one process of several, which share database and broker."""
    settings = _settings()
    missing = [key for key in ("database", "broker") if getattr(settings, key).url is None]
    if missing:
        raise StartupError(
            f"`switchroom {command}` shares its work with other processes and needs "
            f"{' and '.join(f'{key}.url' for key in missing)} in {settings.file}.",
            mend="Set them, or use `switchroom run`, which does everything in one process.",
        )
    return settings
