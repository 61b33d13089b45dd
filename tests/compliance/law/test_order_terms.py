from datetime import timedelta
from typing import Any

import pytest

from services.compliance.findings.finding import Missing
from services.compliance.law.order_terms import Deadline, OrderTerms
from services.compliance.policies.policy import NOTHING
from shared.domain.records.order import Order
from tests.support.builders import law_of, tell
from tests.support.events import an_event, instant

PLACED = "2022-03-01 09:00:00"
REGISTER = [an_event("product.selected"), an_event("hospital.enrolled")]


def terms_of(*register: Any, at: str = PLACED, **placed: Any) -> OrderTerms:
    """The terms of an order under what the register tells."""
    order = Order()
    tell(order, an_event("order.placed", at, **placed))
    assert order.placed is not None
    jurisdiction = placed.get("jurisdiction", "cn-sx")
    return OrderTerms(law_of(*register), jurisdiction, "O1", order.placed)


def hours(deadline: Deadline | Missing) -> float:
    assert isinstance(deadline, Deadline)
    return (deadline.at - instant(PLACED)) / timedelta(hours=1)


def test_an_order_is_about_the_parties_of_its_day() -> None:
    known = terms_of(*REGISTER, area="1499")
    assert (known.area, known.manufacturer) == ("1401", "M1")
    unknown = terms_of(area="1499")
    assert (unknown.area, unknown.manufacturer) == ("1499", None)


def test_an_order_is_in_scope_in_the_supply_period_of_its_product() -> None:
    assert terms_of(*REGISTER).scope() is True
    assert terms_of(*REGISTER, at="2023-01-01 00:00:00").scope() is False
    assert terms_of(*REGISTER, at="2021-12-16 23:59:59").scope() is False
    assert terms_of(an_event("product.listed")).scope() is False
    assert terms_of().scope() == Missing("product")
    assert terms_of(an_event("product.deselected", on="2022-01-01")).scope() == Missing("product")
    assert terms_of(jurisdiction="scms").scope() is True


def test_outside_every_policy_there_is_none_to_ask() -> None:
    terms = terms_of(*REGISTER, at="2021-12-16 23:59:59")
    assert terms.in_force is NOTHING
    assert terms.scope() is False


def test_each_deadline_names_the_value_and_its_basis() -> None:
    due = terms_of(*REGISTER).response_due()
    assert isinstance(due, Deadline)
    (term,) = due.terms
    assert (term.name, term.value, term.basis) == ("response_hours", 24, "assumption")
    assert term.source == "cn-sx-2021-22"

    own = terms_of(*REGISTER, an_event("agreement.signed", response_hours=4)).response_due()
    assert isinstance(own, Deadline)
    (term,) = own.terms
    assert (term.value, term.basis, term.source) == (4, "agreement", "agreement A1")


def test_half_an_hour_is_half_an_hour() -> None:
    agreement = an_event("agreement.signed", response_hours=0.5)
    assert hours(terms_of(*REGISTER, agreement).response_due()) == 0.5


@pytest.mark.parametrize(
    ("register", "placed", "expected"),
    [
        ({}, {}, 48),
        ({"remote": True}, {}, 72),
        ({"remote": True}, {"urgency": "urgent"}, 8),
        ({}, {"deliver_by": "2022-03-01T10:00:00+08:00"}, 1),
        ({}, {"deliver_by": "2022-03-01", "urgency": "urgent"}, 15),
    ],
)
def test_delivery_is_due_by_whoever_says_it_first(
    register: dict[str, Any], placed: dict[str, Any], expected: float
) -> None:
    terms = terms_of(
        an_event("product.selected"), an_event("hospital.enrolled", **register), **placed
    )
    assert hours(terms.delivery_due()) == expected


def test_a_missing_term_is_named() -> None:
    assert terms_of(an_event("product.selected")).delivery_due() == Missing("hospital.remote")
    unknown = terms_of(*REGISTER, agreement="A9")
    assert unknown.delivery_due() == unknown.response_due() == Missing("agreement")
    assert terms_of(jurisdiction="scms").delivery_due() == Missing("deliver_by")


def test_a_withdrawal_alone_enrols_nobody() -> None:
    withdrawn = an_event("hospital.withdrawn", withdrawn_on="2022-01-01")
    assert terms_of(an_event("product.selected"), withdrawn).delivery_due() == Missing(
        "hospital.remote"
    )


def test_an_order_told_late_is_heard_of_once_that_has_settled() -> None:
    terms = terms_of(*REGISTER, told="2022-03-20 09:00:00")
    assert terms.heard_by(instant("2022-03-02 09:00:00")) == instant("2022-03-20 09:00:10")
