import json
from typing import Any

import pytest

from services.compliance.findings.finding import About, Finding
from services.compliance.findings.violation import (
    Violation,
    encode,
    evidence_json,
    violation_of,
)
from services.compliance.judging.comparison import Comparison
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.policies.policy import Severity
from services.compliance.records.evidence import Evidence, Term
from services.compliance.rules import late_delivery
from shared.domain import ids
from shared.domain.records.telling import stored, telling_of
from tests.support.builders import POLICIES, found, law_of, replayed
from tests.support.events import heard, instant, said

LATER = "2022-06-01 00:00:00"
REGISTER = [said("product.selected"), said("hospital.enrolled")]


def a_delivery(basis: str, lowered: Severity | None) -> Finding:
    """A finding of `late-delivery` whose limit rests on a basis."""
    (policy,) = POLICIES.of("cn-sx")
    return Finding(
        subject="O1",
        anchor="delivery",
        about=About("P1", order="O1"),
        policy=policy,
        occurred_at=instant("2022-03-03 09:00:00"),
        cured_at=None,
        observed=0,
        limit=100,
        limits=(Term("delivery_hours", 48, basis, policy.id),),
        lowered=lowered,
    )


def a_late_answer(**order: Any) -> Violation:
    (violation,) = found(
        "late-response",
        *REGISTER,
        said("order.placed", "2022-03-01 09:00:00", **order),
        said("order.accepted", "2022-03-05 09:00:00"),
    )
    return violation


def test_a_violation_is_named_by_what_it_is_about() -> None:
    violation = a_late_answer()
    assert violation.id == ids.violation_id("cn-sx", "late-response", "O1", "response")


def test_a_corrected_deadline_changes_a_violation_and_keeps_its_name() -> None:
    urgent = a_late_answer(urgency="urgent")
    assert urgent.occurred_at != a_late_answer().occurred_at
    assert urgent.id == a_late_answer().id


def test_a_violation_carries_the_clause_its_words_and_the_version_of_the_policy() -> None:
    violation = a_late_answer()
    assert violation.clause == ["七"]
    assert violation.quote == "按合同约定及时响应医疗机构采购订单"
    assert violation.policy == "cn-sx-2021-22"
    assert len(violation.policy_version) == 64
    assert violation.basis == [
        {"name": "response_hours", "value": 24, "basis": "assumption", "source": "cn-sx-2021-22"}
    ]


def test_what_rests_on_a_draft_says_so_in_both_languages() -> None:
    jurisdiction = {"jurisdiction": "cn-tj"}
    cycle = {"cycle_start": "2019-01-01", "cycle_end": "2020-01-01"}
    (violation,) = found(
        "late-delivery",
        said("product.selected", **cycle, **jurisdiction),
        said("hospital.enrolled", **jurisdiction),
        said("order.placed", "2019-05-01 09:00:00", **jurisdiction),
    )
    assert violation.draft
    assert violation.message_zh.endswith("（征求意见稿，仅供说明）")
    assert violation.message_en.endswith(" (a draft for comment)")


def test_evidence_points_at_the_event_and_where_it_stands() -> None:
    event = said("order.placed", "2022-03-01 09:00:00", told="2022-03-02 09:00:00")
    read = heard(event, "2022-03-03 09:00:00", offset=7)
    telling = telling_of(read)
    shown = evidence_json(Evidence("vbp.order.placed.v1", telling))
    assert shown == {
        "id": event["id"],
        "source": "/platforms/cn-sx",
        "type": "vbp.order.placed.v1",
        "time": "2022-03-01T01:00:00.000000Z",
        "claimed": "2022-03-02T01:00:00.000000Z",
        "told": "2022-03-03T01:00:00.000000Z",
        "topic": "vbp.orders.v1",
        "partition": -1,
        "offset": 7,
        "digest": telling.digest.hex(),
    }
    assert evidence_json(Evidence("vbp.order.placed.v1", stored(read))) == shown


def test_a_violation_shows_both_sides_of_its_evidence() -> None:
    types = [fact["type"] for fact in a_late_answer().evidence]
    assert types == ["vbp.order.placed.v1", "vbp.order.accepted.v1"]


def test_a_gap_points_at_the_first_agreement_the_enrolment_and_the_appointment_that_ended() -> None:
    ended = said("distributor.appointed", end="2022-03-01")
    other = said("distributor.appointed", end="2022-02-20", appointment="AP2")
    first = said("agreement.signed", agreement="A1", end="2022-04-01")
    second = said("agreement.signed", agreement="A0", start="2022-04-01")
    (gap,) = found("coverage-gap", *REGISTER, second, first, other, ended)
    shown = [fact["id"] for fact in gap.evidence]
    assert shown == [event["id"] for event in (first, REGISTER[1], ended)]


def test_parties_that_a_violation_does_not_have_are_null_in_json() -> None:
    (gap,) = found("coverage-gap", *REGISTER, said("agreement.signed"))
    told = json.loads(encode(gap))
    assert told["distributor"] is told["order"] is told["breach"] is None
    assert told["subject"] == "P1/H1"
    assert told["id"] == str(gap.id)


def test_an_exempt_violation_names_its_exemption_in_words_and_evidence() -> None:
    told = [
        said("product.selected"),
        said("hospital.enrolled"),
        said("order.placed", "2022-03-01 09:00:00"),
        said("order.rejected", "2022-03-01 10:00:00", reason="price"),
        said("exemption.granted", rule="supply-refusal", hospital="H1"),
    ]
    (refusal,) = (
        violation
        for violation in replayed(told, "2022-06-01 00:00:00").violations()
        if violation.rule == "supply-refusal"
    )
    assert refusal.exempt
    assert "已豁免：X1，2022-01-01 起至 2023-01-01 前" in refusal.message_zh
    assert "exempt under X1" in refusal.message_en
    assert "vbp.exemption.granted.v1" in {fact["type"] for fact in refusal.evidence}


@pytest.mark.parametrize(
    ("limits", "lowered", "weighs"),
    [
        ("clause", None, "breach"),
        ("clause", "breach", "breach"),
        ("clause", "explain", "explain"),
        ("clause", "warning", "warning"),
        ("assumption", "explain", "warning"),
        ("assumption", "breach", "warning"),
    ],
)
def test_a_finding_is_lowered_and_never_raised(
    limits: str, lowered: Severity | None, weighs: Severity
) -> None:
    finding = a_delivery(limits, lowered)
    assert finding.severity("late-delivery") == weighs
    assert violation_of("cn-sx", late_delivery.RULE, finding).severity == weighs


def test_a_finding_that_is_lowered_is_told_anew() -> None:
    subject = Subject("cn-sx", "order", "O1")
    dossier, moment = Dossier(subject), Moment(instant(LATER), instant(LATER))
    told = []
    for lowered in (None, None, "explain"):
        comparison = Comparison(dossier, law_of(), moment)
        finding = a_delivery("clause", lowered)
        judgement = comparison.take([(late_delivery.RULE, finding)])
        told.append(
            [change.violation and change.violation.severity for change in comparison.changes()]
        )
        dossier.conclude(judgement, None)
    assert told == [["breach"], [], ["explain"]]
    assert dossier.judgement.findings[0].severity == "explain"
