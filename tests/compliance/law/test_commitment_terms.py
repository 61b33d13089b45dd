from datetime import date
from typing import Any

from services.compliance.findings.finding import Missing
from services.compliance.law.commitment_terms import Case, CommitmentTerms, Volume
from services.compliance.records.commitment import Candidate, Commitment, Dealing
from tests.support.builders import POLICIES, law_of
from tests.support.events import an_event, instant

PLACED = "2022-03-01 09:00:00"


def test_a_volume_is_used_up_when_the_agreed_quantity_was_accepted() -> None:
    agreement = law_of(an_event("agreement.signed", agreed_quantity=100)).agreement_for(
        "cn-sx", "H1", "P1", None, date(2022, 3, 1)
    )
    assert agreement is not None
    assert not isinstance(agreement, Missing)
    sx, tj = POLICIES.of("cn-sx")[0], POLICIES.of("cn-tj")[0]
    assert Volume(sx, agreement, 100).beyond
    assert not Volume(sx, agreement, 99).beyond
    assert not Volume(sx, None, 10_000).beyond
    assert Volume(sx, None, 0).owed
    assert not Volume(tj, None, 0).owed
    assert Volume(tj, agreement, 99).owed
    assert not Volume(tj, agreement, 100).owed


def a_dealing(day: date, agreement: str | None = None) -> Dealing:
    at = instant(PLACED)
    refused = Candidate("refused", "refused", at, at, "price", None, None, (), ())
    return Dealing("O1", day.toordinal(), "1401", "D1", "M1", agreement, {}, (refused,))


def cases_of(dealing: Dealing, *events: Any, rule: str = "supply-refusal") -> list[Case | Missing]:
    record = Commitment({date(2022, 2, 1).toordinal(): 60, date(2022, 3, 1).toordinal(): 40})
    record.put(None, dealing)
    terms = CommitmentTerms(law_of(*events), "cn-sx", "H1", "P1")
    return list(terms.cases(record, rule, ("refused",)))


def test_a_case_counts_what_was_accepted_from_the_agreements_start_to_the_day_before() -> None:
    agreement = an_event("agreement.signed", start="2022-02-01")
    for day, accepted in ((date(2022, 3, 1), 60), (date(2022, 3, 2), 100)):
        (case,) = cases_of(a_dealing(day), agreement)
        assert isinstance(case, Case)
        assert case.volume.accepted == accepted
    later = an_event("agreement.signed", start="2022-02-02")
    (case,) = cases_of(a_dealing(date(2022, 3, 2)), later)
    assert isinstance(case, Case)
    assert case.volume.accepted == 40


def test_a_case_is_judged_only_under_a_policy_that_carries_the_rule() -> None:
    assert cases_of(a_dealing(date(2021, 12, 16))) == []
    assert cases_of(a_dealing(date(2022, 3, 1)), rule="no-such-rule") == []
    assert cases_of(a_dealing(date(2022, 3, 1), "A9")) == [Missing("agreement")]
