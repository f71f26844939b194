"""What an answer is, once it has been read, and how the question is called that it belongs to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,119}$")]
"""The name of a component within its form; a plugin's in somebody else's form is `<plugin>__<group>__<key>`."""


class NotApplicable(str):
    """The answer that a question does not apply: compared, it is the option's value; in an expression it is nothing."""


def score_name(key: str) -> str:
    """What the score of a question's answer is called among operands; no question can be named so."""
    return f"{key}.score"


Cell = str | bool | int | float | None

Row = dict[str, Cell]

Value = Cell | list[str] | list[Row] | Row
"""A typed answer, as it is stored: None is no answer, a time is its UTC instant in ISO format."""
