import msgspec
import pytest

from services.compliance.judging import engine
from services.compliance.judging.dossier import Dossier, Judgement
from services.compliance.judging.engine import Transfer
from services.compliance.judging.kinds import KINDS, LAST_HEARD, LEVELS
from services.compliance.judging.subjects import Subject
from services.compliance.records.record import Gathered, Heard
from services.compliance.rules import RULES
from tests.support.desk import ORDER
from tests.support.stored import BEFORE, EARLY, told


def test_every_rule_reads_a_kind_of_record_that_there_is() -> None:
    read = [rule.name for kind in KINDS.values() for rule in kind.rules]
    assert sorted(read) == sorted(rule.name for rule in RULES)


@pytest.mark.parametrize("name", KINDS)
def test_what_hears_is_judged_before_all_that_only_gathers_or_is_of_the_register(name: str) -> None:
    kind = KINDS[name]
    assert issubclass(kind.record, Heard) == (kind.level <= LAST_HEARD)
    assert not issubclass(kind.record, Gathered) or kind.level > LEVELS[0]


def test_what_a_record_contributes_goes_to_a_later_level() -> None:
    rows = told(EARLY, BEFORE).rows
    given = {
        (subject.kind, contribution.kind)
        for subject, row in rows.items()
        for contribution in msgspec.msgpack.decode(row.judgement, type=Judgement).given
    }
    assert {giver for giver, _ in given} == {"order", "announcement"}
    assert all(KINDS[giver].level < KINDS[taker].level for giver, taker in given)


def test_a_rule_that_no_order_contributes_to_is_not_unjudged_for_want_of_one() -> None:
    unjudged = set(KINDS["order"].unjudged)
    assert {"late-response", "supply-refusal", "unreported-shortage"} <= unjudged
    assert not unjudged & {"coverage-gap", "distributor-cap"}


@pytest.mark.parametrize("name", [name for name in KINDS if name not in ("order", "announcement")])
def test_an_event_is_not_merged_into_what_hears_of_none(name: str) -> None:
    dossier = Dossier(Subject("cn-sx", name, "P1"))
    assert not isinstance(dossier.record, Heard)
    with pytest.raises(TypeError, match="hears of no events"):
        engine.hear(dossier, ORDER)


def test_a_contribution_is_not_put_into_what_gathers_none() -> None:
    dossier = Dossier(Subject("cn-sx", "order", "O1"))
    with pytest.raises(TypeError, match="gathers nothing"):
        engine.receive(dossier, Transfer(dossier.subject, "P1", None, None, None, ()))
