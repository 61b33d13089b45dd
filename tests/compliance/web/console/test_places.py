"""Jurisdictions and areas are called by names, where they have any."""

import pytest

from services.compliance.web.console.places import area_name, jurisdiction_name, places
from tests.support.kept import POLICIES


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("1401", "太原市", "Taiyuan"),
        ("140100", "太原市", "Taiyuan"),
        ("140221", "大同市", "Datong"),
        ("120116", "滨海新区", "Binhai"),
        ("1499", "", ""),
        ("14", "", ""),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_an_area_is_called_by_the_longest_code_that_its_own_begins_with(
    code: str | None, zh: str, en: str
) -> None:
    assert (area_name(code, "zh"), area_name(code, "en")) == (zh, en)


def test_the_provinces_that_have_a_policy_have_a_name_and_others_are_called_by_their_code() -> None:
    assert places().jurisdictions.keys() <= POLICIES.jurisdictions
    assert jurisdiction_name("cn-sx", "zh") == "山西省"
    assert jurisdiction_name("cn-sx", "en") == "Shanxi"
    assert jurisdiction_name("cn-xx", "en") == "cn-xx"
