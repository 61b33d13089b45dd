from datetime import date, timedelta
from typing import Any

import pytest

from services.compliance.findings.finding import Missing
from services.compliance.law.commitment_terms import Case, CommitmentTerms, Volume
from services.compliance.law.law import Law
from services.compliance.law.order_terms import Deadline, OrderTerms
from services.compliance.law.product_terms import ProductTerms
from services.compliance.policies.policy import NOTHING
from services.compliance.records.commitment import Candidate, Commitment, Dealing
from services.compliance.records.order import Order
from services.compliance.register.register import Register
from tests.support.builders import POLICIES, an_event, instant, tell

PLACED = "2022-03-01 09:00:00"
REGISTER = [an_event("product.selected"), an_event("hospital.enrolled")]


def law_of(*events: Any) -> Law:
    register = Register()
    for event in events:
        register.merge(event)
    return Law(POLICIES, register, settle=timedelta(seconds=10))


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


def test_a_volume_is_used_up_when_the_agreed_quantity_was_accepted() -> None:
    agreement = law_of(an_event("agreement.signed", agreed_quantity=100)).agreement_for(
        "cn-sx", "H1", "P1", None, date(2022, 3, 1)
    )
    assert agreement is not None
    assert not isinstance(agreement, Missing)
    sx, tj = POLICIES.of("cn-sx")[0], POLICIES.of("cn-tj")[0]
    assert Volume(sx, agreement, 100).beyond
    assert not Volume(sx, agreement, 99).beyond
    assert not Volume(sx, None, 10_000).beyond
    assert Volume(sx, None, 0).owed
    assert not Volume(tj, None, 0).owed
    assert Volume(tj, agreement, 99).owed
    assert not Volume(tj, agreement, 100).owed


def a_dealing(day: date, agreement: str | None = None) -> Dealing:
    at = instant(PLACED)
    refused = Candidate("refused", "refused", at, at, "price", None, None, (), ())
    return Dealing("O1", day.toordinal(), "1401", "D1", "M1", agreement, {}, (refused,))


def cases_of(dealing: Dealing, *events: Any, rule: str = "supply-refusal") -> list[Case | Missing]:
    record = Commitment({date(2022, 2, 1).toordinal(): 60, date(2022, 3, 1).toordinal(): 40})
    record.put(None, dealing)
    terms = CommitmentTerms(law_of(*events), "cn-sx", "H1", "P1")
    return list(terms.cases(record, rule, ("refused",)))


def test_a_case_counts_what_was_accepted_from_the_agreements_start_to_the_day_before() -> None:
    agreement = an_event("agreement.signed", start="2022-02-01")
    for day, accepted in ((date(2022, 3, 1), 60), (date(2022, 3, 2), 100)):
        (case,) = cases_of(a_dealing(day), agreement)
        assert isinstance(case, Case)
        assert case.volume.accepted == accepted
    later = an_event("agreement.signed", start="2022-02-02")
    (case,) = cases_of(a_dealing(date(2022, 3, 2)), later)
    assert isinstance(case, Case)
    assert case.volume.accepted == 40


def test_a_case_is_judged_only_under_a_policy_that_carries_the_rule() -> None:
    assert cases_of(a_dealing(date(2021, 12, 16))) == []
    assert cases_of(a_dealing(date(2022, 3, 1)), rule="no-such-rule") == []
    assert cases_of(a_dealing(date(2022, 3, 1), "A9")) == [Missing("agreement")]


def test_only_selected_products_have_policies_that_gather() -> None:
    law = law_of(*REGISTER)
    assert [policy.id for policy in ProductTerms(law, "cn-sx", "P1").policies("coverage-gap")] == [
        "cn-sx-2021-22"
    ]
    assert ProductTerms(law, "scms", "P1").policies("late-delivery") == []
    assert ProductTerms(law, "cn-sx", "P1").known
    assert not ProductTerms(law, "cn-sx", "P2").known
