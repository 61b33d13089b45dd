"""The oracle itself, held to boundaries worked out by hand."""

import json
from datetime import UTC, datetime
from itertools import permutations
from random import Random
from typing import Any

import pytest

from tests.support.histories import Event, history, moment, smallest
from tests.support.oracle import judge
from tests.support.oracle_stories import (
    agreement,
    ask,
    cycle,
    hospital,
    order,
    received,
    said,
    span,
    tell,
)


@pytest.mark.parametrize(
    ("accepted", "spans"),
    [
        ("2022-03-02T09:00", []),
        ("2022-03-02T09:00:00.000001", [("03-02T09:00:00", "03-02T09:00:00")]),
        ("2022-03-05T09:00", [("03-02T09:00:00", "03-05T09:00:00")]),
    ],
)
def test_an_answer_at_the_deadline_is_in_time(accepted: str, spans: list[Any]) -> None:
    found = ask("late-response", order(), said("order.accepted", accepted))

    assert [span(violation) for violation in found] == spans


def test_silence_is_late_only_after_the_deadline() -> None:
    assert ask("late-response", order(), at="2022-03-02T09:00") == []
    (found,) = ask("late-response", order(), at="2022-03-02T09:00:00.000001")
    assert (found["status"], found["observed"]) == ("open", None)
    assert found["limit"] == "2022-03-02T01:00:00.000000Z"
    assert found["severity"] == "warning"


def test_an_order_cancelled_at_the_deadline_awaits_no_answer() -> None:
    late = said("order.accepted", "2022-03-09T09:00")

    assert ask("late-response", order(), late, said("order.cancelled", "2022-03-02T09:00")) == []
    (found,) = ask("late-response", order(), late, said("order.cancelled", "2022-03-03T09:00"))
    assert span(found) == ("03-02T09:00:00", "03-03T09:00:00")


def test_goods_answer_when_they_arrive_but_only_once_they_are_accepted() -> None:
    goods = received("2022-03-04T09:00", 0, arrived_at="2022-03-02T09:00:00+08:00")

    assert len(ask("late-response", order(), goods, at="2022-03-04T08:59:59")) == 1
    assert ask("late-response", order(), goods, at="2022-03-04T09:00") == []


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ({}, "03-03T09:00:00"),
        ({"hospital": "R"}, "03-04T09:00:00"),
        ({"hospital": "R", "urgency": "urgent"}, "03-01T17:00:00"),
        ({"deliver_by": "2022-03-02"}, "03-03T00:00:00"),
        ({"deliver_by": "2022-03-02T01:00:00Z"}, "03-02T09:00:00"),
        ({"hospital": "unknown", "urgency": "urgent"}, "03-01T17:00:00"),
        ({"hospital": "unknown"}, None),
        ({"agreement": "unknown"}, None),
        ({"agreement": "unknown", "deliver_by": "2022-03-02"}, "03-03T00:00:00"),
        ({"agreement": "foreign"}, "03-03T09:00:00"),
        ({"agreement": "old"}, "03-01T10:00:00"),
        ({"agreement": "old", "urgency": "urgent"}, "03-01T17:00:00"),
    ],
)
def test_the_deadline_of_a_delivery_comes_from_whoever_says_it_first(
    terms: dict[str, Any], due: str | None
) -> None:
    old = agreement("old", start="2021-02-01", end="2022-03-01", delivery_hours=1)
    foreign = agreement("foreign", hospital="R", delivery_hours=None, urgent_delivery_hours=None)

    found = ask("late-delivery", hospital("R", remote=True), old, foreign, order(**terms))

    assert [span(violation)[0] for violation in found] == ([due] if due else [])


def test_a_delivery_is_complete_at_arrival_and_stays_so_after_a_return() -> None:
    first = received("2022-03-02T09:00", 4)
    second = received("2022-03-08T09:00", 6, arrived_at="2022-03-05T10:00:00+08:00")
    back = said("goods.returned", "2022-03-06T09:00", quantity=10, **{"return": "B"})

    (found,) = ask("late-delivery", order(), first, second, back)

    assert span(found) == ("03-03T09:00:00", "03-05T10:00:00")
    assert (found["observed"], found["limit"]) == (4, 10)


def test_a_rejection_ends_a_late_delivery_or_prevents_it() -> None:
    (found,) = ask(
        "late-delivery", order(), said("order.rejected", "2022-03-03T09:00:01", reason="other")
    )
    assert span(found) == ("03-03T09:00:00", "03-03T09:00:01")
    assert not ask(
        "late-delivery", order(), said("order.rejected", "2022-03-03T09:00", reason="other")
    )


def test_of_tellings_the_first_holds_in_whatever_order_they_come() -> None:
    goods = received("2022-03-02T09:00")
    same = {**goods, "data": {**goods["data"], "quantity_accepted": 3}}
    earlier = {**same, "source": "/hospitals/H"}

    both = {str(ask("late-delivery", *told)) for told in permutations([order(), goods, same])}
    assert len(both) == 1
    (found,) = ask("late-delivery", goods, order(), earlier)
    assert found["observed"] == 3


@pytest.mark.parametrize(
    ("time", "accepted", "returned", "rule"),
    [
        ("2022-02-28T23:59:59", 10, 0, "beyond-volume-supply"),
        ("2022-02-28T23:59:59", 9, 0, "supply-refusal"),
        ("2022-03-01T00:00:00", 10, 0, "supply-refusal"),
        ("2022-01-31T23:59:59", 10, 0, "supply-refusal"),
        ("2022-02-01T00:00:00", 11, 1, "beyond-volume-supply"),
        ("2022-02-01T00:00:00", 10, 1, "supply-refusal"),
    ],
)
def test_an_order_is_beyond_by_what_was_accepted_until_the_day_before(
    time: str, accepted: int, returned: int, rule: str
) -> None:
    early = [order("2022-01-20T09:00", "early"), received(time, accepted, "early")]
    if returned:
        back: dict[str, Any] = {"return": "B", "quantity": returned}
        early.append(said("goods.returned", "2022-02-28T10:00", "early", **back))
    refused = said("order.rejected", "2022-03-01T10:00", reason="price")

    for asked in ("beyond-volume-supply", "supply-refusal"):
        found = [v for v in ask(asked, agreement(), *early, order(), refused) if v["order"] == "O"]
        assert [v["observed"] for v in found if v["anchor"] == "refused"] == (
            ["price"] if asked == rule else []
        )


def test_the_first_reason_that_is_no_excuse_makes_the_refusal() -> None:
    excused = said("order.rejected", "2022-03-01T10:00", reason="hospital_error")
    refused = said("order.rejected", "2022-03-01T11:00", reason="other")

    assert ask("supply-refusal", order(), excused) == []
    (found,) = ask("supply-refusal", order(), excused, refused)
    assert span(found) == ("03-01T11:00:00", "03-01T11:00:00")
    assert not ask("supply-refusal", order(), refused, said("order.cancelled", "2022-03-01T11:00"))


def test_prices_compare_as_numbers_and_are_shown_as_written() -> None:
    bill = said("invoice.issued", "2022-03-05T09:00", invoice="I", quantity=1, unit_price="0.3601")

    (found,) = ask("selected-price", order(unit_price="0.360"), bill)

    assert found["anchor"] == "overpriced:I"
    assert (found["observed"], found["limit"], found["breach"]) == ("0.3601", "0.36", None)
    assert not ask("selected-price", order(agreement="unknown", unit_price="9"))


@pytest.mark.parametrize(
    ("received_at", "accepted", "spans"),
    [
        ("2022-03-10T09:00", 1, []),
        ("2022-03-10T09:00", 0, [("03-10T09:00:00", None)]),
        ("2022-03-10T09:00:01", 1, [("03-10T09:00:00", "03-10T09:00:01")]),
    ],
)
def test_an_order_beyond_is_undelivered_a_week_after_it_was_due(
    received_at: str, accepted: int, spans: list[Any]
) -> None:
    early = [order("2022-02-01T09:00", "early"), received("2022-02-02T09:00", 10, "early")]
    told = [agreement(), *early, order(), received(received_at, accepted)]

    assert [span(violation) for violation in ask("beyond-volume-supply", *told)] == spans
    assert ask("beyond-volume-supply", *told[:-1], at="2022-03-10T09:00") == []


@pytest.mark.parametrize(
    ("start", "end", "placed", "is_judged"),
    [
        ("2021-06-01", "2022-06-01", "2021-12-16T23:59:59", False),
        ("2021-06-01", "2022-06-01", "2021-12-17T00:00", True),
        ("2022-03-02", "2023-01-01", "2022-03-01T23:59:59", False),
        ("2022-03-02", "2023-01-01", "2022-03-02T00:00", True),
        ("2021-12-17", "2022-03-01", "2022-03-01T00:00", False),
        ("2021-12-16", "2022-03-01", "2022-03-01T00:00", True),
        ("2021-12-16", "2022-03-01", "2022-06-30T23:59:59", True),
        ("2021-12-16", "2022-03-01", "2022-07-01T00:00", False),
        ("2021-06-01", "2022-07-01", "2022-07-01T00:00", False),
        ("2021-06-01", "2022-07-02", "2022-07-02T00:00", True),
    ],
)
def test_orders_are_judged_in_cycle_and_bridge_and_days_of_the_policy(
    start: str,
    end: str,
    placed: str,
    is_judged: bool,  # noqa: FBT001
) -> None:
    told = [cycle(start, end), order(placed, unit_price="1")]

    assert len(ask("selected-price", *told)) == is_judged


def test_the_next_cycle_ends_the_bridge_and_a_later_cycle_governs_an_overlap() -> None:
    renewed = cycle("2022-03-01", selected_price="0.30")

    for end in ("2022-02-15", "2022-06-01"):
        told = [cycle("2021-06-01", end), renewed]
        assert ask("selected-price", *told, order("2022-02-28T23:59", unit_price="0.31")) == []
        (found,) = ask("selected-price", *told, order("2022-03-01T00:00", unit_price="0.31"))
        assert found["limit"] == "0.30"


def test_a_product_withdrawn_stops_that_day_and_may_be_selected_again() -> None:
    gone = tell("product.deselected", "2022-01-01T00:00", on="2022-03-01", reason="退出")
    told = [cycle("2021-06-01", "2022-06-01"), gone]

    assert len(ask("selected-price", *told, order("2022-02-28T23:59", unit_price="1"))) == 1
    assert not ask("selected-price", *told, order("2022-03-01T00:00", unit_price="1"))
    again = order("2022-03-01T00:00", unit_price="1")
    assert len(ask("selected-price", *told, cycle("2022-03-01"), again)) == 1


def test_a_draft_judges_refusals_only_within_an_agreement_and_mildly() -> None:
    def in_tianjin(event: Event) -> Event:
        text = json.dumps(event).replace("2022", "2019").replace("2023", "2020")
        moved: Event = json.loads(text.replace("cn-sx", "cn-tj"))
        return moved

    refused = said("order.rejected", "2022-04-01T10:00", reason="price")
    told = [in_tianjin(e) for e in (hospital(), cycle(), order("2022-04-01T09:00"), refused)]
    as_of = datetime(2021, 1, 1, tzinfo=UTC)

    assert [v["rule"] for v in judge(told, as_of)] == []
    found = judge([*told, in_tianjin(agreement())], as_of)
    assert [(v["rule"], v["severity"]) for v in found] == [("supply-refusal", "explain")]


def test_what_is_told_after_the_moment_of_asking_is_not_known() -> None:
    answer = said("order.accepted", "2022-03-02T08:00", told="2022-03-04T09:00")

    assert len(ask("late-response", order(), answer, at="2022-03-04T08:59:59")) == 1
    assert ask("late-response", order(), answer, at="2022-03-04T09:00") == []


@pytest.mark.parametrize(
    ("terms", "is_exempt"),
    [
        ({}, True),
        ({"product": "P", "hospital": "H", "distributor": "D1", "manufacturer": "M"}, True),
        ({"area": "1402"}, False),
        ({"rule": "late-delivery"}, False),
        ({"start": "2022-03-03"}, False),
        ({"end": "2022-03-02"}, False),
    ],
)
def test_an_exemption_fits_rule_parties_and_day(
    terms: dict[str, str],
    is_exempt: bool,  # noqa: FBT001
) -> None:
    told = {"exemption": "X", "rule": "late-response", "start": "2022-03-02", "end": "2022-03-03"}
    granted = tell("exemption.granted", "2022-06-01T00:00", **{**told, "product": None, **terms})

    (found,) = ask("late-response", order(), granted)

    assert found["exempt"] is is_exempt


def test_two_jurisdictions_never_meet() -> None:
    answer = said("order.accepted", "2022-03-01T10:00")
    answer["data"]["jurisdiction"] = "cn-tj"

    assert len(ask("late-response", order(), answer)) == 1


def test_random_histories_are_judged_alike_in_any_order() -> None:
    for seed in range(150):
        chance = Random(seed)
        told = history(chance)
        as_of = moment(chance, told)
        found = judge(told, as_of)
        chance.shuffle(told)
        assert judge([*told, told[0]], as_of) == found


def test_the_smallest_history_keeps_only_what_fails() -> None:
    told = history(Random(1))
    wanted = [told[0], told[-1]]

    assert smallest(told, lambda some: all(event in some for event in wanted)) == wanted
