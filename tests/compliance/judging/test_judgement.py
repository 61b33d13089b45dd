"""What was last said of a record, and what is remembered of how it was told."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.compliance.judging import dossier, engine
from services.compliance.judging.contributions.contribution import Contribution, Transfer
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.engine import Judged
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.law.law import Law
from services.compliance.records.account import Claim
from services.compliance.records.statement import Book, Settling
from services.compliance.register.register import Register
from shared.domain import ids
from tests.support.builders import POLICIES, law_of, with_values
from tests.support.events import an_event, instant

ACCOUNT = ids.pair("supply", ids.pair("H1", "D1"))
STATEMENT = Subject("cn-sx", "statement", ids.pair(ACCOUNT, "2022-04"))
STOOD = datetime(2022, 4, 5, tzinfo=UTC)
PLENTY = 40
"""More findings than a dossier tells anew each time."""


def settling(order: int, paid_after: int | None) -> Settling:
    """A receipt of 120.50 yuan, with the days after which it was paid."""
    amount = Decimal("120.50")
    day, told = date(2022, 4, 5).toordinal(), STOOD
    steps = ((STOOD, amount),)
    claim = Claim(f"O{order}", "R1", "P1", steps, day, "1401", "M1", told, ())
    if paid_after is None:
        return Settling(claim, steps)
    return Settling(claim, (*steps, (STOOD + timedelta(days=paid_after), Decimal(0))))


def book(paid: list[int | None]) -> Book:
    return Book("2022-04", tuple(settling(order, after) for order, after in enumerate(paid)))


def tell(held: Dossier, old: Book | None, new: Book, law: Law, now: datetime) -> Judged:
    was, is_now = (
        None if it is None else Contribution("statement", "2022-04", ACCOUNT, it)
        for it in (old, new)
    )
    engine.receive(held, Transfer(STATEMENT, was, is_now))
    return engine.judge(held, law, Moment(now, now))


def read_again(held: Dossier) -> Dossier:
    """The dossier as one finds it who has only what is stored of it."""
    record, judgement = held.encoded()
    return dossier.decode(STATEMENT, record, judgement, 1, held.columns)


def all_of(judged: Judged) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(change) for change in judged.changes]


LAWS = (
    law_of(),
    law_of(an_event("exemption.granted", rule="late-settlement", hospital="H1")),
    Law(with_values("cn-sx", {"settlement_months": 2}), Register(), timedelta(seconds=10)),
    Law(POLICIES, Register(), timedelta(days=90)),
)
PAID = st.one_of(st.none(), st.integers(0, 120))
TURN = st.tuples(
    st.dictionaries(st.integers(0, PLENTY - 1), PAID, max_size=4),
    st.integers(0, PLENTY),
    st.sampled_from(LAWS),
    st.integers(0, 40),
)


def test_a_moment_is_never_before_the_last_one() -> None:
    early, late = instant("2022-03-01 09:00:00"), instant("2022-03-02 09:00:00")
    judged = Judgement(judged_at=late, heard=early)
    assert judged.not_before(Moment(early, late)) == Moment(late, late)


@given(st.lists(TURN, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_who_remembers_findings_says_of_them_what_one_says_who_makes_all_of_them_anew(
    turns: list[tuple[dict[int, int | None], int, Law, int]],
) -> None:
    hot, paid, now = Dossier(STATEMENT), [None] * PLENTY, datetime(2022, 6, 10, tzinfo=UTC)
    known: list[int | None] = list(paid)
    tell(hot, None, book(known), LAWS[0], now)
    before = book(known)
    for changed, length, law, days in turns:
        known = [changed.get(order, after) for order, after in enumerate(known)]
        now += timedelta(days=days)
        cold, after = read_again(hot), book(known[:length])
        anew, remembered = (tell(held, before, after, law, now) for held in (cold, hot))

        assert all_of(remembered) == all_of(anew)
        assert hot.judgement == cold.judgement
        before = after


def test_a_finding_that_stays_is_told_as_it_was_and_not_anew() -> None:
    law, now = law_of(), datetime(2022, 7, 1, tzinfo=UTC)
    held, first = Dossier(STATEMENT), book([None] * PLENTY)
    tell(held, None, first, law, now)
    was = {told.subject: told for told in held.judgement.findings}
    second = book([60, *[None] * (PLENTY - 1)])
    tell(held, first, second, law, now + timedelta(days=1))
    again = {told.subject: told for told in held.judgement.findings}

    assert len(was) == PLENTY
    assert [subject for subject in was if again[subject] is not was[subject]] == ["O0/R1"]


def test_of_few_findings_nothing_is_remembered() -> None:
    law, now = law_of(), datetime(2022, 7, 1, tzinfo=UTC)
    held = Dossier(STATEMENT)
    tell(held, None, book([None] * 5), law, now)

    assert len(held.judgement.findings) == 5
    assert held.told_as == {}
