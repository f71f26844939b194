"""`switchroom doctor`: looks at everything the server stands on and says what is wrong and how to mend it."""

import asyncio
import os

import click

from core.cli.doctor.finding import Check, Finding, Outcome, examine, fail, ok
from core.cli.root import configure_quietly, settings_file
from core.errors import StartupError
from core.settings import Settings, load_settings
from core.settings.source import overrides

_STYLE = {
    Outcome.OK: ("ok", "green"),
    Outcome.WARN: ("warn", "yellow"),
    Outcome.FAIL: ("FAIL", "red"),
}


@click.command
def doctor() -> int:
    """Check the installation: files, database, broker, ports, ICE servers, plugins.

    Changes nothing, and may be run while the server runs. The exit code is 1 when something is wrong.
    """
    try:
        settings = load_settings(settings_file())
    except StartupError as error:
        for line in str(error).splitlines():
            show(fail("settings", line))
        return 1
    configure_quietly(settings)
    show(_about_the_file(settings))
    return asyncio.run(_examine(settings))


def show(finding: Finding) -> None:
    """Print one finding, with its remedy below."""
    word, colour = _STYLE[finding.outcome]
    click.echo(f"{click.style(f'{word:4}', fg=colour)}  {finding.subject:<13} {finding.text}")
    if finding.mend:
        click.echo(f"{'':21}{finding.mend}")


async def _examine(settings: Settings) -> int:
    from core.cli.doctor.checks import CHECKS

    outcomes = []
    for check in CHECKS:
        for finding in await examine(check, settings):
            show(finding)
            outcomes.append(finding.outcome)
    wrong, doubtful = outcomes.count(Outcome.FAIL), outcomes.count(Outcome.WARN)
    click.echo(f"\n{_count(wrong, 'failure')}, {_count(doubtful, 'warning')}.")
    return 1 if wrong else 0


def _about_the_file(settings: Settings) -> Finding:
    names = [origin.place for _path, _raw, origin in overrides(os.environ)]
    return ok("settings", f"{settings.file}{', and ' + ', '.join(names) if names else ''}")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


__all__ = ["Check", "doctor"]
