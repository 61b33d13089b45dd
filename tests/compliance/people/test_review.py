"""The table of design 5.1, word for word, and what must hold whatever people and machine do."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.compliance.people.acts import (
    CHANGES,
    DISMISSALS,
    GROUNDS,
    NEUTRAL,
    TABLE,
    Act,
    Duty,
    Given,
    Refusal,
    Review,
    State,
)
from services.compliance.people.review import (
    DECIDED,
    Facts,
    Who,
    act_of,
    after_machine,
    allowed,
    decide,
    material,
)

AT = datetime(2022, 5, 6, 1, tzinfo=UTC)
OVER = Facts(accused="D1", hearing_over=True, hearing_due="2022-05-05")
RUNNING = Facts(accused="D1", hearing_due="2022-05-12")
LI = Who("li", frozenset({"officer"}))
WANG = Who("wang", frozenset({"reviewer"}))
PARTY = Who("zhao", frozenset({"accused"}), "D1")
BOTH = Who("sun", frozenset({"officer", "reviewer"}))
AUDITOR = Who("qian", frozenset())
PEOPLE = (LI, WANG, PARTY, BOTH, AUDITOR)

TOLD: Mapping[tuple[State, Act], tuple[State, str]] = {
    ("new", "acknowledge"): ("acknowledged", "li sun"),
    ("new", "dispute"): ("disputed", "zhao li wang sun"),
    ("acknowledged", "dispute"): ("disputed", "zhao li wang sun"),
    ("disputed", "withdraw"): ("acknowledged", "zhao"),
    ("acknowledged", "propose-uphold"): ("acknowledged", "li sun"),
    ("disputed", "propose-uphold"): ("disputed", "li sun"),
    ("acknowledged", "uphold"): ("upheld", "wang sun"),
    ("disputed", "uphold"): ("upheld", "wang sun"),
    ("new", "propose-dismiss"): ("new", "li sun"),
    ("acknowledged", "propose-dismiss"): ("acknowledged", "li sun"),
    ("disputed", "propose-dismiss"): ("disputed", "li sun"),
    ("new", "dismiss"): ("dismissed", "wang sun"),
    ("acknowledged", "dismiss"): ("dismissed", "wang sun"),
    ("disputed", "dismiss"): ("dismissed", "wang sun"),
    ("upheld", "reopen"): ("acknowledged", "wang sun"),
    ("dismissed", "reopen"): ("acknowledged", "wang sun"),
    ("upheld", "reaffirm"): ("upheld", "wang sun"),
    ("dismissed", "reaffirm"): ("dismissed", "wang sun"),
    **{
        (state, act): (state, "li wang sun")
        for state in get_args(State)
        for act in ("comment", "assign")
    },
}
"""What leads where, and who of PEOPLE may, where another has acknowledged and proposed it."""


def why(act: Act) -> Given:
    reason = {"dispute": GROUNDS[0], "propose-dismiss": DISMISSALS[0]}.get(act)
    return Given(AT, 4, reason=reason, text="因为", assignee="li" if act == "assign" else None)


def in_state(state: State, act: Act) -> Review:
    """A review that an officer of another shift has acknowledged and proposed what suits."""
    proposal: Act = (
        "propose-dismiss" if act == "dismiss" or state == "dismissed" else "propose-uphold"
    )
    return Review(
        state=state,
        stale=act == "reaffirm",
        acknowledged_by=None if state == "new" else "zhou",
        proposal=proposal,
        proposed_by="zhou",
        disputed_by="D1" if state == "disputed" else None,
    )


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("act", get_args(Act))
def test_each_act_leads_where_the_table_says_for_those_it_names_and_for_nobody_else(
    state: State, act: Act
) -> None:
    review = in_state(state, act)
    to, may = TOLD.get((state, act), (state, ""))
    # Whoever is late must be let in, so that a dispute is tried while there is time.
    facts = RUNNING if act == "dispute" else OVER
    for who in PEOPLE:
        found = decide(review, act, who, facts, why(act))
        if who.name in may.split():
            assert isinstance(found, Review), found
            assert found.state == to
        else:
            assert isinstance(found, Refusal), (who, found)
            assert act not in found.allowed


def test_an_act_that_is_not_in_the_row_is_refused_with_what_may_be_done_instead() -> None:
    refused = decide(Review(), "uphold", BOTH, OVER, why("uphold"))
    assert isinstance(refused, Refusal)
    assert refused.kind == "transition-refused"
    assert refused.because == "it is new"
    assert refused.allowed == ("acknowledge", "dispute", "propose-dismiss", "comment", "assign")


def test_whoever_acknowledged_or_proposed_it_does_not_decide_it() -> None:
    seen = decide(Review(), "acknowledge", BOTH, OVER, why("acknowledge"))
    assert isinstance(seen, Review)
    assert _kind(decide(seen, "uphold", BOTH, OVER, why("uphold"))) == "four-eyes"
    assert isinstance(decide(seen, "uphold", WANG, OVER, why("uphold")), Review)
    asked = decide(seen, "propose-dismiss", BOTH, OVER, why("propose-dismiss"))
    assert isinstance(asked, Review)
    assert _kind(decide(asked, "dismiss", BOTH, OVER, why("dismiss"))) == "four-eyes"
    assert isinstance(decide(asked, "dismiss", WANG, OVER, why("dismiss")), Review)


def test_a_reviewer_alone_decides_nothing() -> None:
    disputed = decide(Review(), "dispute", PARTY, RUNNING, why("dispute"))
    assert isinstance(disputed, Review)
    acts: tuple[Act, ...] = ("uphold", "dismiss")
    for act in acts:
        refused = decide(disputed, act, WANG, OVER, why(act))
        assert isinstance(refused, Refusal)
        assert refused.kind == "four-eyes"
        assert refused.because.startswith("nobody has")


def test_a_party_that_may_still_answer_is_waited_for() -> None:
    seen = Review("acknowledged", acknowledged_by="li", acknowledged_at=AT)
    refused = decide(seen, "uphold", WANG, RUNNING, why("uphold"))
    assert isinstance(refused, Refusal)
    assert (refused.kind, refused.due) == ("deadline-open", "2022-05-12")
    # Once it has answered there is nothing to wait for.
    disputed = decide(seen, "dispute", PARTY, RUNNING, why("dispute"))
    assert isinstance(disputed, Review)
    assert disputed.acknowledged_by == "li"
    assert isinstance(decide(disputed, "uphold", WANG, RUNNING, why("uphold")), Review)


def test_a_dispute_that_comes_late_is_let_in_by_a_reviewer_alone() -> None:
    seen = Review("acknowledged", acknowledged_by="li", acknowledged_at=AT)
    for who in (PARTY, LI):
        assert _kind(decide(seen, "dispute", who, OVER, why("dispute"))) == "deadline-over"
    late = decide(seen, "dispute", WANG, OVER, why("dispute"))
    assert isinstance(late, Review)
    assert late.disputed_by == "D1"


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (OVER._replace(severity="warning"), "warning-not-upholdable"),
        (OVER._replace(draft=True, severity="explain"), "draft-not-upholdable"),
    ],
)
def test_what_rests_on_an_assumed_number_or_a_draft_is_held_against_nobody(
    facts: Facts, kind: str
) -> None:
    seen = Review("acknowledged", acknowledged_by="li", acknowledged_at=AT)
    tries: tuple[tuple[Who, Act], ...] = ((LI, "propose-uphold"), (WANG, "uphold"))
    for who, act in tries:
        assert _kind(decide(seen, act, who, facts, why(act))) == kind
    upheld = replace(seen, state="upheld", stale=True)
    assert _kind(decide(upheld, "reaffirm", WANG, facts, why("reaffirm"))) == kind
    assert isinstance(decide(upheld, "reopen", WANG, facts, why("reopen")), Review)


def test_what_the_facts_took_back_is_moot_for_everybody() -> None:
    for state in get_args(State):
        for who in PEOPLE:
            left = allowed(Review(state), who, Facts(withdrawn=True))
            assert set(left) <= NEUTRAL


def test_only_the_party_that_disputed_takes_its_dispute_back() -> None:
    disputed = Review("disputed", disputed_by="D1")
    other = Who("chen", frozenset({"accused"}), "D2")
    assert _kind(decide(disputed, "withdraw", other, OVER, why("withdraw"))) == "not-allowed"
    back = decide(disputed, "withdraw", PARTY, OVER, why("withdraw"))
    assert isinstance(back, Review)
    assert (back.state, back.acknowledged_by, back.acknowledged_at) == ("acknowledged", None, AT)


@pytest.mark.parametrize("act", [act for act, row in TABLE.items() if row.text or row.reasons])
def test_a_reason_that_must_be_given_is_asked_for(act: Act) -> None:
    state = next(state for state in get_args(State) if (state, act) in TOLD)
    who = PARTY if act == "withdraw" else BOTH
    review = in_state(state, act)
    for lacking in (why(act)._replace(text=" \n"), why(act)._replace(reason="nonsense")):
        if lacking.reason == "nonsense" and not TABLE[act].reasons:
            continue
        refused = decide(review, act, who, RUNNING if act == "dispute" else OVER, lacking)
        assert _kind(refused) == "reason-missing"


def test_a_decision_whose_ground_moved_is_stale_until_it_is_reaffirmed_or_reopened() -> None:
    upheld = Review("upheld", seen_seq=2, acknowledged_by="li")
    stale = after_machine(upheld, material=True)
    assert stale == replace(upheld, stale=True)
    assert after_machine(upheld, material=False) == upheld
    again = decide(stale, "reaffirm", WANG, OVER, why("reaffirm"))
    assert again == replace(upheld, seen_seq=4, reviewed_at=AT)
    reopened = decide(stale, "reopen", WANG, OVER, why("reopen"))
    assert isinstance(reopened, Review)
    assert (reopened.state, reopened.stale, reopened.acknowledged_by) == (
        "acknowledged",
        False,
        "wang",
    )


def test_what_a_decision_rests_on_is_what_the_design_names() -> None:
    told = {"occurred_at": "t", "observed": 1, "limit": 2, "severity": "breach", "clause": ["七"]}
    accused = {"role": "distributor", "party": "D1"}
    other = {"role": "distributor", "party": "D2"}
    assert not material(told, accused, {**told, "cured_at": "later", "evidence": [1]}, accused)
    for name in told:
        assert material(told, accused, {**told, name: "other"}, accused)
    assert material(told, accused, told, other)
    # A line of an earlier version says nothing of who is accused.
    assert not material(told, {}, told, other)


def test_every_act_has_its_own_name_in_the_history() -> None:
    assert {act_of(name) for name in CHANGES.values()} == set(get_args(Act)) == set(TABLE)
    assert act_of("opened") is None
    assert not {"opened", "changed", "closed", "withdrawn"} & set(CHANGES.values())


REVIEWS = st.builds(
    Review,
    state=st.sampled_from(get_args(State)),
    stale=st.booleans(),
    acknowledged_by=st.sampled_from([None, "li", "wang", "sun"]),
    proposal=st.sampled_from([None, "propose-uphold", "propose-dismiss"]),
    proposed_by=st.sampled_from([None, "li", "wang", "sun"]),
    disputed_by=st.sampled_from([None, "D1", "D2"]),
)
WHO = st.builds(
    Who,
    st.sampled_from(["li", "wang", "sun", "zhao"]),
    st.frozensets(st.sampled_from(get_args(Duty))),
    st.sampled_from([None, "D1", "D2"]),
)
FACTS = st.builds(
    Facts,
    withdrawn=st.booleans(),
    draft=st.booleans(),
    severity=st.sampled_from(["breach", "explain", "warning"]),
    accused=st.sampled_from(["D1", "D2"]),
    hearing_over=st.booleans(),
)


@given(review=REVIEWS, act=st.sampled_from(get_args(Act)), who=WHO, facts=FACTS)
@settings(max_examples=500)
def test_what_is_said_to_be_allowed_is_just_what_is_done(
    review: Review, act: Act, who: Who, facts: Facts
) -> None:
    found = decide(review, act, who, facts, why(act))
    assert (act in allowed(review, who, facts)) == isinstance(found, Review)
    if isinstance(found, Refusal):
        assert found.allowed == allowed(review, who, facts)
        return
    if act in NEUTRAL:
        assert replace(found, assignee=review.assignee) == review
    if found.state in DECIDED and act not in NEUTRAL:
        assert "reviewer" in who.duties
        assert not found.stale
        assert {review.acknowledged_by, review.proposed_by} - {None, who.name}
    if facts.severity == "warning" or facts.draft:
        assert act not in {"uphold", "propose-uphold"}


def _kind(found: Review | Refusal) -> str:
    assert isinstance(found, Refusal), found
    return found.kind
