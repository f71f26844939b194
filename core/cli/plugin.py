"""`switchroom plugin`: for those who write one. Each command is a module of its own, imported when it is asked for."""

from importlib import import_module

import click

_COMMANDS: dict[str, str] = {
    "new": "core.cli.plugin_new:new",
    "check": "core.cli.plugin_check:check",
    "makemigrations": "core.cli.plugin_makemigrations:makemigrations",
}
"""Name → `module:command`."""


class PluginCommands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which help shows them."""
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None when there is none of that name."""
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=PluginCommands)
def plugin() -> None:
    """Write, check and migrate a plugin."""
