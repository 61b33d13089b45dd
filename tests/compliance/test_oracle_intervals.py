"""The oracle's reading of states that last, held to boundaries worked out by hand."""

from typing import Any

import pytest

from tests.support.histories import Event
from tests.support.oracle_stories import (
    LATER,
    agreement,
    appoint,
    ask,
    cycle,
    hospital,
    order,
    received,
    said,
    span,
    tell,
)

CAP, GAP, SHORTAGE = "distributor-cap", "coverage-gap", "unreported-shortage"
WANTING = said("order.rejected", "2022-03-01T10:00", reason="out_of_stock")


def crowd(number: int, start: str = "2022-03-01", **changed: Any) -> list[Event]:
    return [appoint(f"D{i}", start, **changed) for i in range(number)]


def report(told: str, recorded: str | None = None, **changed: Any) -> Event:
    said_of = {"report": "R", "areas": None, "start": "2022-03-01", "reason": "短缺", **changed}
    return tell("shortage.reported", told, recorded, manufacturer="M", **said_of)


def release(appointment: str, end: str) -> Event:
    return tell(
        "distributor.released", "2022-02-01T00:00", appointment=appointment, area="1401", end=end
    )


def left(day: str) -> Event:
    return tell("hospital.withdrawn", "2020-02-01T00:00", hospital="H", withdrawn_on=day)


@pytest.mark.parametrize(
    ("category", "number", "observed"),
    [("drug", 5, None), ("drug", 6, 6), ("consumable", 10, None), ("consumable", 11, 11)],
)
def test_a_drug_has_five_distributors_an_area_and_a_consumable_ten(
    category: str, number: int, observed: int | None
) -> None:
    found = ask(CAP, cycle(category=category), *crowd(number), appoint("M"))

    assert [v["observed"] for v in found] == ([observed] if observed else [])


def test_one_distributor_appointed_twice_or_elsewhere_counts_once() -> None:
    twice = appoint("D0", "2022-03-01", appointment="again")
    elsewhere = appoint("D9", "2022-03-01", area="1402")

    assert ask(CAP, *crowd(5), twice, elsewhere) == []


def test_a_crowd_lasts_from_the_sixth_to_the_release_and_shows_its_peak_so_far() -> None:
    told = [*crowd(5, "2022-01-01"), appoint("D5", "2022-03-01T10:00:00+08:00")]
    told += [appoint("D6", "2022-03-05", end="2022-03-07"), release("D5", "2022-03-09")]

    (found,) = ask(CAP, *told, at="2022-03-09T00:00")
    assert span(found) == ("03-01T10:00:00", "03-09T00:00:00")
    assert (found["observed"], found["limit"], found["severity"]) == (7, 5, "explain")
    (found,) = ask(CAP, *told, at="2022-03-05T00:00")
    assert (found["observed"], found["cured_at"]) == (7, None)
    (found,) = ask(CAP, *told, at="2022-03-01T10:00")
    assert (found["observed"], found["cured_at"]) == (6, None)
    assert ask(CAP, *told, at="2022-03-01T09:59:59") == []


def test_a_crowd_is_cut_to_policy_and_supply_period() -> None:
    (found,) = ask(CAP, cycle("2021-02-01", "2022-02-01"), *crowd(6, "2021-01-01"))
    assert span(found) == ("12-17T00:00:00", "07-01T00:00:00")
    (found,) = ask(CAP, cycle("2021-12-17", "2022-02-01"), *crowd(6, "2021-01-01"))
    assert span(found) == ("12-17T00:00:00", "02-01T00:00:00")


def test_a_crowd_goes_on_into_the_next_cycle_with_the_limit_it_began_with() -> None:
    cycles = [cycle("2021-02-01", "2022-02-01", category="consumable"), cycle("2022-02-01")]

    (found,) = ask(CAP, *cycles, *crowd(12, "2022-01-10"))

    assert (found["anchor"], found["limit"]) == ("2022-01-09T16:00:00.000000Z", 10)


@pytest.mark.parametrize(
    ("told", "spans"),
    [
        ([], [("02-01T00:00:00", None)]),
        ([appoint("D1", "2022-02-01")], []),
        ([appoint("D1", "2022-02-01T00:00:01+08:00")], [("02-01T00:00:00", "02-01T00:00:01")]),
        ([appoint("D1", end="2022-04-01")], [("04-01T00:00:00", None)]),
        ([appoint("M", area="1402")], [("02-01T00:00:00", None)]),
        ([appoint("M", area="1402", hospitals=["H"])], []),
        ([appoint("D1", hospitals=[])], [("02-01T00:00:00", None)]),
        (
            [appoint("D1"), hospital(time="2022-05-01T13:00", area="1402")],
            [("05-01T00:00:00", None)],
        ),
        ([left("2022-06-01")], [("02-01T00:00:00", "06-01T00:00:00")]),
        ([left("2020-01-01")], [("02-01T00:00:00", None)]),
        ([left("2020-01-02")], []),
        ([cycle("2021-03-01", "2022-03-01")], [("02-01T00:00:00", "07-01T00:00:00")]),
        ([cycle("2022-05-01")], [("05-01T00:00:00", None)]),
    ],
)
def test_a_hospital_is_uncovered_while_it_takes_part_and_nobody_serves_it(
    told: list[Event], spans: list[Any]
) -> None:
    found = ask(GAP, agreement(), *told)

    assert [span(violation) for violation in found] == spans


def test_taking_part_goes_on_between_yearly_agreements_and_not_before_the_policy() -> None:
    first = agreement("A1", start="2021-02-01", end="2022-01-20")
    second = agreement("A2", start="2022-03-01")
    cycles = cycle("2021-01-01", "2023-01-01")

    (found,) = ask(GAP, cycles, first, second)
    assert span(found) == ("12-17T00:00:00", None)
    assert ask(GAP, cycles, agreement(end="2022-02-01")) == []


def test_each_stretch_waits_for_an_agreement_of_its_own() -> None:
    cycles = [cycle("2021-06-01", "2022-02-01"), cycle("2022-02-01")]
    told = [
        agreement("A1", end="2022-02-01", start="2022-01-10"),
        agreement("A2", start="2022-03-01"),
    ]

    spans = [span(violation) for violation in ask(GAP, *cycles, *told)]

    assert spans == [("01-10T00:00:00", "02-01T00:00:00"), ("03-01T00:00:00", None)]


def test_grace_puts_off_the_beginning_of_taking_part_and_no_later_gap() -> None:
    policies = {"cn-sx": {"coverage_grace_days": 3}}
    told = [agreement(), appoint("D1", "2022-02-10", end="2022-03-01")]

    found = ask(GAP, *told, policies=policies)

    assert [span(violation) for violation in found] == [
        ("02-04T00:00:00", "02-10T00:00:00"),
        ("03-01T00:00:00", None),
    ]
    assert len(ask(GAP, *told, at="2022-02-04T00:00", policies=policies)) == 1
    assert ask(GAP, *told, at="2022-02-03T23:59:59", policies=policies) == []


@pytest.mark.parametrize(
    ("told", "is_reported"),
    [
        ([report("2022-03-02T10:00")], True),
        ([report("2022-03-02T10:00:00.000001")], False),
        ([report("2022-03-01T10:00", "2022-03-02T10:00:01")], False),
        ([report("2022-03-01T10:00"), report("2022-03-05T10:00", areas=["1401"])], True),
        ([report("2022-03-01T10:00"), report("2022-03-05T10:00", areas=["1402"])], False),
        ([report("2022-03-01T10:00", areas=[])], False),
        ([report("2022-03-01T10:00", start="2022-03-02")], False),
        ([report("2022-02-01T10:00", start="2022-02-01", expected_end="2022-03-01")], True),
        ([report("2022-02-01T10:00", start="2022-02-01", expected_end="2022-02-28")], False),
        (
            [
                report("2022-02-01T10:00", start="2022-02-01", expected_end="2022-02-28"),
                tell("shortage.ended", "2022-04-01T10:00", report="R", end="2022-03-01"),
            ],
            True,
        ),
        (
            [
                report("2022-03-01T10:00"),
                tell("shortage.ended", "2022-04-01T10:00", report="R", end="2022-02-28"),
            ],
            False,
        ),
        ([tell("production.stopping", "2022-01-01T00:00", notice="N", stop_on="2022-03-01")], True),
    ],
)
def test_a_stock_out_is_reported_in_time_for_its_area_and_day(
    told: list[Event],
    is_reported: bool,  # noqa: FBT001
) -> None:
    assert (ask(SHORTAGE, order(), WANTING, *told) == []) is is_reported


def test_a_stock_out_is_judged_once_its_grace_has_passed() -> None:
    assert ask(SHORTAGE, order(), WANTING, at="2022-03-02T10:00") == []
    (found,) = ask(SHORTAGE, order(), WANTING, at="2022-03-02T10:00:01")
    assert (found["subject"], found["limit"], found["status"]) == ("P/1401", 24, "open")
    assert not ask(SHORTAGE, order(), WANTING, said("order.cancelled", "2022-03-01T10:00"))


@pytest.mark.parametrize(
    ("told", "start"),
    [
        ([], "03-10T09:00:00"),
        ([said("order.accepted", "2022-03-01T10:00")], "03-10T09:00:00"),
        ([said("shipment.dispatched", "2022-03-10T09:00", shipment="S")], None),
        ([received("2022-03-10T09:00", 0)], None),
        ([received("2022-03-10T09:00:01", 0)], "03-10T09:00:00"),
        ([said("order.rejected", "2022-03-10T09:00", reason="price")], None),
        ([said("order.rejected", "2022-03-10T09:00:01", reason="out_of_stock")], "03-10T09:00:00"),
        ([said("order.cancelled", "2022-03-10T09:00")], None),
        ([said("order.cancelled", "2022-03-10T09:00:01")], "03-10T09:00:00"),
    ],
)
def test_an_order_of_which_nothing_came_is_a_stock_out_a_week_after_it_was_due(
    told: list[Event], start: str | None
) -> None:
    found = ask(SHORTAGE, order(), *told)

    assert [span(violation)[0] for violation in found] == ([start] if start else [])


@pytest.mark.parametrize(
    ("second", "spans"),
    [
        ("2022-03-08T09:59:59", [("03-01T10:00:00", "03-15T09:59:59")]),
        (
            "2022-03-08T10:00:00",
            [("03-01T10:00:00", "03-08T10:00:00"), ("03-08T10:00:00", "03-15T10:00:00")],
        ),
    ],
)
def test_stock_outs_less_than_a_week_apart_are_one_episode(second: str, spans: list[Any]) -> None:
    wanting = said("order.rejected", second, "O2", reason="production_stopped")
    told = [order(), WANTING, order(id_="O2", hospital="H2"), wanting, hospital("H2")]

    found = ask(SHORTAGE, *told)

    assert [span(violation) for violation in found] == spans
    if len(spans) == 1:
        assert found[0]["observed"] == {"orders": 2, "hospitals": 2}
        assert ask(SHORTAGE, *told, at="2022-03-15T09:59:58")[0]["status"] == "open"


def test_a_stock_out_belongs_to_the_area_of_its_hospital_on_the_day_of_the_order() -> None:
    moved = hospital(time="2022-03-02T00:00", area="1402")
    stranger = order(id_="O2", hospital="never told", area="1403")
    wanting = said("order.rejected", "2022-03-01T10:00", "O2", reason="out_of_stock")

    found = ask(SHORTAGE, moved, order(area="1409"), WANTING, stranger, wanting, at=LATER)

    assert [violation["area"] for violation in found] == ["1401", "1403"]
