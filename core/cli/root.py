"""The root command: global options, and where each command is."""

import logging
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from core.errors import SwitchroomError
from core.logs import configure_logs
from core.settings import Logging, Settings, load_settings

_COMMANDS = {
    "run": "core.cli.serving:run",
    "web": "core.cli.serving:web",
    "worker": "core.cli.serving:worker",
    "scheduler": "core.cli.serving:scheduler",
    "media": "core.cli.serving:media",
    "migrate": "core.cli.migrate:migrate",
    "tenants": "core.cli.tenants:tenants",
    "users": "core.cli.users:users",
    "operators": "core.cli.operators:operators",
    "plugins": "core.cli.plugins:plugins",
    "plugin": "core.cli.plugin:plugin",
    "doctor": "core.cli.doctor:doctor",
}


class Commands(click.Group):
    """Imports a command when it is asked for: `--help` is quick, and one broken module harms no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which help shows them."""
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None when there is none of that name."""
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return _of_plugin(ctx, cmd_name)
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands into the help, and below them the plugins that have some."""
        super().format_commands(ctx, formatter)
        try:
            rows = list(import_module("core.cli.contributed").summaries(ctx))
        except SwitchroomError:
            # Help must be had above all where the settings are wrong.
            return
        if rows:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(rows)


def _of_plugin(ctx: click.Context, name: str) -> click.Command | None:
    """The commands of an installed plugin, which is loaded for that."""
    if not name.isidentifier():
        return None
    commands: click.Command | None = import_module("core.cli.contributed").commands_of(ctx, name)
    return commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="switchroom", message="%(version)s")
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The settings file; else SWITCHROOM_SETTINGS, ./settings.yaml, or the project's own.",
)
def root(settings_file: Path | None) -> None:
    """Switchroom, a contact-centre platform."""


def settings_file() -> Path | None:
    """Return the file that the person at the terminal named, if any."""
    file: Path | None = click.get_current_context().find_root().params["settings_file"]
    return file


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command, whose output is its answer and not its log, the settings as its first argument."""

    @wraps(command)
    def load_and_call(*args: Any, **kwargs: Any) -> Any:
        settings = load_settings(settings_file())
        configure_quietly(settings)
        return command(settings, *args, **kwargs)

    return load_and_call


def configure_quietly(settings: Settings) -> None:
    """Log warnings alone, and not why plugins are set aside: `plugins list` and `doctor` say it, nothing else need."""
    configure_logs(Logging(level="warning", format=settings.logging.format))
    logging.getLogger("core.plugins").setLevel(logging.CRITICAL)
