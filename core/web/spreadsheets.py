"""Files for spreadsheets: lines of CSV that none of them takes for anything but texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

CSV_MARK = b"\xef\xbb\xbf"
"""What a file begins with, so that spreadsheets take it for UTF-8."""

# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_line(values: Sequence[str]) -> bytes:
    """One line of a CSV file, with its end."""
    out = io.StringIO()
    csv.writer(out).writerow([harmless(value) for value in values])
    return out.getvalue().encode()
