"""The drive by levels, over any number of them."""

from typing import Any

import pytest
from msgspec import Struct
from typing_extensions import override

from services.compliance.judging import kinds
from services.compliance.judging import round as rounds
from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.kind import Kind
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.round import Round
from services.compliance.judging.subjects import Subject, by_subject
from services.compliance.law.law import Law
from services.compliance.register.register import Register
from shared.domain.records.record import Gathered
from tests.support.builders import POLICIES
from tests.support.events import an_event
from tests.support.workers.with_register import ORDER, REFUSED, at

PLACED = Subject("cn-sx", "order", "O1")
COMMITTED = Subject("cn-sx", "commitment", "H1/P1")
NOW = at("2022-06-01 00:00:00")


def a_round() -> Round:
    law = Law(POLICIES, Register())
    law.register.merge(an_event("product.selected"))
    law.register.merge(an_event("hospital.enrolled"))
    return Round(law, NOW)


def test_each_level_is_asked_for_only_when_the_one_before_it_was_judged() -> None:
    judging = a_round()
    judging.hear(by_subject([ORDER, REFUSED]))
    asked = []
    while judging.next_level():
        asked.append(judging.unloaded())
        judging.open()
        judging.judge()
    assert asked[0] == [PLACED]
    assert COMMITTED in asked[1]
    assert [subject.kind for subject in asked[2]] == ["usage"]
    assert len(asked) == 3
    assert {change.violation.rule for change in judging.final_changes() if change.violation} >= {
        "supply-refusal"
    }


def test_what_is_due_but_not_there_is_not_begun() -> None:
    judging = a_round()
    judging.look_at([PLACED, COMMITTED])
    while judging.next_level():
        judging.open()
        judging.judge()
    judging.forget_watches([PLACED, COMMITTED])
    assert judging.dossiers == {}


def test_a_level_with_nothing_to_judge_is_passed_over() -> None:
    judging = a_round()
    judging.look_at([COMMITTED])
    assert judging.next_level()
    assert judging.unloaded() == [COMMITTED]
    assert not judging.next_level()


def test_nothing_is_passed_back_to_a_level_that_was_judged() -> None:
    judging = a_round()
    while judging.next_level():
        pass
    with pytest.raises(ValueError, match="was judged already"):
        judging.look_at([PLACED])


class Account(Struct, Gathered, array_like=True):
    """A record of a third level: how many commitments told of themselves."""

    told: list[str] = []

    @override
    def put(self, old: Any, new: Any) -> None:
        self.told = [*self.told, new]


@pytest.fixture
def _three_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    def passed_on(_kind: Kind, subject: Subject, *_: Any) -> Any:
        yield Contribution("account", subject.key, None, subject.key)  # type: ignore[arg-type]

    account = KINDS["supply"]._replace(name="account", level=3, record=Account, rules=())
    monkeypatch.setitem(KINDS, "account", account)
    monkeypatch.setitem(KINDS, "commitment", KINDS["commitment"]._replace(says=passed_on))
    levels = (*kinds.LEVELS, 3)
    monkeypatch.setattr(rounds, "LEVELS", levels)


@pytest.mark.usefixtures("_three_levels")
def test_a_third_level_gathers_from_the_second_in_the_same_round() -> None:
    judging = a_round()
    judging.hear(by_subject([ORDER, REFUSED]))
    levels = 0
    while judging.next_level(3):
        levels += 1
        judging.open()
        judging.judge()
    assert levels == 3
    account = judging.dossiers[Subject("cn-sx", "account", "H1/P1")].record
    assert account == Account(["H1/P1"])
