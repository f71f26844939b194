"""`switchroom plugin new`: the first version of a plugin."""

import getpass
from pathlib import Path

import click

from core.authoring.scaffolding import DEFAULT_SUMMARY, LICENSES, NO_LICENSE, Draft, write_plugin


@click.command
@click.argument("name")
@click.option("--into", "folder", type=click.Path(path_type=Path), help="The folder to write; else ./switchroom-NAME.")
@click.option("--summary", default="", help="One sentence on what the plugin is for.")
@click.option("--author", default="", help="Who holds the copyright; else the name of this account.")
@click.option(
    "--license", "chosen", type=click.Choice([*LICENSES, NO_LICENSE]), default="Apache-2.0", show_default=True
)
def new(name: str, folder: Path | None, summary: str, author: str, chosen: str) -> None:
    """Write a new plugin: a distribution with a page, a panel, a table, a job, settings, and tests that pass.

    NAME is 2 to 31 small letters and digits, such as loyalty.
    """
    draft = Draft(name, summary or DEFAULT_SUMMARY, author or _me(), chosen)
    target = folder or Path(draft.distribution)
    written = write_plugin(draft, target)
    click.echo(f"Wrote {len(written)} files into {target}. Next:")
    click.echo(f"  cd {target}")
    click.echo("  pip install -e '.[dev]'")
    click.echo("  pytest")
    click.echo("  switchroom plugin check .")


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "The authors"
