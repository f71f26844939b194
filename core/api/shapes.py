"""What requests and answers of the API are made of: documented fields, checked when a request comes in.

A model's fields are described by the text below each of them, which is what the OpenAPI document shows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar.params import PathParameter
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from core.locale import mark

LARGEST_ID = 2**53 - 1
"""So that every JSON parser reads an id exactly."""


class Answer(BaseModel):
    """What the API gives. Made from a dictionary, or from any object with attributes of these names."""

    model_config = ConfigDict(use_attribute_docstrings=True, from_attributes=True, frozen=True)


class Given(BaseModel):
    """What the API takes: no fields but these, and no character that cannot be stored.

    A change takes its fields from `model_fields_set`; a `default_factory` keeps the document from showing a default
    there.
    """

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        if not storable(value):
            raise ValueError(mark("There is a character in it that cannot be stored."))
        return value


def storable(value: Any) -> bool:
    """Whether every text in a JSON value can be stored: PostgreSQL takes neither NUL nor half a character."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return all(storable(key) and storable(each) for key, each in value.items())
    if isinstance(value, list):
        return all(storable(each) for each in value)
    return True


def _from_text(value: object) -> object:
    # pydantic would take numbers for seconds since 1970.
    if isinstance(value, str | datetime):
        return value
    raise ValueError(mark("Give a time such as 2026-03-01T09:30:00Z."))


def _with_offset(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(mark("Give a time such as 2026-03-01T09:30:00Z."))
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(mark("Give a time such as 2026-03-01T09:30:00Z.")) from error


Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID)]
"""The id in a path."""

Time = Annotated[datetime, BeforeValidator(_from_text), AfterValidator(_with_offset)]
"""A moment: RFC 3339, given with any offset and answered in UTC."""

Whole = Annotated[int, Field(strict=True, ge=-LARGEST_ID, le=LARGEST_ID)]
"""A whole number that was sent as one."""

Flag = Annotated[bool, Field(strict=True)]
"""Yes or no, sent as `true` or `false`."""

Reference = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]
"""The id of something, in a body."""
