"""The life of a violation: opened, changed, closed, withdrawn, by what is heard and when."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.compliance import engine
from services.compliance.contributions import Moment
from services.compliance.dossier import Dossier, Subject, subject_of
from services.compliance.law import Law
from services.compliance.records.commitment import Commitment
from services.compliance.register import Register
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES, an_event, heard, instant, said
from tests.support.incremental import Incremental

SETTLE = timedelta(seconds=10)
LATE, SHORT = "late-response", "late-delivery"
ORDER = an_event("order.placed", "2022-03-01 09:00:00")
ACCEPTED = an_event("order.accepted", "2022-03-03 08:00:00")
REFUSED = an_event("order.rejected", "2022-03-01 10:00:00", reason="price")


def at(now: str, heard_until: str | None = None) -> Moment:
    return Moment(instant(now), instant(heard_until or now))


class Desk(Incremental):
    """A worker that has read a register, and says what one rule came to."""

    def __init__(self, *register: Event) -> None:
        super().__init__(POLICIES, SETTLE)
        told = register or (an_event("product.selected"), an_event("hospital.enrolled"))
        self.hear(told, at("2022-01-01 00:00:00"))

    def lines(self, rule: str) -> list[str]:
        """The kinds of all lines of history of a rule's violations, in order."""
        names = {name for name, violation in self.told.items() if violation["rule"] == rule}
        return [change.kind for change, _ in self.history if change.id in names]

    def standing(self, rule: str) -> list[dict[str, Any]]:
        return [violation for violation in self.violations() if violation["rule"] == rule]


def test_a_violation_opens_changes_and_closes() -> None:
    desk = Desk()
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
    desk = Desk()
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
    desk = Desk()
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
    desk = Desk()
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
    desk = Desk()
    desk.hear([ORDER, ACCEPTED, REFUSED], at("2022-03-05 09:00:00"))
    told = len(desk.history)
    desk.hear([REFUSED, ORDER, ACCEPTED], at("2022-03-06 09:00:00"))
    assert len(desk.history) == told


def test_silence_opens_nothing_before_it_was_heard() -> None:
    desk = Desk()
    desk.hear([ORDER], at("2022-03-05 09:00:00", "2022-03-02 08:59:59"))
    assert desk.lines(LATE) == []
    desk.look_again(at("2022-03-05 09:00:01", "2022-03-02 09:00:00"))
    assert desk.lines(LATE) == ["opened"]


def test_an_order_told_late_is_silent_only_once_it_has_settled() -> None:
    desk = Desk()
    desk.hear(
        [an_event("order.placed", "2022-03-01 09:00:00", told="2022-03-20 09:00:00")],
        at("2022-03-20 09:00:09"),
    )
    assert desk.lines(LATE) == []
    desk.look_again(at("2022-03-20 09:00:10"))
    assert desk.lines(LATE) == ["opened"]


def test_a_gap_opens_once_the_last_fact_that_it_rests_on_has_settled() -> None:
    desk = Desk(an_event("product.selected"))
    signed = an_event("agreement.signed", start="2022-02-01")
    enrolled = an_event("hospital.enrolled", "2022-02-05 09:00:00")
    desk.hear([signed, enrolled], at("2022-02-05 09:00:09"))
    assert desk.lines("coverage-gap") == []
    desk.look_again(at("2022-02-05 09:00:10"))
    assert desk.lines("coverage-gap") == ["opened"]


def test_a_worker_that_catches_up_accuses_nobody_of_what_it_has_not_read() -> None:
    desk = Desk()
    behind = at("2022-06-01 00:00:00", "2022-02-01 00:00:00")
    desk.hear([ORDER], behind)
    desk.look_again(behind)
    answers = [
        an_event("order.accepted", "2022-03-01 10:00:00"),
        an_event("delivery.received", "2022-03-02 09:00:00"),
    ]
    desk.hear(answers, behind)
    desk.look_again(at("2022-06-01 00:00:01"))
    assert desk.history == []


def test_what_was_told_stays_as_it_was_while_its_silence_is_not_heard_any_more() -> None:
    desk = Desk()
    desk.hear([ORDER], at("2022-03-03 09:00:01"))
    (before,) = desk.standing(SHORT)
    # The order turns out to name a deadline of its own, which has not been heard yet.
    corrected = an_event(
        "order.placed", "2022-03-01 08:00:00", deliver_by="2022-03-03", told="2022-03-04 00:00:00"
    )
    desk.hear([corrected], at("2022-03-04 00:00:05"))
    assert desk.standing(SHORT) == [before]
    desk.look_again(at("2022-03-04 00:00:10"))
    (after,) = desk.standing(SHORT)
    assert after["occurred_at"] == "2022-03-03T16:00:00.000000Z"
    assert desk.lines(SHORT) == ["opened", "changed"]


def test_an_act_is_believed_at_once_by_who_is_hardly_behind() -> None:
    desk = Desk()
    desk.hear([ORDER, REFUSED], at("2022-03-01 10:00:05", "2022-03-01 10:00:00"))
    assert desk.lines("supply-refusal") == ["closed"]


def test_an_act_waits_until_it_was_heard_while_we_are_far_behind() -> None:
    desk = Desk()
    desk.hear([ORDER, REFUSED], at("2022-03-01 12:00:00", "2022-03-01 09:59:59"))
    assert desk.lines("supply-refusal") == []
    # A cancellation that stood further on in the backlog shows that there was no refusal.
    cancelled = an_event("order.cancelled", "2022-03-01 09:30:00")
    desk.hear([cancelled], at("2022-03-01 12:00:01", "2022-03-01 10:00:00"))
    desk.look_again(at("2022-03-01 12:00:02"))
    assert desk.lines("supply-refusal") == []


def test_an_act_that_waited_is_told_once_it_was_heard() -> None:
    desk = Desk()
    desk.hear([ORDER, REFUSED], at("2022-03-01 12:00:00", "2022-03-01 09:59:59"))
    desk.look_again(at("2022-03-01 12:00:01", "2022-03-01 10:00:00"))
    assert desk.lines("supply-refusal") == ["closed"]


def test_a_record_is_never_judged_earlier_than_it_was() -> None:
    desk = Desk()
    desk.hear([ORDER], at("2022-03-03 09:00:01"))
    desk.hear([an_event("order.accepted", "2022-03-03 09:00:00")], at("2022-03-01 09:00:00"))
    (late,) = desk.standing(LATE)
    assert (late["status"], late["cured_at"]) == ("closed", "2022-03-03T01:00:00.000000Z")
    assert desk.history[-1].change.at == instant("2022-03-03 09:00:01")


def test_a_fact_dated_ahead_waits_for_the_clock() -> None:
    desk = Desk()
    ahead = an_event("order.rejected", "2022-03-01 20:00:00", reason="price")
    desk.hear([ORDER, ahead], at("2022-03-01 10:00:00"))
    assert desk.lines("supply-refusal") == []
    desk.look_again(at("2022-03-01 20:00:00"))
    assert desk.lines("supply-refusal") == ["closed"]


def test_an_interval_that_replaces_an_overlapping_one_says_so() -> None:
    desk = Desk()
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


def test_what_an_interval_would_replace_stands_until_that_interval_was_heard() -> None:
    desk = Desk()
    desk.hear([an_event("agreement.signed", start="2022-02-01")], at("2022-03-01 00:00:00"))
    (old,) = desk.standing("coverage-gap")
    earlier = an_event("agreement.signed", "2022-03-01 00:00:05", start="2022-01-15")
    desk.hear([earlier], at("2022-03-01 00:00:14"))
    assert desk.standing("coverage-gap") == [old]
    assert desk.lines("coverage-gap") == ["opened"]

    desk.look_again(at("2022-03-01 00:00:15"))
    opened, withdrawn = (change for change, _ in desk.history[1:])
    assert [str(name) for name in opened.supersedes] == [old["id"]] == [str(withdrawn.id)]
    assert (opened.kind, withdrawn.kind) == ("opened", "withdrawn")


def test_an_interval_that_lies_apart_replaces_nothing() -> None:
    desk = Desk()
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
    desk = Desk()
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
    desk = Desk()
    desk.hear([ORDER], at("2022-03-05 09:00:00"))
    granted = an_event("exemption.granted", "2022-03-06 09:00:00", rule=LATE, hospital="H1")
    desk.hear([granted], at("2022-03-06 09:00:01"))
    assert desk.lines(LATE) == ["opened", "changed"]
    (late,) = desk.standing(LATE)
    assert (late["exempt"], late["status"]) == (True, "open")


def test_a_change_of_the_register_is_judged_again() -> None:
    desk = Desk()
    desk.hear([ORDER], at("2022-03-05 09:00:00"))
    own = an_event("agreement.signed", "2022-03-06 09:00:00", response_hours=24)
    desk.hear([own], at("2022-03-06 09:00:01"))
    (late,) = desk.standing(LATE)
    assert (late["severity"], late["basis"][0]["basis"]) == ("breach", "agreement")
    longer = an_event("agreement.signed", "2022-03-07 09:00:00", response_hours=240)
    desk.hear([longer], at("2022-03-07 09:00:01"))
    assert desk.lines(LATE) == ["opened", "changed", "withdrawn"]


def test_an_order_that_a_correction_moves_is_taken_back_where_it_was() -> None:
    desk = Desk()
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


def accepted(desk: Desk) -> dict[str, int]:
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
    (first,) = engine.judge(dossier, law, at("2022-03-01 10:00:01")).transfers
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


def test_a_stock_out_that_was_not_heard_is_not_passed_on() -> None:
    desk = Desk()
    dry = an_event("order.rejected", "2022-03-01 10:00:00", reason="out_of_stock")
    desk.hear([ORDER, dry], at("2022-03-05 00:00:00", "2022-03-02 09:59:59"))
    assert not any(subject.kind == "supply" for subject in desk.rows)
    desk.look_again(at("2022-03-05 00:00:01", "2022-03-02 10:00:00"))
    assert desk.lines("unreported-shortage") == ["opened"]


def test_a_stock_out_stands_until_the_one_that_takes_its_place_was_heard() -> None:
    desk = Desk()
    desk.hear([ORDER], at("2022-03-11 09:00:01"))
    (old,) = desk.standing("unreported-shortage")
    refused = an_event("order.rejected", "2022-03-09 09:00:00", told="2022-03-12 00:00:00")
    desk.hear([refused], at("2022-03-12 00:00:09"))
    assert desk.standing("unreported-shortage") == [old]

    desk.look_again(at("2022-03-12 00:00:10"))
    (new,) = desk.standing("unreported-shortage")
    assert new["occurred_at"] == "2022-03-09T01:00:00.000000Z"
    opened = next(change for change, _ in desk.history if str(change.id) == new["id"])
    assert [str(name) for name in opened.supersedes] == [old["id"]]


def test_a_report_that_stood_further_on_in_the_backlog_is_no_false_alarm() -> None:
    desk = Desk()
    dry = an_event("order.rejected", "2022-03-01 10:00:00", reason="out_of_stock")
    behind = at("2022-03-05 00:00:00", "2022-03-01 11:00:00")
    desk.hear([ORDER, dry], behind)
    reported = an_event("shortage.reported", "2022-03-01 12:00:00", start="2022-03-01")
    desk.hear([reported], behind)
    desk.look_again(at("2022-03-05 00:00:01"))
    assert desk.lines("unreported-shortage") == []


@pytest.mark.parametrize("now", ["2022-03-08 09:59:59", "2022-03-08 10:00:00"])
def test_an_episode_closes_when_the_clock_has_passed_its_end(now: str) -> None:
    desk = Desk()
    dry = an_event("order.rejected", "2022-03-01 10:00:00", reason="out_of_stock")
    desk.hear([ORDER, dry], at("2022-03-05 00:00:00"))
    desk.look_again(at(now))
    (episode,) = desk.standing("unreported-shortage")
    assert episode["status"] == ("closed" if now.endswith("10:00:00") else "open")


def test_what_cannot_be_judged_is_noted_and_no_longer_once_the_term_is_told() -> None:
    desk = Desk(an_event("hospital.enrolled"))
    desk.hear([ORDER], at("2022-03-05 09:00:00"))
    assert desk.unjudged()[LATE, "product"] == 1
    assert desk.violations() == []
    desk.hear([an_event("product.selected", "2022-03-05 10:00:00")], at("2022-03-05 10:00:01"))
    assert desk.unjudged() == {}
    assert desk.lines(LATE) == ["opened"]


def test_events_that_nothing_judges_are_left_out() -> None:
    assert subject_of(heard(said("product.listed"))) is None
    assert subject_of(REFUSED) == subject_of(ORDER)


def test_a_moment_is_noted_with_what_was_said() -> None:
    dossier = Dossier(Subject("cn-sx", "order", "O1"))
    engine.hear(dossier, ORDER)
    now, until = instant("2022-03-05 09:00:00"), instant("2022-03-04 09:00:00")
    engine.judge(dossier, Law(POLICIES, Register()), Moment(now, until))
    noted: tuple[datetime, datetime] = dossier.judgement.judged_at, dossier.judgement.heard
    assert noted == (now, until)
    assert dossier.causes == []
