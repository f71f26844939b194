"""`python -m core.cli`: the same as `switchroom`, where the command is not installed."""

from core.cli import main

main()
