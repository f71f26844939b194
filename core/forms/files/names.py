"""Names of files as people may read and save them, whatever somebody has called a file."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 120

_BAD = re.compile(r'[<>:"|?*]')
_PORTS = (f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))
_DEVICES = frozenset({"con", "prn", "aux", "nul", *_PORTS})


def clean_name(given: str, endings: tuple[str, ...]) -> str:
    """The name without folders, without what cannot be seen, and with an end that fits the content.

    Args:
        given: What the browser says; anything at all.
        endings: The ends that fit, the usual one first.
    """
    last = re.split(r"[/\\]", given)[-1]
    # Characters of the classes C turn the order of reading about, or cannot be seen: "exe.gnp" could look like ".png".
    seen = "".join(letter for letter in unicodedata.normalize("NFC", last) if unicodedata.category(letter)[0] != "C")
    plain = " ".join(_BAD.sub("_", seen).split()).strip(". ")
    fitting = next((ending for ending in endings if plain.lower().endswith(ending)), None)
    stem, ending = (plain[: -len(fitting)], plain[-len(fitting) :]) if fitting else (plain, endings[0])
    stem = stem.strip(". ")
    if not stem or stem.lower().split(".")[0] in _DEVICES:
        stem = f"file-{stem}" if stem else "file"
    return f"{stem[: LONGEST_NAME - len(ending)].rstrip('. ')}{ending}"
