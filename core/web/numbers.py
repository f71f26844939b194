"""Numbers as people read them: of telephones, of things, of bytes."""

from __future__ import annotations

import phonenumbers
from babel.numbers import format_decimal
from phonenumbers import NumberParseException, PhoneNumberFormat

from core.locale import active_language


def phone(e164: str) -> str:
    """The number in groups of digits; what is none, such as an extension, stays as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164, None), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return e164


def grouped(number: float) -> str:
    """A whole number for people, such as `12,345`."""
    return format_decimal(int(number), locale=active_language())


_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(number: float) -> str:
    """A number of bytes for people, such as `1.4 GiB`."""
    power = 0
    while abs(number) >= 1024 and power < len(_UNITS) - 1:
        number, power = number / 1024, power + 1
    written = format_decimal(round(number, 1 if number < 10 and power else 0), locale=active_language())
    return f"{written} {_UNITS[power]}"
