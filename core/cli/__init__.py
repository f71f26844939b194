"""The command line `switchroom`: arguments in, exit code out; the work is done by the layers below."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from core.cli.refusals import refusal_of, sentence
from core.cli.root import root

EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit.

    The exit code is 0 when it was done, 1 when it was done and found something wrong, 2 when it could not start or was
    refused (one sentence on the standard error stream says why and how to mend it), 130 when it was interrupted.
    """
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = root.main(arguments, prog_name="switchroom", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`); what Python would still flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        click.echo(f"switchroom: {sentence(refusal)}", err=True)
        return EXIT_REFUSED
    return result if isinstance(result, int) else 0
