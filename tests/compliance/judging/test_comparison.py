"""When a violation may be told: what waits for silence, the clock, or what is not heard yet."""

from datetime import datetime

import msgspec
import pytest

from services.compliance.judging import engine
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.law.law import Law
from services.compliance.records.supply import Supply
from services.compliance.register.register import Register
from tests.support.builders import POLICIES
from tests.support.events import an_event, instant
from tests.support.workers.with_register import LATE, ORDER, REFUSED, SHORT, WorkerWithRegister, at


def test_silence_opens_nothing_before_it_was_heard() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-05 09:00:00", "2022-03-02 08:59:59"))
    assert desk.lines(LATE) == []
    desk.look_again(at("2022-03-05 09:00:01", "2022-03-02 09:00:00"))
    assert desk.lines(LATE) == ["opened"]


def test_an_order_told_late_is_silent_only_once_it_has_settled() -> None:
    desk = WorkerWithRegister()
    desk.hear(
        [an_event("order.placed", "2022-03-01 09:00:00", told="2022-03-20 09:00:00")],
        at("2022-03-20 09:00:09"),
    )
    assert desk.lines(LATE) == []
    desk.look_again(at("2022-03-20 09:00:10"))
    assert desk.lines(LATE) == ["opened"]


def test_a_gap_opens_once_the_last_fact_that_it_rests_on_has_settled() -> None:
    desk = WorkerWithRegister(an_event("product.selected"))
    signed = an_event("agreement.signed", start="2022-02-01")
    enrolled = an_event("hospital.enrolled", "2022-02-05 09:00:00")
    desk.hear([signed, enrolled], at("2022-02-05 09:00:09"))
    assert desk.lines("coverage-gap") == []
    desk.look_again(at("2022-02-05 09:00:10"))
    assert desk.lines("coverage-gap") == ["opened"]


def test_a_worker_that_catches_up_accuses_nobody_of_what_it_has_not_read() -> None:
    desk = WorkerWithRegister()
    behind = at("2022-06-01 00:00:00", "2022-02-01 00:00:00")
    desk.hear([ORDER], behind)
    desk.look_again(behind)
    answers = [
        an_event("order.accepted", "2022-03-01 10:00:00"),
        an_event("delivery.received", "2022-03-02 09:00:00"),
        an_event("payment.made", "2022-04-02 09:00:00"),
    ]
    desk.hear(answers, behind)
    desk.look_again(at("2022-06-01 00:00:01"))
    assert desk.history == []


def test_what_was_told_stays_as_it_was_while_its_silence_is_not_heard_any_more() -> None:
    desk = WorkerWithRegister()
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
    desk = WorkerWithRegister()
    desk.hear([ORDER, REFUSED], at("2022-03-01 10:00:05", "2022-03-01 10:00:00"))
    assert desk.lines("supply-refusal") == ["closed"]


def test_an_act_waits_until_it_was_heard_while_we_are_far_behind() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER, REFUSED], at("2022-03-01 12:00:00", "2022-03-01 09:59:59"))
    assert desk.lines("supply-refusal") == []
    # A cancellation that stood further on in the backlog shows that there was no refusal.
    cancelled = an_event("order.cancelled", "2022-03-01 09:30:00")
    desk.hear([cancelled], at("2022-03-01 12:00:01", "2022-03-01 10:00:00"))
    desk.look_again(at("2022-03-01 12:00:02"))
    assert desk.lines("supply-refusal") == []


def test_an_act_that_waited_is_told_once_it_was_heard() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER, REFUSED], at("2022-03-01 12:00:00", "2022-03-01 09:59:59"))
    desk.look_again(at("2022-03-01 12:00:01", "2022-03-01 10:00:00"))
    assert desk.lines("supply-refusal") == ["closed"]


def test_a_record_is_never_judged_earlier_than_it_was() -> None:
    desk = WorkerWithRegister()
    desk.hear([ORDER], at("2022-03-03 09:00:01"))
    desk.hear([an_event("order.accepted", "2022-03-03 09:00:00")], at("2022-03-01 09:00:00"))
    (late,) = desk.standing(LATE)
    assert (late["status"], late["cured_at"]) == ("closed", "2022-03-03T01:00:00.000000Z")
    assert desk.history[-1].change.at == instant("2022-03-03 09:00:01")


def test_a_fact_dated_ahead_waits_for_the_clock() -> None:
    desk = WorkerWithRegister()
    ahead = an_event("order.rejected", "2022-03-01 20:00:00", reason="price")
    desk.hear([ORDER, ahead], at("2022-03-01 10:00:00"))
    assert desk.lines("supply-refusal") == []
    desk.look_again(at("2022-03-01 20:00:00"))
    assert desk.lines("supply-refusal") == ["closed"]


def test_what_an_interval_would_replace_stands_until_that_interval_was_heard() -> None:
    desk = WorkerWithRegister()
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


def test_a_stock_out_that_was_not_heard_is_not_passed_on() -> None:
    desk = WorkerWithRegister()
    dry = an_event("order.rejected", "2022-03-01 10:00:00", reason="out_of_stock")
    desk.hear([ORDER, dry], at("2022-03-05 00:00:00", "2022-03-02 09:59:59"))
    (supply,) = (row.record for subject, row in desk.rows.items() if subject.kind == "supply")
    assert msgspec.msgpack.decode(supply, type=Supply).stock_outs == {}
    desk.look_again(at("2022-03-05 00:00:01", "2022-03-02 10:00:00"))
    assert desk.lines("unreported-shortage") == ["opened"]


def test_a_stock_out_stands_until_the_one_that_takes_its_place_was_heard() -> None:
    desk = WorkerWithRegister()
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
    desk = WorkerWithRegister()
    dry = an_event("order.rejected", "2022-03-01 10:00:00", reason="out_of_stock")
    behind = at("2022-03-05 00:00:00", "2022-03-01 11:00:00")
    desk.hear([ORDER, dry], behind)
    reported = an_event("shortage.reported", "2022-03-01 12:00:00", start="2022-03-01")
    desk.hear([reported], behind)
    desk.look_again(at("2022-03-05 00:00:01"))
    assert desk.lines("unreported-shortage") == []


@pytest.mark.parametrize("now", ["2022-03-08 09:59:59", "2022-03-08 10:00:00"])
def test_an_episode_closes_when_the_clock_has_passed_its_end(now: str) -> None:
    desk = WorkerWithRegister()
    dry = an_event("order.rejected", "2022-03-01 10:00:00", reason="out_of_stock")
    desk.hear([ORDER, dry], at("2022-03-05 00:00:00"))
    desk.look_again(at(now))
    (episode,) = desk.standing("unreported-shortage")
    assert episode["status"] == ("closed" if now.endswith("10:00:00") else "open")


def test_a_moment_is_noted_with_what_was_said() -> None:
    dossier = Dossier(Subject("cn-sx", "order", "O1"))
    engine.hear(dossier, ORDER)
    now, until = instant("2022-03-05 09:00:00"), instant("2022-03-04 09:00:00")
    engine.judge(dossier, Law(POLICIES, Register()), Moment(now, until))
    noted: tuple[datetime, datetime] = dossier.judgement.judged_at, dossier.judgement.heard
    assert noted == (now, until)
    assert dossier.causes == []
