"""Phone numbers: read as people write them, stored as E.164, shown so that they can be read."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

MAX_WRITTEN = 40


def to_e164(written: str, region: str) -> str | None:
    """The number in E.164, or None when it is not one that exists.

    Args:
        written: As the person wrote it.
        region: The country of numbers without a country code, two letters; empty when they must have one.
    """
    if len(written) > MAX_WRITTEN:
        return None
    try:
        number = phonenumbers.parse(written, region or None)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def to_read(e164: str) -> str:
    """The number in groups of digits; what cannot be read as a number stays as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164, None), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return e164
