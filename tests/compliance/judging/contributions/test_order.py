from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Contribution, Given, Unjudged
from services.compliance.judging.contributions.order import contribute_order
from services.compliance.judging.moment import Moment
from services.compliance.law.order_terms import OrderTerms
from services.compliance.law.periods import Month
from services.compliance.records.commitment import Candidate, Dealing
from services.compliance.records.supply import Served, StockOut
from shared.domain.cloudevents import Event
from shared.domain.records.order import Order
from tests.support.builders import law_of, tell
from tests.support.events import an_event, instant

REGISTER = [an_event("product.selected"), an_event("hospital.enrolled")]
LATER = "2022-06-01 00:00:00"
STALE = instant("2022-03-10 09:00:00")


def at(now: str, heard: str | None = None) -> Moment:
    return Moment(instant(now), instant(heard or now))


def given(
    *told: Any,
    moment: Moment | None = None,
    register: Sequence[Event] = REGISTER,
    **placed: Any,
) -> list[Given]:
    """What an order placed on 1 March at 9 gives, with what else is told of it."""
    moment = moment or at(LATER)
    order = Order()
    tell(order, an_event("order.placed", "2022-03-01 09:00:00", **placed), *told)
    order = order.as_of(moment.now)
    assert order.placed is not None
    where = placed.get("jurisdiction", "cn-sx")
    terms = OrderTerms(law_of(*register), where, "O1", order.placed)
    return list(contribute_order(order, terms, moment, in_scope=terms.scope() is True))


def values(said: list[Given]) -> list[Any]:
    return [item.value for item in said if isinstance(item, Contribution)]


def dealings(said: list[Given]) -> list[Dealing]:
    return [value for value in values(said) if isinstance(value, Dealing)]


def dealing(said: list[Given]) -> Dealing:
    (found,) = dealings(said)
    return found


def served(said: list[Given]) -> Served:
    (found,) = [value for value in values(said) if isinstance(value, Served)]
    return found


def candidates(said: list[Given]) -> dict[str, Candidate]:
    return {candidate.anchor: candidate for candidate in dealing(said).candidates}


def stock_outs(said: list[Given]) -> list[StockOut]:
    told = [value.stock_out for value in values(said) if isinstance(value, Served)]
    return [out for out in told if out is not None]


REJECTED = an_event("order.rejected", "2022-03-01 10:00:00", reason="out_of_stock")
RECEIVED = an_event("delivery.received", "2022-03-02 09:00:00")


def test_an_order_gives_its_quantities_by_day_in_scope_or_not() -> None:
    returned = an_event("goods.returned", "2022-03-03 09:00:00", quantity=30)
    for product in ("P1", "P9"):
        told = dealing(given(RECEIVED, returned, product=product))
        assert told.accepted == {
            date(2022, 3, 2).toordinal(): 100,
            date(2022, 3, 3).toordinal(): -30,
        }


def test_an_order_of_which_nothing_is_wrong_and_nothing_came_is_only_counted() -> None:
    said = given(moment=at("2022-03-02 09:00:00"))
    told = dealing(said)
    assert told.bought == instant("2022-03-01 09:00:00")
    assert (told.accepted, told.candidates, told.failed, stock_outs(said)) == ({}, (), None, [])
    found = served(said)
    assert (found.ordered, found.delivered, found.remote, found.in_time) == (100, 0, False, False)
    assert (found.inspected, found.accepted) == ({}, {})
    assert Month.numbered(found.month) == Month(2022, 3)


def test_an_order_out_of_scope_or_cancelled_was_not_bought() -> None:
    cancelled = an_event("order.cancelled", "2022-03-01 10:00:00")
    assert dealings(given(cancelled)) == []
    assert dealings(given(cancelled, moment=at("2022-03-01 09:59:59"))) != []
    later = an_event("order.placed", "2022-02-28 09:00:00", product="P9")
    listed = [*REGISTER, an_event("product.listed", product="P9")]
    assert dealings(given(later, register=listed)) == []


def test_an_order_of_an_unknown_product_was_bought_as_far_as_is_known() -> None:
    told = dealing(given(an_event("order.cancelled", "2022-03-01 10:00:00"), product="P9"))
    assert told.bought == instant("2022-03-01 09:00:00")
    before = an_event("order.placed", "2021-12-16 09:00:00", product="P9")
    assert dealings(given(before, product="P9")) == []


def test_where_only_single_orders_are_judged_nothing_is_given() -> None:
    assert given(RECEIVED, jurisdiction="scms") == []


def test_a_refusal_is_a_candidate_and_its_want_of_goods_a_stock_out() -> None:
    said = given(REJECTED)
    assert candidates(said)["refused"].occurred_at == instant("2022-03-01 10:00:00")
    (out,) = stock_outs(said)
    assert (out.at, out.area, out.hospital) == (instant("2022-03-01 10:00:00"), "1401", "H1")


def test_what_is_overpriced_names_the_prices_and_the_money() -> None:
    invoice = an_event("invoice.issued", "2022-03-05 09:00:00", quantity=50, unit_price="0.46")
    found = candidates(given(RECEIVED, invoice, unit_price="0.40"))
    assert {anchor: str(told.overcharged) for anchor, told in found.items()} == {
        "overpriced": "4.00",
        "overpriced:I1": "5.00",
    }


@pytest.mark.parametrize("reason", ["price", "hospital_error", "other"])
def test_a_rejection_for_another_reason_is_no_stock_out(reason: str) -> None:
    rejected = an_event("order.rejected", "2022-03-01 10:00:00", reason=reason)
    assert stock_outs(given(rejected)) == []


def test_the_earlier_of_rejection_and_silence_is_the_stock_out() -> None:
    late = an_event("order.rejected", "2022-03-10 09:00:01", reason="out_of_stock")
    (out,) = stock_outs(given(late))
    assert out.at == STALE
    assert [term.name for term in out.terms] == ["delivery_hours", "stock_out_after_days"]
    early = an_event("order.rejected", "2022-03-10 09:00:00", reason="out_of_stock")
    (out,) = stock_outs(given(early))
    assert (out.at, out.terms) == (STALE, ())


def test_a_stock_out_waits_for_its_grace_and_until_that_was_heard() -> None:
    over = instant("2022-03-02 10:00:00")
    for moment in (
        at("2022-03-02 10:00:00"),
        at("2022-03-05 00:00:00", heard="2022-03-02 09:59:59"),
    ):
        said = given(REJECTED, moment=moment)
        assert stock_outs(said) == []
        assert Watch(over, silent=True) in said
    assert len(stock_outs(given(REJECTED, moment=at("2022-03-02 10:00:01")))) == 1


def test_a_rejection_told_late_waits_until_it_has_settled() -> None:
    told = an_event(
        "order.rejected",
        "2022-03-01 10:00:00",
        reason="out_of_stock",
        told="2022-03-20 10:00:00",
    )
    said = given(told, moment=at("2022-03-20 10:00:09"))
    assert stock_outs(said) == []
    assert Watch(instant("2022-03-20 10:00:10"), silent=True) in said


def test_nothing_accepted_is_a_candidate_once_it_was_heard() -> None:
    said = given(moment=at("2022-03-10 09:00:01", heard="2022-03-10 08:59:59"))
    assert candidates(said) == {}
    assert Watch(STALE, silent=True) in said
    found = candidates(given(moment=at("2022-03-10 09:00:01")))
    assert (found["undelivered"].occurred_at, found["undelivered"].cured_at) == (STALE, None)


def test_a_missing_term_leaves_only_what_needs_it_unjudged() -> None:
    said = given(REJECTED, hospital="H9", area="1409")
    missing = [item for item in said if isinstance(item, Unjudged)]
    assert {(item.rule, item.missing.term) for item in missing} == {
        ("beyond-volume-supply", "hospital.remote"),
        ("unreported-shortage", "hospital.remote"),
        ("short-delivery", "hospital.remote"),
        ("remote-service", "hospital.remote"),
    }
    assert "refused" in candidates(said)
    (out,) = stock_outs(said)
    assert out.area == "1409"


def counted(*told: Any, now: str = LATER, **placed: Any) -> tuple[Any, ...]:
    found = served(given(*told, moment=at(now), **placed))
    return found.ordered, found.delivered, found.remote, found.in_time


def came(at: str, accepted: int = 100, receipt: str = "R1", **more: Any) -> Any:
    return an_event("delivery.received", at, quantity_accepted=accepted, receipt=receipt, **more)


def test_what_came_some_days_after_it_was_due_counts_and_no_more_than_was_ordered() -> None:
    due = "2022-03-03 09:00:00"
    assert counted(came(due)) == (100, 100, False, True)
    assert counted(came(due, 60), came("2022-03-10 09:00:00", 90, "R2")) == (100, 100, False, False)
    assert counted(came(due, 60), came("2022-03-10 09:00:01", 90, "R2")) == (100, 60, False, False)
    returned = an_event("goods.returned", "2022-03-04 09:00:00")
    assert counted(came(due), returned) == (100, 100, False, True)


def test_what_was_taken_back_in_time_or_refused_with_an_excuse_is_left_out() -> None:
    for kind in ("order.cancelled", "order.rejected"):
        early, late = (an_event(kind, f"2022-03-03 09:00:0{second}") for second in (0, 1))
        assert counted(late)[0] == 100
        found = [it.ordered for it in values(given(early)) if isinstance(it, Served)]
        assert found == ([] if kind == "order.cancelled" else [100])
    excuse = {"reason": "hospital_error"}
    at_due = an_event("order.rejected", "2022-03-03 09:00:00", **excuse)
    before_cut = an_event("order.rejected", "2022-03-10 09:00:00", **excuse)
    after_cut = an_event("order.rejected", "2022-03-10 09:00:01", **excuse)
    said = given(at_due)
    assert not [value for value in values(said) if isinstance(value, Served)]
    assert counted(before_cut) == (None, 0, False, False)
    assert counted(after_cut) == (100, 0, False, False)
    assert counted(before_cut, REJECTED)[0] == 100


def test_an_order_of_a_hospital_that_nobody_enrolled_is_unjudged_once_it_would_count() -> None:
    placed: dict[str, Any] = {"hospital": "H9", "area": "1409", "urgency": "urgent"}
    due = instant("2022-03-01 17:00:00")
    early = given(moment=at("2022-03-01 17:00:00"), **placed)
    assert Watch(due, silent=True) in early
    (late,) = [it for it in given(moment=at("2022-03-01 17:00:01"), **placed) if is_unjudged(it)]
    assert late == Unjudged("remote-service", Missing("hospital.remote"))


def is_unjudged(item: Given) -> bool:
    return isinstance(item, Unjudged)


def test_what_was_rejected_for_its_quality_is_added_up_by_month_of_inspection() -> None:
    said = given(
        came("2022-03-31 23:59:59", 90, quantity_rejected=10, rejection_reason="QUALITY"),
        came("2022-04-01 00:00:00", 5, "R2", quantity_rejected=1, rejection_reason="damaged"),
        came("2022-03-05 00:00:00", 3, "R3", quantity_rejected=2, rejection_reason="质量不合格"),
    )
    march, april = Month(2022, 3).number, Month(2022, 4).number
    assert served(said).inspected == {march: (105, 12), april: (6, 0)}
