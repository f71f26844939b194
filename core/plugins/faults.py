"""What is said of an error of a plugin: where in its own code it came from."""

from __future__ import annotations

import traceback
from pathlib import Path


def reason_of(error: BaseException, folder: Path) -> str:
    """The error, and the last line of the plugin's own code that it came through."""
    text = str(error).strip()
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{said}{'' if said.endswith(('.', '!', '?')) else '.'}{where(error, folder, ' It happened in {}.')}"


def where(error: BaseException, folder: Path, words: str = " in {}") -> str:
    """The last line of the code in `folder` that an error came through; empty when it came through none.

    Args:
        error: What was raised.
        folder: The plugin's.
        words: What to put the place into.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(folder):
            inside = path.relative_to(folder)
            function = "" if frame.name == "<module>" else f" ({frame.name})"
            return words.format(f"{inside}, line {frame.lineno}{function}")
    return ""
