"""Who is entrusted, where the cases of `unappointed-distributor` do not look."""

from typing import Any

import pytest

from services.compliance.law.entrusted import Entrusted
from services.compliance.law.law import Law
from services.compliance.law.order_terms import OrderTerms
from shared.domain.records.order import Order
from tests.support.builders import law_of, tell
from tests.support.events import an_event, instant

MARCH = instant("2022-03-01 09:00:00")


def entrusted(law: Law, **placed: Any) -> Entrusted:
    order = Order()
    tell(order, an_event("order.placed", "2022-03-01 09:00:00", **placed))
    assert order.placed is not None
    return OrderTerms(law, "cn-sx", "O1", order.placed).entrusted()


def appointed(distributor: str, **told: Any) -> Any:
    changed = {"appointment": f"of {distributor}", "distributor": distributor, **told}
    return an_event("distributor.appointed", **changed)


def test_an_appointment_entrusts_from_its_start_until_just_before_its_end() -> None:
    law = law_of(appointed("D1", start="2022-03-01T09:00:00+08:00", end="2022-03-02"))
    found = entrusted(law)
    whiles = ("2022-03-01 08:59:59", "2022-03-01 09:00:00", "2022-03-01 23:59:59", "2022-03-02")
    assert [found.includes("D1", instant(at)) for at in whiles] == [False, True, True, False]
    assert found.everybody(MARCH) == ["D1"]
    assert found.is_told(instant("2030-01-01"))


def test_a_release_ends_it_and_one_of_no_appointment_says_nothing() -> None:
    law = law_of(
        appointed("D1"),
        an_event("distributor.released", appointment="of D1", end="2022-02-01"),
        an_event("distributor.released", appointment="of nobody", end="2022-02-01"),
    )
    found = entrusted(law)
    assert not found.includes("D1", MARCH)
    assert found.is_told(MARCH)
    assert [held.appointment for held in found.appointments_of("D1")] == ["of D1"]


def test_one_told_again_for_another_product_is_for_that_one_alone() -> None:
    law = law_of(appointed("D1"))
    assert entrusted(law).includes("D1", MARCH)
    law.register.merge(appointed("D1", product="P2"))
    assert not entrusted(law).includes("D1", MARCH)
    assert not entrusted(law).is_told(MARCH)
    assert entrusted(law, product="P2").includes("D1", MARCH)


@pytest.mark.parametrize("area", ["1401", "1409"])
def test_where_nobody_enrolled_the_hospital_the_area_of_the_order_stands_in(area: str) -> None:
    found = entrusted(law_of(appointed("D1")), area=area)
    assert found.includes("D1", MARCH) == found.is_told(MARCH) == (area == "1401")


def test_an_appointment_for_an_area_left_long_ago_says_that_somebody_told() -> None:
    law = law_of(
        appointed("D1", area="1402"),
        an_event("hospital.enrolled", "2018-01-01 00:00:00", area="1402"),
        an_event("hospital.enrolled", "2019-01-01 00:00:00", area="1401"),
    )
    found = entrusted(law)
    assert found.is_told(MARCH)
    assert not found.includes("D1", MARCH)


def test_an_agreement_in_force_that_day_entrusts_whom_it_names() -> None:
    law = law_of(
        an_event("agreement.signed", distributor="D1", end="2022-03-02"),
        an_event("agreement.signed", agreement="A2", hospital="H2", distributor="D2"),
        an_event("agreement.signed", agreement="A3"),
    )
    found = entrusted(law)
    assert found.everybody(MARCH) == ["D1"]
    assert [found.includes(name, MARCH) for name in ("D1", "D2")] == [True, False]
    after = instant("2022-03-02 00:00:00")
    assert (found.includes("D1", after), found.is_told(after)) == (False, False)


def test_the_winner_of_the_orders_cycle_delivers_itself() -> None:
    law = law_of(
        an_event("product.selected", manufacturer="M1", cycle_end="2022-03-01"),
        an_event("product.selected", manufacturer="M2", cycle_start="2022-03-01"),
    )
    assert [entrusted(law).includes(name, MARCH) for name in ("M1", "M2")] == [False, True]
    assert entrusted(law).everybody(MARCH) == []
