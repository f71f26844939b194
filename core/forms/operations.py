"""What the signs and functions of expressions do. None of them ever fails: what makes no sense gives None, or no.

`static/src/expressions.js` does the same in the browser, and a test compares the two.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

LONGEST_RESULT = 20_000
"""Characters that a text made by an expression may have."""

BEYOND = 10**15
"""Numbers from here on are none: so many digits survive every browser, JSON and floating point number."""

MOST_PLACES = 4

_DIGITS = Context(prec=15, rounding=ROUND_HALF_UP)


def is_number(value: Any) -> bool:
    """Whether it can be calculated with: yes and no cannot, nor can what is far too large."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < BEYOND


def as_number(value: float) -> int | float | None:
    """The number without the noise of binary fractions; whole where it is; None when it is far too large."""
    if not math.isfinite(value) or abs(value) >= BEYOND:
        return None
    if isinstance(value, int):
        return value
    exact = _DIGITS.create_decimal_from_float(value)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


# --- Signs -----------------------------------------------------------------------------------------------------------


def _add(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return as_number(left + right)
    if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) <= LONGEST_RESULT:
        return left + right
    return None


def added(left: Any, right: Any) -> Any:
    """The sum of two numbers, as `+` gives it."""
    return _add(left, right)


def _calculated(calculate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operation(left: Any, right: Any) -> Any:
        return as_number(calculate(left, right)) if is_number(left) and is_number(right) else None

    return operation


def _quotient(left: Any, right: Any) -> Any:
    return left / right if right else math.inf


def _negative(value: Any) -> Any:
    return as_number(-value) if is_number(value) else None


def equal(left: Any, right: Any) -> bool:
    """Whether they are the same, and of one sort: 1 is not yes, and `'1'` is not 1."""
    if is_number(left):
        return is_number(right) and bool(left == right)
    if isinstance(left, list):
        return isinstance(right, list) and all(isinstance(each, str) for each in (*left, *right)) and left == right
    return type(left) is type(right) and bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def operation(left: Any, right: Any) -> bool:
        alike = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        return alike and compare(left, right)

    return operation


def _among(value: Any, where: Any) -> bool:
    if isinstance(where, list):
        return any(equal(value, each) for each in where)
    return isinstance(value, str) and isinstance(where, str) and value in where


OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _add,
    ast.Sub: _calculated(lambda left, right: left - right),
    ast.Mult: _calculated(lambda left, right: left * right),
    ast.Div: _calculated(_quotient),
    ast.USub: _negative,
    ast.Not: lambda value: not value,
    ast.Eq: equal,
    ast.NotEq: lambda left, right: not equal(left, right),
    ast.Lt: _ordered(lambda left, right: left < right),
    ast.LtE: _ordered(lambda left, right: left <= right),
    ast.Gt: _ordered(lambda left, right: left > right),
    ast.GtE: _ordered(lambda left, right: left >= right),
    ast.In: _among,
    ast.NotIn: lambda value, where: not _among(value, where),
}


# --- Functions -------------------------------------------------------------------------------------------------------


def _empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip(" \n\t"))


def _count(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0 if _empty(value) else 1


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, str) else 0 if value is None else None


def _round(value: Any, places: Any = 0) -> Any:
    if not is_number(value) or not is_number(places) or places not in range(MOST_PLACES + 1):
        return None
    return as_number(float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)))


def _sum(rows: Any, column: Any) -> Any:
    if rows is None:
        return 0
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    total: Any = 0
    for row in rows:
        cell = row.get(column)
        total = _add(total, cell) if is_number(cell) and total is not None else total
    return total


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        return choose(values) if all(map(is_number, values)) else None

    return function


def _total(*values: Any) -> Any:
    """The sum of those that are numbers; None where none is."""
    numbers = [value for value in values if is_number(value)]
    total: Any = 0
    for number in numbers:
        total = None if total is None else _add(total, number)
    return total if numbers else None


def _average(*values: Any) -> Any:
    total = _total(*values)
    return None if total is None else as_number(total / sum(map(is_number, values)))


FUNCTIONS: Mapping[str, tuple[Callable[..., Any], range]] = {
    "empty": (_empty, range(1, 2)),
    "count": (_count, range(1, 2)),
    "length": (_length, range(1, 2)),
    "round": (_round, range(1, 3)),
    "sum": (_sum, range(2, 3)),
    "min": (_extreme(min), range(1, 21)),
    "max": (_extreme(max), range(1, 21)),
    "total": (_total, range(1, 21)),
    "average": (_average, range(1, 21)),
}
"""Name → what it does, and how many values it takes."""
