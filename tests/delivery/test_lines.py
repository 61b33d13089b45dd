"""What one order line adds to the scorecards, case by case."""

from datetime import timedelta
from typing import Any

import pytest

from services.commands import promises
from services.delivery.lines import SUMS, Line
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital
from shared.domain.records.order import Order
from shared.tally.register import Register
from tests.support.builders import POLICIES, tell
from tests.support.events import an_event

PLACED = "2022-03-01 09:00:00"
PROMISED, _ = promises.of(POLICIES)


def a_line(*told: tuple[Any, ...], remote: bool = False, **placed: Any) -> dict[str, int]:
    """The sums of one order of a hundred, due after 48 hours (72 where remote), 7 days of grace."""
    order, hospital = Order(), Hospital()
    hospital.merge(an_event("hospital.enrolled", remote=remote))
    events = [an_event(kind, at, **said) for kind, at, said in told]
    tell(order, an_event("order.placed", PLACED, **placed), *events)
    assert order.placed is not None
    register = Register({}, {("cn-sx", "H1"): hospital}, {}, dict[tuple[str, str], Agreement]())
    line = Line("cn-sx", order, order.placed, register, PROMISED)
    return dict(zip(SUMS, line.sums(), strict=True)) | {"hours": line.hours, "month": line.month}


def came(at: str, accepted: int = 100, **said: Any) -> tuple[Any, ...]:
    return ("delivery.received", at, {"quantity_accepted": accepted, **said})


@pytest.mark.parametrize(
    ("told", "hours", "prompt"),
    [
        ([], -1, 0),
        ([("order.accepted", PLACED, {})], 0, 1),
        ([("order.accepted", "2022-03-01 09:00:01", {})], 1, 1),
        ([("order.accepted", "2022-03-02 09:00:00", {})], 24, 1),
        ([("order.rejected", "2022-03-02 09:00:01", {})], 25, 0),
        ([came("2022-03-01 19:00:00")], 10, 1),
    ],
)
def test_an_answer_is_in_time_to_the_second_and_counted_by_begun_hours(
    told: list[tuple[Any, ...]], hours: int, prompt: int
) -> None:
    line = a_line(*told)
    assert (line["asked"], line["hours"], line["prompt"]) == (1, hours, prompt)


@pytest.mark.parametrize(
    ("told", "due", "on_time", "owed", "whole", "delivered"),
    [
        ([], 1, 0, 1, 0, 0),
        ([came("2022-03-03 09:00:00")], 1, 1, 1, 1, 100),
        ([came("2022-03-03 09:00:01")], 1, 0, 1, 1, 100),
        ([came("2022-03-10 09:00:00")], 1, 0, 1, 1, 100),
        ([came("2022-03-10 09:00:01")], 1, 0, 1, 0, 0),
        ([came("2022-03-02 09:00:00", 60)], 1, 0, 1, 0, 60),
        ([came("2022-03-02 09:00:00", 200)], 1, 1, 1, 1, 100),
        ([("order.cancelled", "2022-03-03 09:00:00", {})], 0, 0, 0, 0, 0),
        ([("order.cancelled", "2022-03-03 09:00:01", {})], 1, 0, 1, 0, 0),
        ([("order.rejected", PLACED, {"reason": "out_of_stock"})], 1, 0, 1, 0, 0),
        ([("order.rejected", PLACED, {"reason": "hospital_error"})], 0, 0, 0, 0, 0),
        ([("order.rejected", "2022-03-04", {"reason": "hospital_error"})], 1, 0, 0, 0, 0),
    ],
)
def test_what_was_owed_and_what_came_are_counted_to_the_second(  # noqa: PLR0913, PLR0917
    told: list[tuple[Any, ...]], due: int, on_time: int, owed: int, whole: int, delivered: int
) -> None:
    line = a_line(*told)
    found = (line["due"], line["on_time"], line["owed"], line["whole"], line["delivered"])
    assert found == (due, on_time, owed, whole, delivered)


def test_a_remote_hospital_waits_longer_and_urgency_comes_first() -> None:
    late = came("2022-03-04 09:00:00")
    assert a_line(late, remote=True)["on_time"] == 1
    assert a_line(late)["on_time"] == 0
    assert a_line(late, remote=True, urgency="urgent")["on_time"] == 0


def test_a_line_belongs_to_the_month_of_its_due() -> None:
    assert a_line(deliver_by="2022-05-31")["month"] == 202206
    assert a_line(deliver_by="2022-05-31T23:59:59+08:00")["month"] == 202205


@pytest.mark.parametrize(
    ("reason", "failed"),
    [("quality", 7), ("Quality: broken", 7), ("质量不合格", 7), ("damaged", 0), (None, 0)],
)
def test_only_what_was_rejected_for_its_quality_counts_as_such(
    reason: str | None, failed: int
) -> None:
    line = a_line(came(PLACED, 93, quantity_rejected=7, rejection_reason=reason))
    assert (line["checked"], line["failed"]) == (100, failed)


def test_grace_is_the_policys() -> None:
    found = PROMISED("cn-sx", an_event("order.placed", PLACED).time.date())
    assert found is not None
    assert found.grace == timedelta(days=7)
