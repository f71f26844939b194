"""Numbers of members tell a slip of the pen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchroom_loyalty.numbers import check_digit, new_number, read_number, read_phone, shown


@given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_told(body: str, place: int, by: int) -> None:
    number = body + check_digit(body)
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert read_number(number) == number
    assert read_number(wrong) is None


@given(st.text(max_size=20))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    number = read_number(text)
    assert number is None or read_number(shown(number)) == number


def test_new_numbers_are_right_and_written_in_groups() -> None:
    for _number in range(100):
        number = new_number()
        assert read_number(shown(number)) == number
    assert shown("1234567897") == "1234 567 897"


@pytest.mark.parametrize(
    ("text", "region", "phone"),
    [
        ("+49 30 123456", "", "+4930123456"),
        ("020 7946 0000", "GB", "+442079460000"),
        ("020 7946 0000", "", None),
        ("12", "GB", None),
        ("nobody", "GB", None),
        ("", "", None),
    ],
)
def test_phones_are_read_as_e164(text: str, region: str, phone: str | None) -> None:
    assert read_phone(text, region) == phone
