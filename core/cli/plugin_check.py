"""`switchroom plugin check`: what is wrong with a plugin."""

import asyncio
import logging

import click

from core.logs import configure_logs
from core.settings import Logging


@click.command
@click.argument("plugin", metavar="PATH")
@click.option("--wheel/--no-wheel", default=True, help="Build the wheel and look for files that it lacks, or do not.")
def check(plugin: str, wheel: bool) -> int:
    """Say what is wrong with a plugin, one line for each finding: file, line, and how to mend it.

    PATH is the folder of a distribution or of a plugin, or the name of an installed one. It needs no database. The exit
    code is 1 when something was found.
    """
    from core.authoring.checks.everything import check_plugin

    configure_logs(Logging(level="error"))
    logging.getLogger("core.plugins").setLevel(logging.CRITICAL)
    subject, findings = asyncio.run(check_plugin(plugin, wheel=wheel))
    for finding in findings:
        click.echo(str(finding))
    if findings:
        click.echo(f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'} in {subject.name}.", err=True)
        return 1
    click.echo(f"Nothing is wrong with {subject.name}.")
    return 0
