"""The life of a violation: opened, changed, closed, withdrawn, by what is heard and when."""

import msgspec

from services.compliance.judging import engine
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.subjects import Subject, subject_of
from services.compliance.law.law import Law
from services.compliance.records.commitment import Commitment
from services.compliance.register.register import Register
from tests.support.builders import POLICIES
from tests.support.events import an_event, heard, said
from tests.support.workers.with_register import (
    ACCEPTED,
    LATE,
    ORDER,
    REFUSED,
    SHORT,
    WorkerWithRegister,
    at,
)


def test_a_violation_opens_changes_and_closes() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-01 09:00:20"))
    assert desk.lines(SHORT) == []
    desk.look_again(at("2022-03-03 09:00:01"))
    assert desk.lines(SHORT) == ["opened"]

    half = an_event("delivery.received", "2022-03-03 08:00:00", quantity_accepted=50)
    desk.hear([half], at("2022-03-03 09:30:00"))
    assert desk.lines(SHORT) == ["opened", "changed"]
    (short,) = desk.standing(SHORT)
    assert (short["observed"], short["status"]) == (50, "open")

    rest = an_event("delivery.received", "2022-03-04 08:00:00", quantity_accepted=50, receipt="R2")
    desk.hear([rest], at("2022-03-04 08:00:01"))
    assert desk.lines(SHORT) == ["opened", "changed", "closed"]
    (short,) = desk.standing(SHORT)
    assert (short["cured_at"], short["status"]) == ("2022-03-04T00:00:00.000000Z", "closed")


def test_a_line_of_history_names_the_facts_that_caused_it() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-01 09:00:20"))
    desk.look_again(at("2022-03-03 07:00:00"))
    desk.hear([ACCEPTED], at("2022-03-03 08:00:01"))
    causes = [
        [fact.telling.id for fact in change.causes]
        for change, _ in desk.history
        if change.violation is not None and change.violation.rule == LATE
    ]
    assert causes == [[], [ACCEPTED.id]]


def test_a_late_fact_withdraws_what_it_disproves_and_a_correction_opens_it_again() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-02 09:00:01"))
    assert desk.lines(LATE) == ["opened"]
    answer = an_event("order.rejected", "2022-03-02 08:00:00", told="2022-03-05 09:00:00")
    desk.hear([answer], at("2022-03-05 09:00:01"))
    assert desk.lines(LATE) == ["opened", "withdrawn"]
    assert desk.standing(LATE) == []

    # What was withdrawn may open again: the order turns out to have been placed a day earlier.
    earlier = an_event("order.placed", "2022-02-28 09:00:00", told="2022-03-06 09:00:00")
    desk.hear([earlier], at("2022-03-06 09:00:20"))
    assert desk.lines(LATE) == ["opened", "withdrawn", "closed"]
    (late,) = desk.standing(LATE)
    assert late["occurred_at"] == "2022-03-01T01:00:00.000000Z"


def test_what_closed_may_open_again() -> None:
    desk = WorkerWithRegister()
    ended = an_event("distributor.appointed", start="2022-01-01", end="2022-02-10")
    desk.hear([an_event("agreement.signed", start="2022-02-01")], at("2022-02-05 00:00:00"))
    assert desk.lines("coverage-gap") == ["opened"]
    covered = an_event("distributor.appointed", "2022-02-05 09:00:00", start="2022-02-05")
    desk.hear([covered], at("2022-02-06 00:00:00"))
    assert desk.lines("coverage-gap") == ["opened", "closed"]
    moved = an_event("distributor.appointed", "2022-02-06 09:00:00", area="1409")
    desk.hear([moved, ended], at("2022-02-07 00:00:00"))
    assert desk.lines("coverage-gap") == ["opened", "closed", "opened"]


def test_hearing_the_same_again_says_nothing_new() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER, ACCEPTED, REFUSED], at("2022-03-05 09:00:00"))
    told = len(desk.history)
    desk.hear([REFUSED, ORDER, ACCEPTED], at("2022-03-06 09:00:00"))
    assert len(desk.history) == told


def test_an_interval_that_replaces_an_overlapping_one_says_so() -> None:
    desk = WorkerWithRegister()
    desk.hear([an_event("agreement.signed", start="2022-02-01")], at("2022-03-01 00:00:00"))
    (old,) = desk.standing("coverage-gap")
    earlier = an_event("agreement.signed", "2022-03-01 00:00:00", start="2022-01-15")
    desk.hear([earlier], at("2022-03-01 00:01:00"))
    opened = desk.history[-2].change
    assert opened.kind == "opened"
    assert [str(name) for name in opened.supersedes] == [old["id"]]
    assert desk.history[-1].change.kind == "withdrawn"
    (new,) = desk.standing("coverage-gap")
    assert new["occurred_at"] == "2022-01-14T16:00:00.000000Z"


def test_an_interval_that_lies_apart_replaces_nothing() -> None:
    desk = WorkerWithRegister()
    signed = an_event("agreement.signed", start="2022-02-01")
    covered = an_event("distributor.appointed", start="2022-02-10")
    desk.hear([signed, covered], at("2022-06-01 00:00:00"))
    moved = an_event(
        "distributor.appointed", "2022-05-01 00:00:00", start="2022-01-01", end="2022-05-01"
    )
    desk.hear([moved], at("2022-06-01 00:01:00"))
    opened = next(change for change, _ in desk.history[::-1] if change.kind == "opened")
    assert opened.supersedes == ()


def test_an_order_whose_finding_moves_between_rules_supersedes_nothing() -> None:
    desk = WorkerWithRegister()
    desk.hear([an_event("agreement.signed", agreed_quantity=100)], at("2022-01-01 00:00:00"))
    early = an_event("order.placed", "2022-02-01 09:00:00", order="O0")
    desk.hear([early, ORDER, REFUSED], at("2022-03-01 10:00:01"))
    assert desk.lines("supply-refusal") == ["closed"]
    receipt = an_event("delivery.received", "2022-02-02 09:00:00", order="O0")
    desk.hear([receipt], at("2022-03-09 10:00:01"))
    assert desk.lines("supply-refusal") == ["closed", "withdrawn"]
    assert desk.lines("beyond-volume-supply") == ["closed"]
    returned = an_event("goods.returned", "2022-02-03 09:00:00", order="O0", quantity=1)
    desk.hear([returned], at("2022-03-10 10:00:01"))
    assert desk.lines("supply-refusal") == ["closed", "withdrawn", "closed"]
    assert desk.lines("beyond-volume-supply") == ["closed", "withdrawn"]


def test_an_exemption_granted_later_marks_what_stands() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-05 09:00:00"))
    granted = an_event("exemption.granted", "2022-03-06 09:00:00", rule=LATE, hospital="H1")
    desk.hear([granted], at("2022-03-06 09:00:01"))
    assert desk.lines(LATE) == ["opened", "changed"]
    (late,) = desk.standing(LATE)
    assert (late["exempt"], late["status"]) == (True, "open")


def test_a_change_of_the_register_is_judged_again() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-05 09:00:00"))
    own = an_event("agreement.signed", "2022-03-06 09:00:00", response_hours=24)
    desk.hear([own], at("2022-03-06 09:00:01"))
    (late,) = desk.standing(LATE)
    assert (late["severity"], late["basis"][0]["basis"]) == ("breach", "agreement")
    longer = an_event("agreement.signed", "2022-03-07 09:00:00", response_hours=240)
    desk.hear([longer], at("2022-03-07 09:00:01"))
    assert desk.lines(LATE) == ["opened", "changed", "withdrawn"]


def test_an_order_that_a_correction_moves_is_taken_back_where_it_was() -> None:
    desk = WorkerWithRegister()
    received = an_event("delivery.received", "2022-03-02 09:00:00")
    desk.hear([ORDER, REFUSED, received], at("2022-03-05 09:00:00"))
    assert accepted(desk) == {"H1/P1": 100}
    (refusal,) = desk.standing("supply-refusal")

    corrected = an_event("order.placed", "2022-03-01 08:59:00", hospital="H2", area="1402")
    desk.hear([corrected], at("2022-03-05 09:30:00"))

    assert accepted(desk) == {"H1/P1": 0, "H2/P1": 100}
    (moved,) = desk.standing("supply-refusal")
    assert moved["id"] == refusal["id"]
    assert (moved["hospital"], moved["area"]) == ("H2", "1402")


def accepted(desk: WorkerWithRegister) -> dict[str, int]:
    """What was accepted in all, by hospital and product."""
    return {
        subject.key: sum(msgspec.msgpack.decode(row.record, type=Commitment).accepted.values())
        for subject, row in desk.rows.items()
        if subject.kind == "commitment"
    }


def test_what_is_passed_on_is_the_new_in_place_of_what_was_kept() -> None:
    law = Law(POLICIES, Register())
    law.register.merge(an_event("product.selected"))
    subject = Subject("cn-sx", "order", "O1")
    dossier = Dossier(subject)
    engine.hear(dossier, ORDER)
    engine.hear(dossier, REFUSED)
    first, used = engine.judge(dossier, law, at("2022-03-01 10:00:01")).transfers
    assert used.target == Subject("cn-sx", "usage", "H1/V1")
    assert first.target == Subject("cn-sx", "commitment", "H1/P1")
    assert first.old is None
    assert [fact.telling.id for fact in first.causes] == [ORDER.id, REFUSED.id]

    assert engine.judge(dossier, law, at("2022-03-01 10:00:02")).transfers == []

    engine.hear(dossier, an_event("order.placed", "2022-03-01 08:59:00", hospital="H2"))
    transfers = engine.judge(dossier, law, at("2022-03-01 10:00:03")).transfers
    moved = {transfer.target.key: transfer for transfer in transfers}
    assert (moved["H1/P1"].old, moved["H1/P1"].new) == (first.new, None)
    assert moved["H2/P1"].old is None
    assert moved["H2/P1"].new is not None


def test_what_cannot_be_judged_is_noted_and_no_longer_once_the_term_is_told() -> None:
    desk = WorkerWithRegister(an_event("hospital.enrolled"), an_event("distributor.appointed"))
    desk.hear([ORDER], at("2022-03-05 09:00:00"))
    assert desk.unjudged()[LATE, "product"] == 1
    assert desk.violations() == []
    desk.hear([an_event("product.selected", "2022-03-05 10:00:00")], at("2022-03-05 10:00:01"))
    assert desk.unjudged() == {}
    assert desk.lines(LATE) == ["opened"]


def test_events_that_nothing_judges_are_left_out() -> None:
    assert subject_of(heard(said("product.listed"))) is None
    assert subject_of(REFUSED) == subject_of(ORDER)


def test_what_a_limit_rests_on_stands_in_the_evidence() -> None:
    remote = an_event("hospital.enrolled", hospital="H2", remote=True)
    signed = an_event("agreement.signed", start="2022-02-01", response_hours=1)
    desk = WorkerWithRegister(
        an_event("product.selected"), an_event("hospital.enrolled"), remote, signed
    )
    far = an_event("order.placed", "2022-03-01 09:00:00", order="O2", hospital="H2")
    desk.hear([ORDER, REFUSED, far], at("2022-06-01 00:00:00"))

    def rests_on(rule: str, subject: str) -> set[str]:
        (found,) = (held for held in desk.standing(rule) if held["subject"] == subject)
        return {item["type"].removeprefix("vbp.").removesuffix(".v1") for item in found["evidence"]}

    refused = {"order.placed", "order.rejected", "agreement.signed"}
    assert rests_on("supply-refusal", "O1") == refused
    assert rests_on("late-delivery", "O2") == {"order.placed", "hospital.enrolled"}
    late = an_event("order.placed", "2022-03-02 09:00:00", order="O3")
    desk.hear([late], at("2022-06-01 00:00:00"))
    assert rests_on("late-response", "O3") == {"order.placed", "agreement.signed"}


def test_goods_of_an_order_that_nobody_placed_wait_for_it_and_for_their_product() -> None:
    desk = WorkerWithRegister(an_event("hospital.enrolled"))
    goods = an_event("delivery.received", "2022-03-01 09:00:00")
    desk.hear([goods], at("2022-03-01 09:01:00"))
    desk.look_again(at("2022-03-04 09:00:00"))
    assert desk.unjudged() == {}
    desk.look_again(at("2022-03-04 09:00:01"))
    assert desk.unjudged() == {("off-platform", "product"): 1}
    selected = an_event("product.selected", "2022-03-05 10:00:00")
    desk.hear([selected], at("2022-03-05 10:00:01"))
    (found,) = desk.standing("off-platform")
    assert (found["status"], found["observed"]) == ("open", None)
    placed = an_event("order.placed", "2022-03-02 09:00:00")
    desk.hear([placed], at("2022-03-05 11:00:00"))
    assert desk.standing("off-platform") == []
    assert desk.lines("off-platform") == ["opened", "withdrawn"]
