"""What a sweep over routes asks with: a row of a tenant in every table there is, and requests that name them."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from litestar.enums import RequestEncodingType
from pydantic import BaseModel
from tortoise import Tortoise
from tortoise import fields as columns
from tortoise.models import Model

from core.database.connection import execute, fetch
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from core.tenancy.models import Tenant


@dataclass(frozen=True)
class Values:
    """What stands where a request names something.

    Attributes:
        number: For ids.
        text: For names and codes.
    """

    number: int
    text: str

    def hidden(self, shown: str) -> str:
        """A text without the values, so that two answers can be compared."""
        return shown.replace(self.text, "·").replace(str(self.number), "·")


THEIRS = Values(900_001, "onlytheirs")
NOBODYS = Values(900_002, "nobodyhas1")
MINE = Values(1, "mine")

PLAUSIBLE = 20
"""A number that most limits allow."""

_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
# States in which the rows are of most interest to whoever looks for them.
_STATES = {
    "core_interaction.state": "waiting",
    "core_interaction.channel": "voice",
    "core_interaction.direction": "inbound",
    "core_offer.state": "pending",
    "core_segment.state": "active",
}


def path_of(template: str, values: Values) -> str:
    """The path of a route with the values in the place of its parameters."""

    def value(match: re.Match[str]) -> str:
        kind = match[2] or "str"
        return {"int": str(values.number), "uuid": str(UUID(int=values.number)), "path": values.text}.get(
            kind, values.text
        )

    return _PARAMETER.sub(value, template)


def body_of(handler: Any, values: Values) -> dict[str, Any]:
    """Arguments of a request whose body the handler can read, with the values wherever it names something."""
    parameter = handler.parsed_fn_signature.parameters.get("data")
    if parameter is None:
        return {}
    body = _example(parameter.annotation, values)
    if not isinstance(body, dict):
        return {"json": body}
    media_type = getattr(parameter.kwarg_definition, "media_type", None)
    if media_type in (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART):
        return {"data": {name: value for name, value in body.items() if value is not None}}
    return {"json": body}


def _example(kind: Any, values: Values) -> Any:
    arguments = [each for each in get_args(kind) if each is not type(None)]
    origin = get_origin(kind)
    if origin in (list, tuple, set, frozenset):
        return [_example(arguments[0], values)] if arguments else []
    if origin is dict:
        return {}
    if arguments:
        first = arguments[0]
        return _example(first, values) if isinstance(first, type) or get_args(first) else first
    if not isinstance(kind, type):
        return values.text
    if issubclass(kind, BaseModel):
        return {
            field.alias or name: _named(name, field.annotation, values) for name, field in kind.model_fields.items()
        }
    if is_dataclass(kind):
        return {each.name: _named(each.name, _type_of(kind, each.name, each.type), values) for each in fields(kind)}
    if hasattr(kind, "__struct_fields__"):
        return {name: _named(name, _type_of(kind, name, str), values) for name in kind.__struct_fields__}
    if issubclass(kind, Enum):
        return next(iter(kind)).value
    known = {bool: False, int: values.number, float: 1.0, datetime: "2030-01-01T10:00:00Z", date: "2030-01-01"}
    return known.get(kind, values.text)


def _named(name: str, kind: Any, values: Values) -> Any:
    """A value for a field; a number that is no id is one that is accepted, or the id would never be looked at."""
    example = _example(kind, values)
    return PLAUSIBLE if example == values.number and not name.endswith(("id", "ids")) else example


def _type_of(owner: type, name: str, otherwise: Any) -> Any:
    try:
        return get_type_hints(owner).get(name, otherwise)
    except NameError:
        return str


async def fill_every_table(platform: Platform, tenant: TenantRef) -> None:
    """Gives the tenant a row in every table that has rows of tenants, each with the same id and the same texts."""
    models = {
        model._meta.db_table: model
        for app in (Tortoise.apps or {}).values()
        for model in app.values()
        if "tenant_id" in model._meta.fields_map and model is not Tenant
    }
    done: set[str] = set()
    while waiting := [table for table in models if table not in done]:
        ready = [table for table in waiting if _needs(models[table]) & models.keys() <= done | {table}]
        if not ready:
            raise LookupError(f"These tables need each other: {', '.join(waiting)}.")
        for table in ready:
            await _fill(models[table], tenant)
            done.add(table)


def _needs(model: type[Model]) -> set[str]:
    relations = model._meta.fk_fields | model._meta.o2o_fields
    return {model._meta.fields_map[name].related_model._meta.db_table for name in relations}  # type: ignore[attr-defined]


async def _fill(model: type[Model], tenant: TenantRef) -> None:
    table = model._meta.db_table
    references = {
        str(model._meta.fields_map[name].source_field) for name in model._meta.fk_fields | model._meta.o2o_fields
    }
    row: dict[str, Any] = {}
    for name, column in model._meta.fields_db_projection.items():
        if name == "tenant_id":
            row[column] = tenant.id
        elif name in references or model._meta.pk_attr == name:
            row[column] = THEIRS.number if isinstance(model._meta.fields_map[name], _NUMBERS) else THEIRS.text
        else:
            row[column] = _STATES.get(f"{table}.{column}", _value(model._meta.fields_map[name]))
    names = ", ".join(f'"{column}"' for column in row)
    marks = ", ".join(_mark(position, value) for position, value in enumerate(row.values(), 1))
    await execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING', *row.values())  # noqa: S608


_NUMBERS = (columns.IntField, columns.BigIntField, columns.SmallIntField)


def _value(field: Any) -> Any:
    if isinstance(field, columns.BooleanField):
        return bool(field.default) if field.default in (True, False) else False
    if isinstance(field, _NUMBERS):
        return THEIRS.number if field.default in (None, MISSING) else field.default
    if isinstance(field, columns.JSONField):
        return "[]" if field.default is list else "{}"
    if isinstance(field, columns.DatetimeField):
        return datetime.now(UTC) + timedelta(hours=1)
    if isinstance(field, columns.DateField):
        return datetime.now(UTC).date()
    if isinstance(field, columns.CharField):
        return THEIRS.text[: field.max_length]
    if isinstance(field, columns.TextField):
        return THEIRS.text
    if isinstance(field, columns.FloatField | columns.DecimalField):
        return field.default if isinstance(field.default, float | Decimal) else Decimal(1)
    if isinstance(field, columns.UUIDField):
        return UUID(int=THEIRS.number)
    if isinstance(field, columns.TimeDeltaField):
        return 1_000_000
    if isinstance(field, columns.BinaryField):
        return THEIRS.text.encode()
    if field.null:
        return None
    raise TypeError(f"The sweep does not know what to put into a {type(field).__name__}.")


def _mark(position: int, value: Any) -> str:
    return f"${position}::text::jsonb" if value in ("{}", "[]") else f"${position}"


async def all_rows(tenant: TenantRef) -> dict[str, list[str]]:
    """Every row of the tenant, by table."""
    tables = await fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"
    )
    asked = " UNION ALL ".join(
        f"SELECT '{row['table_name']}' AS name, t::text AS row FROM \"{row['table_name']}\" AS t WHERE tenant_id = $1"  # noqa: S608
        for row in tables
    )
    found: dict[str, list[str]] = {row["table_name"]: [] for row in tables}
    for row in await fetch(f"{asked} ORDER BY name, row", tenant.id):
        found[row["name"]].append(row["row"])
    return found
