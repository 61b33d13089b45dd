from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.compliance.register.exemption import Exemption, exemption_of
from shared.domain import events as say
from shared.domain.records.agreement import Agreement, agreement_of, in_force
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


def test_an_agreement_keeps_its_parties_its_price_and_who_signed_it_when() -> None:
    signed = an_agreement(
        "2021-12-01 00:00:00",
        distributor="D1",
        unit_price="0.360",
        signed_on="2021-11-30",
        signed_by=["manufacturer", "hospital", "manufacturer"],
    )
    assert (signed.distributor, signed.unit_price) == ("D1", Decimal("0.36"))
    assert signed.signed_on == date(2021, 11, 30)
    assert signed.signed_by == ("hospital", "manufacturer")


def test_what_an_agreement_does_not_say_is_none_and_a_list_of_nobody_is_not() -> None:
    silent = an_agreement("2021-12-01 00:00:00")
    told = (silent.distributor, silent.unit_price, silent.signed_on, silent.signed_by)
    assert told == (None, None, None, None)
    assert an_agreement("2021-12-01 00:00:00", signed_by=[]).signed_by == ()


@pytest.mark.parametrize(("end", "is_void"), [("2022-01-02", False), ("2022-01-01", True)])
def test_an_agreement_without_days_is_void(end: str, *, is_void: bool) -> None:
    agreement = an_agreement("2021-12-01 00:00:00", start="2022-01-01", end=end)
    assert agreement.is_void == is_void


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
