from datetime import date
from typing import Any

import pytest

from services.compliance.law.failing import failed_by_refusal, failed_by_silence
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.failed import Failed
from shared.domain.cloudevents import Event
from shared.domain.records.order import Order
from tests.support.builders import law_of, tell
from tests.support.events import an_event, instant

REGISTER = [an_event("product.selected"), an_event("hospital.enrolled")]
DUE = "2022-03-03 09:00:00"
AFTER_DUE = "2022-03-03 09:00:01"


def a_failed_order(*told: Event, **placed: Any) -> tuple[Failed | None, Failed | None]:
    """How an order of 100, placed on 1 March at 9, fails by refusal and by silence."""
    order = Order()
    tell(order, an_event("order.placed", "2022-03-01 09:00:00", **placed), *told)
    assert order.placed is not None
    terms = OrderTerms(law_of(*REGISTER), "cn-sx", "O1", order.placed)
    return failed_by_refusal(order, terms), failed_by_silence(order, terms)


def rejected(at: str, reason: str = "out_of_stock") -> Event:
    return an_event("order.rejected", at, reason=reason)


def received(at: str, quantity: int, receipt: str = "R1", **changed: Any) -> Event:
    return an_event("delivery.received", at, quantity_accepted=quantity, receipt=receipt, **changed)


def test_an_order_fails_at_its_due_if_it_is_not_complete_by_then() -> None:
    _, silent = a_failed_order(received(DUE, 99))
    assert silent is not None
    assert silent.at == silent.heard_by == instant(DUE)
    assert (silent.ordered, silent.received) == (100, {date(2022, 3, 3).toordinal(): 99})
    assert [fact.type for fact in silent.evidence] == [
        "vbp.order.placed.v1",
        "vbp.hospital.enrolled.v1",
    ]
    assert a_failed_order(received(DUE, 100)) == (None, None)
    assert a_failed_order(received("2022-03-09 09:00:00", 100, arrived_at=instant(DUE)))[1] is None


def test_one_told_late_fails_once_it_has_settled() -> None:
    _, silent = a_failed_order(told="2022-03-20 09:00:00")
    assert silent is not None
    assert silent.heard_by == instant("2022-03-20 09:00:10")


@pytest.mark.parametrize("reason", ["hospital_error", "price"])
def test_whoever_rejected_by_the_due_does_not_fail_by_silence(reason: str) -> None:
    assert a_failed_order(rejected(DUE, reason))[1] is None
    assert a_failed_order(rejected(AFTER_DUE, reason))[1] is not None


def test_an_order_cancelled_by_its_due_does_not_fail() -> None:
    assert a_failed_order(an_event("order.cancelled", DUE)) == (None, None)
    assert a_failed_order(an_event("order.cancelled", AFTER_DUE))[1] is not None


def test_an_order_fails_at_its_first_rejection_that_nothing_excuses() -> None:
    excused = rejected("2022-03-01 10:00:00", "hospital_error")
    assert a_failed_order(excused)[0] is None
    refused, _ = a_failed_order(
        excused, rejected("2022-03-01 12:00:00"), rejected("2022-03-01 11:00:00", "price")
    )
    assert refused is not None
    assert refused.at == instant("2022-03-01 11:00:00")
    assert [fact.type for fact in refused.evidence] == [
        "vbp.order.placed.v1",
        "vbp.order.rejected.v1",
    ]


@pytest.mark.parametrize(
    ("cancelled", "fails"), [("2022-03-01 10:00:00", False), ("2022-03-01 10:00:01", True)]
)
def test_a_rejection_of_what_was_cancelled_is_no_failure(cancelled: str, *, fails: bool) -> None:
    told = (rejected("2022-03-01 10:00:00"), an_event("order.cancelled", cancelled))
    assert (a_failed_order(*told)[0] is not None) == fails


def test_an_order_whose_due_is_unjudged_fails_only_by_a_rejection() -> None:
    assert a_failed_order(hospital="H9") == (None, None)
    refused, silent = a_failed_order(rejected("2022-03-09 09:00:00"), hospital="H9")
    assert refused is not None
    assert silent is None


def test_what_was_received_counts_by_day_whole_whatever_is_returned() -> None:
    _, silent = a_failed_order(
        received("2022-03-02 09:00:00", 20),
        received("2022-03-02 10:00:00", 30, "R2"),
        received("2022-03-08 10:00:00", 0, "R3"),
        an_event("goods.returned", "2022-03-02 11:00:00", quantity=50),
    )
    assert silent is not None
    assert silent.received == {date(2022, 3, 2).toordinal(): 50}
