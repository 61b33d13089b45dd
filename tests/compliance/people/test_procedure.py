"""The procedure of a case: what leads where, what waits, and who may not do both."""

from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.compliance.people.acts import Duty
from services.compliance.people.procedure import (
    CASE_CHANGES,
    LADDER,
    STEPS,
    CaseAct,
    CaseRefusal,
    CaseStep,
    LetterKind,
    Members,
    Outcome,
    Stage,
    Work,
    allowed_steps,
    letters_of,
    step,
)

NOW = datetime(2022, 6, 1, 1, tzinfo=UTC)
TODAY, LATER = date(2022, 6, 1), date(2022, 6, 10)
ALL: frozenset[Duty] = frozenset({"officer", "reviewer", "accused"})


def doing(act: CaseAct, by: str = "person:b", **given_: Any) -> CaseStep:
    told: dict[str, Any] = {
        "text": "因此",
        "due": LATER,
        "today": TODAY,
        "drafted_by": "person:a",
    } | given_
    duties = told.pop("duties", ALL)
    return CaseStep(act, NOW, by, duties, **told)


def refused(work: Work, what: CaseStep, members: Members = Members()) -> tuple[str, str]:  # noqa: B008
    found = step(work, what, members)
    assert isinstance(found, CaseRefusal), found
    return found.kind, found.because


def done(work: Work, what: CaseStep, members: Members = Members()) -> Work:  # noqa: B008
    found = step(work, what, members)
    assert isinstance(found, Work), found
    return found


def test_a_case_walks_from_found_to_closed_and_is_taken_up_again() -> None:
    work = done(Work(), doing("take", "person:a"))
    assert (work.stage, work.assignee) == ("verifying", "person:a")
    work = done(work, doing("issue", letter="notice"))
    assert (work.stage, work.due) == ("notified", LATER)
    after = date(2022, 6, 11)
    work = done(work, doing("decide", today=after))
    assert (work.stage, work.due) == ("deciding", None)
    work = done(work, doing("issue", letter="admonition"))
    assert (work.stage, work.outcome, work.due) == ("rectifying", "admonished", LATER)
    assert done(work, doing("reply")) == work
    work = done(work, doing("close", outcome="admonished"))
    assert (work.stage, work.due, work.closed_at) == ("closed", None, NOW)
    work = done(work, doing("reopen"))
    assert (work.stage, work.round, work.outcome) == ("verifying", 2, "admonished")


def test_what_waits_for_a_day_or_a_decision_is_refused_until_then() -> None:
    notified = Work(stage="notified", due=TODAY)
    assert refused(notified, doing("decide"))[0] == "deadline-open"
    assert refused(Work(stage="notified"), doing("decide"))[0] == "deadline-open"
    over = doing("decide", today=date(2022, 6, 2))
    assert refused(notified, over, Members(disputed=1))[0] == "undecided"
    deciding = Work(stage="deciding", assignee="person:a")
    ladder = doing("issue", letter="reminder")
    assert refused(deciding, ladder, Members(listed_undecided=2))[0] == "undecided"
    close = doing("close", outcome="reminded")
    assert refused(deciding, close, Members(disputed=1))[0] == "undecided"
    assert refused(deciding, close, Members(upheld_open=3))[0] == "open-though-upheld"
    assert done(deciding, close._replace(though_open=True), Members(upheld_open=3)).closed_at == NOW
    assert refused(deciding, doing("close"))[0] == "reason-missing"
    assert refused(deciding, doing("issue", letter="correction"))[0] == "nothing-to-list"
    assert done(deciding, doing("issue", letter="correction"), Members(wrong=1)) == deciding


def test_two_pairs_of_eyes_issue_a_letter_and_close_a_case() -> None:
    work = Work(stage="verifying", assignee="person:b")
    letter = doing("issue", letter="notice", drafted_by="person:b")
    assert refused(work, letter)[0] == "four-eyes"
    close = doing("close", outcome="no-action")
    assert refused(work, close)[0] == "four-eyes"
    assert done(work, close._replace(by="person:c")).outcome == "no-action"


@pytest.mark.parametrize(("due", "why"), [(None, "not published"), (TODAY, "no day to come")])
def test_a_letter_says_until_when_to_answer_it(due: date | None, why: str) -> None:
    kind, because = refused(Work(stage="verifying"), doing("issue", letter="notice", due=due))
    assert kind == "reason-missing"
    assert why in because


STAGES, ACTS = get_args(Stage), get_args(CaseAct)
WORKS = some.builds(
    Work,
    stage=some.sampled_from(STAGES),
    outcome=some.sampled_from(get_args(Outcome)),
    round=some.integers(1, 3),
    assignee=some.sampled_from([None, "person:a", "person:b"]),
    due=some.sampled_from([None, date(2022, 5, 1), LATER]),
)
MEMBERS = some.builds(Members, *(some.integers(0, 2) for _ in range(4)))
STEPS_TAKEN = some.builds(
    CaseStep,
    act=some.sampled_from(ACTS),
    at=some.just(NOW),
    by=some.sampled_from(["person:a", "person:b"]),
    duties=some.frozensets(some.sampled_from(get_args(Duty))),
    text=some.sampled_from(["", " ", "因此"]),
    outcome=some.sampled_from([None, "no-action"]),
    though_open=some.booleans(),
    letter=some.sampled_from([None, *get_args(LetterKind)]),
    drafted_by=some.sampled_from([None, "person:a"]),
    due=some.sampled_from([None, LATER]),
    today=some.just(TODAY),
)


@given(WORKS, STEPS_TAKEN, MEMBERS)
def test_whatever_is_tried_what_is_done_was_allowed_and_a_refusal_says_what_is(
    work: Work, what: CaseStep, members: Members
) -> None:
    found = step(work, what, members)
    allowed = allowed_steps(work, what.duties)
    if isinstance(found, CaseRefusal):
        assert found.allowed == allowed
        assert found.stage == work.stage
        assert found.because
        return
    assert what.act in allowed
    assert found.round == work.round + (what.act == "reopen")
    if found.stage != work.stage:
        assert what.act in {"take", "issue", "decide", "close", "reopen"}
    if found.outcome != work.outcome:
        assert what.act == "close" or what.letter in LADDER
    if found.stage == "closed" and work.stage != "closed":
        assert what.by != work.assignee
        assert not members.disputed


def test_every_act_has_its_row_and_all_but_a_draft_a_line() -> None:
    assert set(STEPS) == set(ACTS)
    assert set(CASE_CHANGES) == set(ACTS) - {"draft"}
    assert set(get_args(LetterKind)) == {*LADDER, "notice", "correction"}
    for row in STEPS.values():
        assert row.stages <= set(STAGES)
        assert row.duties <= set(get_args(Duty))
    assert letters_of("found") == ("correction",)
