"""Where the tenant's own forms are in use: in other forms, and how often they were answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.database.connection import fetch
from core.forms.library.content import Content
from core.forms.library.store import Design
from core.plugins.context import Context


@dataclass(frozen=True)
class Use:
    """Where one form is in use.

    Attributes:
        forms: The titles of other forms that lead to it.
        answers: How often it was answered.
    """

    forms: tuple[str, ...] = ()
    answers: int = 0


async def uses_of(ctx: Context, designs: Sequence[Design]) -> dict[str, Use]:
    """Key → where the form is in use, for each of these."""
    # A definition is kept for each version that was answered; index core_form_submission of definitions' foreign key.
    rows = await fetch(
        "SELECT definition.form, count(sent.id) AS answers FROM core_form_definition AS definition "
        "JOIN core_form_submission AS sent ON sent.tenant_id = definition.tenant_id "
        "AND sent.definition_id = definition.id "
        "WHERE definition.tenant_id = $1 AND definition.form = ANY($2::text[]) GROUP BY definition.form",
        ctx.tenant.id,
        [design.key for design in designs],
    )
    answers = {row["form"]: row["answers"] for row in rows}
    named: dict[str, list[str]] = {}
    for design in designs:
        for text in set(_texts(design.content)):
            if text != design.key:
                named.setdefault(text, []).append(design.title)
    return {design.key: Use(tuple(sorted(named.get(design.key, ()))), answers.get(design.key, 0)) for design in designs}


def _texts(value: Any | Content) -> Iterable[str]:
    """Every text among the values that may be the key of a form."""
    if isinstance(value, str):
        if value.startswith("custom:"):
            yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
