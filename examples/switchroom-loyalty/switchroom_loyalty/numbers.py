"""Numbers of members, with a digit that tells a slip of the pen, and numbers of phones."""

from __future__ import annotations

import secrets

import phonenumbers

DIGITS = 10


def new_number() -> str:
    """A number that nobody can guess from another one."""
    body = f"{secrets.randbelow(9 * 10 ** (DIGITS - 2)) + 10 ** (DIGITS - 2)}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """The last digit of a number (Luhn): one wrong digit, or two neighbours exchanged, give another one."""
    total = 0
    for place, letter in enumerate(reversed(body)):
        digit = int(letter)
        if place % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return str(-total % 10)


def read_number(text: str) -> str | None:
    """The number in what somebody has typed, with blanks and hyphens as people write them; None when there is none."""
    digits = "".join(letter for letter in text if letter not in " -\u00a0")
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    return digits if check_digit(digits[:-1]) == digits[-1] else None


def shown(number: str) -> str:
    """The number in groups, as people read it."""
    return f"{number[:4]} {number[4:7]} {number[7:]}"


def read_phone(text: str, region: str = "") -> str | None:
    """A phone number as E.164; None when it is none.

    Args:
        text: As somebody has written it.
        region: The country whose numbers may be written without a country code.
    """
    try:
        parsed = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
