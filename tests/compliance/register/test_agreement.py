from datetime import date
from typing import Any

import pytest

from services.compliance.register.agreement import Agreement, agreement_of, in_force
from services.compliance.register.exemption import Exemption, exemption_of
from shared.domain import events as say
from tests.support.events import an_event


def an_agreement(at: str, name: str = "A1", **told: Any) -> Agreement:
    event = an_event("agreement.signed", at, agreement=name, **told)
    assert isinstance(event.data, say.AgreementSigned)
    return agreement_of(event, event.data)


def an_exemption(**told: Any) -> Exemption:
    event = an_event("exemption.granted", rule="late-response", **told)
    assert isinstance(event.data, say.ExemptionGranted)
    return exemption_of(event, event.data)


@pytest.mark.parametrize(
    ("day", "is_in_force"),
    [
        (date(2021, 12, 31), False),
        (date(2022, 1, 1), True),
        (date(2022, 2, 28), True),
        (date(2022, 3, 1), False),
    ],
)
def test_an_agreement_is_in_force_until_the_day_of_its_end_which_is_out(
    day: date, *, is_in_force: bool
) -> None:
    agreement = an_agreement("2021-12-01 00:00:00", start="2022-01-01", end="2022-03-01")
    assert agreement.in_force(day) == is_in_force


def test_of_several_in_force_the_last_told_holds() -> None:
    told_last = an_agreement("2021-12-02 00:00:00", "A1")
    told_first = an_agreement("2021-12-01 00:00:00", "A2")
    over = an_agreement("2021-12-03 00:00:00", "A3", end="2022-02-01")
    for agreements in ([told_last, told_first, over], [over, told_first, told_last]):
        assert in_force(agreements, date(2022, 3, 1)) == told_last


def test_on_a_day_without_an_agreement_none_is_in_force() -> None:
    assert in_force([an_agreement("2021-12-01 00:00:00")], date(2023, 1, 1)) is None


def test_an_exemption_names_only_the_parties_that_were_told() -> None:
    assert an_exemption(area="1401", hospital=None).parties == {"area": "1401"}
    assert an_exemption().parties == {}
