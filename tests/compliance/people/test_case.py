"""A case has one name, which says all of it, whatever its codes are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.compliance.people.case import PartyCase
from shared.domain.errors import InvalidArgumentError

TEXTS = some.text(some.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
CASES = some.builds(
    PartyCase,
    jurisdiction=TEXTS,
    rule=some.sampled_from(["late-delivery", "coverage-gap"]),
    month=some.sampled_from(["1999-12", "2022-02", "2024-02", "2022-12"]),
    role=some.sampled_from(["distributor", "hospital"]),
    party=TEXTS | some.sampled_from(["D.1", "~", "~2e", "配送一", "a/b?c#d", "", ".."]),
)


@given(CASES)
def test_a_name_is_read_back_as_the_case_it_was_made_of_and_fits_an_address(
    case: PartyCase,
) -> None:
    assert PartyCase.named(case.name) == case
    assert set(case.name) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-~."
    )


@given(some.text(max_size=40) | some.from_regex(r"[a-z~0-9]{0,6}(\.[a-z0-9~-]{0,7}){4}"))
def test_what_is_no_name_is_refused_and_no_case_has_two(text: str) -> None:
    try:
        found = PartyCase.named(text)
    except InvalidArgumentError:
        return
    assert found.name == text


@pytest.mark.parametrize(
    ("month", "begins", "ends"),
    [
        ("2022-02", "2022-01-31 16:00", "2022-02-28 16:00"),
        ("2024-12", "2024-11-30 16:00", "2024-12-31 16:00"),
    ],
)
def test_a_month_is_that_of_china(month: str, begins: str, ends: str) -> None:
    start, end = PartyCase("cn-sx", "late-delivery", month, "distributor", "D1").span
    assert (f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}") == (begins, ends)
