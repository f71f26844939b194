"""Options that the tenant's own data give, such as its teams: named in a schema, found when a form is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from core.database.connection import fetch
from core.errors import InvalidInput
from core.forms.components import Option
from core.forms.from_schema import options_named
from core.forms.text import Text
from core.locale import gettext as _
from core.plugins.context import Context

TEAMS = "core.teams"
"""The tenant's teams by their names; stored as ids."""


async def _teams(ctx: Context) -> list[tuple[str, str]]:
    rows = await fetch(
        "SELECT id, name FROM core_team WHERE tenant_id = $1 ORDER BY lower(name), id LIMIT 200", ctx.tenant.id
    )
    return [(str(row["id"]), row["name"]) for row in rows]


_FOUND_BY: Mapping[str, Callable[[Context], Awaitable[Sequence[tuple[str, str]]]]] = {TEAMS: _teams}


async def offered(ctx: Context, schema: type[BaseModel]) -> dict[str, tuple[Option, ...]]:
    """Name of a source → its options now, for each that fields of the schema name; for `form_of_schema`."""
    return {
        name: tuple(Option(value=value, label=Text.of(en=label)) for value, label in await _FOUND_BY[name](ctx))
        for name in set(options_named(schema).values())
    }


async def check_offered(ctx: Context, schema: type[BaseModel], values: Mapping[str, Any]) -> None:
    """Refuses values that are none of the options which their field offers now.

    Raises:
        InvalidInput: Names the fields.
    """
    named = options_named(schema)
    if not named:
        return
    there = {name: {option.value for option in options} for name, options in (await offered(ctx, schema)).items()}
    wrong: dict[str, str] = {}
    for field, name in named.items():
        value = values.get(field)
        chosen = value if isinstance(value, list) else [] if value is None else [value]
        if not {str(each) for each in chosen} <= there[name]:
            wrong[field] = _("Choose of the options.")
    if wrong:
        raise InvalidInput(_("The values cannot be used."), fields=wrong)
