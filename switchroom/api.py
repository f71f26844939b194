"""The JSON API of plugins, `/api/v1/<plugin>/…`: shapes of what is given and answered, and lists read page by page.

A handler that creates something is marked `idempotent=True`: asked twice with one `Idempotency-Key` it creates once.
Its answer is kept for a day to be given again, so it must hold no secret.
"""

from core.api.paging import Cursor, Limit, Page, page_of, read_cursor
from core.api.shapes import Answer, Flag, Given, Id, Reference, Time, Whole

__all__ = [
    "Answer",
    "Cursor",
    "Flag",
    "Given",
    "Id",
    "Limit",
    "Page",
    "Reference",
    "Time",
    "Whole",
    "page_of",
    "read_cursor",
]
