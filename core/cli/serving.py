"""`switchroom run`, `web`, `worker`, `scheduler`, `media`: processes that stay until they are told to stop."""

from typing import TYPE_CHECKING

import click
import uvloop

from core.cli.root import settings_file
from core.errors import StartupError
from core.logs import configure_logs
from core.settings import Settings, load_settings

if TYPE_CHECKING:
    from core.app import Application


@click.command
def run() -> None:
    """Run everything in one process, on the embedded database unless another one is set."""
    _serve(_settings(), "web", "worker", "scheduler", "media")


@click.command
def web() -> None:
    """Run a web server alone; any number may run."""
    _serve(_settings_of_one("web"), "web")


@click.command
def worker() -> None:
    """Run a worker alone, which executes jobs; any number may run."""
    _serve(_settings_of_one("worker"), "worker")


@click.command
def scheduler() -> None:
    """Run a scheduler alone, which hands due jobs to workers; any number may run."""
    _serve(_settings_of_one("scheduler"), "scheduler")


@click.command
def media() -> None:
    """Run the media server alone; one on each machine that carries calls."""
    _serve(_settings_of_one("media"), "media")


def _settings() -> Settings:
    settings = load_settings(settings_file())
    configure_logs(settings.logging)
    return settings


def _settings_of_one(command: str) -> Settings:
    """Load settings for one process of several, which must share database and broker."""
    settings = _settings()
    missing = [f"{key}.url" for key in ("database", "broker") if getattr(settings, key).url is None]
    if missing:
        raise StartupError(
            f"`switchroom {command}` shares its work with other processes and needs {' and '.join(missing)}.",
            mend=f"Set them in {settings.file}, or use `switchroom run`, which does everything in one process.",
        )
    return settings


def _serve(settings: Settings, *roles: str) -> None:
    from core.app import Role
    from core.server import serve

    uvloop.run(serve(settings, frozenset(Role(role) for role in roles), on_ready=_announce))


async def _announce(application: "Application") -> None:
    """Say on the standard output that work can begin; logs go to the standard error stream."""
    from core.app import EVERYTHING, Role

    settings = application.platform.settings
    # A library of a plugin may have set up logging in its own way while it was imported.
    configure_logs(settings.logging)
    if Role.WEB not in application.roles:
        click.echo(f"Switchroom's {', '.join(sorted(application.roles))} is ready.")
        return
    lines = [f"Switchroom is ready: {click.style(settings.server.url, bold=True)}"]
    if settings.demo and application.roles == EVERYTHING:
        lines += _demo(application)
    lines += ["", "Ctrl+C stops it."]
    click.echo("\n".join(["", *(f"  {line}".rstrip() for line in lines), ""]))


def _demo(application: "Application") -> list[str]:
    """Say how to log in, and which public pages there are: the addresses belong to plugins."""
    from core.provisioning import DEMO_PASSWORD, DEMO_SLUG, DEMO_USERS
    from core.vendor.operators import DEMO_PASSWORD as DEMO_OPERATOR_PASSWORD
    from core.vendor.operators import DEMO_USERNAME

    lines = [
        "",
        f"Log in to the organisation {DEMO_SLUG} with the password {DEMO_PASSWORD} as",
        f"  {', '.join(username for username, _name, _roles in DEMO_USERS)}",
    ]
    url = application.platform.settings.server.url
    lines.append(f"The vendor's console: {url}/vendor, as {DEMO_USERNAME} with the password {DEMO_OPERATOR_PASSWORD}")
    for record in application.plugins.ready:
        if record.manifest and record.manifest.public_prefix:
            lines.append(f"For customers ({record.name}): {url}/{record.manifest.public_prefix}/{DEMO_SLUG}")
    return lines
