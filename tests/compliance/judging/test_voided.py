"""What a void (冲销) changes says so: in its evidence, its history, and where it is withdrawn."""

from typing import Any

from tests.support.events import an_event
from tests.support.workers.with_register import (
    ACCEPTED,
    LATE,
    ORDER,
    REFUSED,
    SHORT,
    WorkerWithRegister,
    at,
)

PLATFORM = "/platforms/cn-sx"


def evidence_of(violation: dict[str, Any]) -> list[str]:
    return [fact["id"] for fact in violation["evidence"]]


def test_what_a_void_opens_rests_on_it_and_what_it_does_not_touch_stays_as_it_is() -> None:
    in_time = an_event("order.accepted", "2022-03-01 10:00:00")
    void = an_event("order.voided", "2022-03-04 09:00:00", event=in_time.id)
    desk = WorkerWithRegister()
    desk.hear([ORDER, in_time], at("2022-03-03 10:00:00"))
    assert (desk.lines(LATE), desk.lines(SHORT)) == ([], ["opened"])

    desk.hear([void], at("2022-03-04 09:00:01"))
    assert (desk.lines(LATE), desk.lines(SHORT)) == (["opened"], ["opened"])
    (late,), (short,) = desk.standing(LATE), desk.standing(SHORT)
    assert evidence_of(late) == [ORDER.id, void.id]
    assert void.id not in evidence_of(short)
    assert [fact.telling.id for fact in desk.history[-1].change.causes] == [void.id]


def test_what_is_withdrawn_because_of_a_void_names_it() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER, REFUSED], at("2022-03-01 10:00:30"))
    assert desk.lines("supply-refusal") == ["closed"]
    void = an_event("order.voided", "2022-03-01 11:00:00", event=REFUSED.id)
    desk.hear([void], at("2022-03-01 11:00:30"))
    assert desk.lines("supply-refusal") == ["closed", "withdrawn"]
    (change,) = [line.change for line in desk.history if line.change.kind == "withdrawn"]
    assert change.details == {"withdrawn_by": {"source": PLATFORM, "id": void.id}}
    assert void.id in {cause.telling.id for cause in change.causes}

    desk.look_again(at("2022-03-02 09:00:30"))
    (late,) = desk.standing(LATE)
    assert evidence_of(late) == [ORDER.id, void.id]


def test_a_void_of_the_order_itself_withdraws_all_that_was_said_of_it() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-20 09:00:00"))
    assert {told["rule"] for told in desk.violations()} == {LATE, SHORT, "unreported-shortage"}
    void = an_event("order.voided", "2022-03-20 10:00:00", event=ORDER.id)
    desk.hear([void], at("2022-03-20 10:00:30"))
    assert desk.violations() == []
    gone = [line.change for line in desk.history if line.change.kind == "withdrawn"]
    assert len(gone) == 3
    named = {"withdrawn_by": {"source": PLATFORM, "id": void.id}}
    assert all(change.details == named for change in gone)


def test_a_late_fact_that_withdraws_beside_a_void_without_a_part_in_it_names_none() -> None:
    received = an_event("delivery.received", "2022-03-03 08:00:00")
    invoice = an_event("invoice.issued", "2022-03-01 12:00:00")
    void = an_event("delivery.voided", "2022-03-04 09:00:00", event=invoice.id)
    desk = WorkerWithRegister()
    desk.hear([ORDER, invoice], at("2022-03-03 10:00:00"))
    assert desk.lines(SHORT) == ["opened"]
    desk.hear([void, received], at("2022-03-04 09:00:01"))
    assert desk.lines(SHORT) == ["opened", "withdrawn"]
    (change,) = [line.change for line in desk.history if line.change.kind == "withdrawn"]
    assert change.details == {}


def test_a_void_dated_ahead_takes_effect_when_its_time_comes() -> None:
    desk = WorkerWithRegister()
    void = an_event("order.voided", "2022-03-05 09:00:00", event=ACCEPTED.id)
    desk.hear([ORDER, ACCEPTED, void], at("2022-03-04 09:00:00"))
    (late,) = desk.standing(LATE)
    assert late["status"] == "closed"
    desk.look_again(at("2022-03-05 09:00:01"))
    (late,) = desk.standing(LATE)
    assert late["status"] == "open"
    assert evidence_of(late) == [ORDER.id, void.id]
    assert [fact.telling.id for fact in desk.history[-1].change.causes] == [void.id]


def test_a_stranger_withdraws_nothing() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER, REFUSED], at("2022-03-01 10:00:30"))
    void = an_event("order.voided", "2022-03-01 11:00:00", event=REFUSED.id, event_source="/other")
    desk.hear([void], at("2022-03-01 11:00:30"))
    assert desk.lines("supply-refusal") == ["closed"]


def test_the_order_told_next_is_judged_by_the_terms_of_its_own_hospital() -> None:
    again = an_event("order.placed", "2022-03-01 10:00:00", hospital="H2", area="1402")
    void = an_event("order.voided", "2022-03-01 11:00:00", event=ORDER.id)
    enrolled = an_event("hospital.enrolled", hospital="H2", area="1402", remote=True)
    desk = WorkerWithRegister(an_event("product.selected"), an_event("hospital.enrolled"), enrolled)
    desk.hear([void, again, ORDER], at("2022-03-04 10:00:01"))
    desk.look_again(at("2022-03-04 10:00:30"))
    (short,) = desk.standing(SHORT)
    assert (short["hospital"], short["area"]) == ("H2", "1402")
    assert short["occurred_at"] == "2022-03-04T02:00:00.000000Z"
