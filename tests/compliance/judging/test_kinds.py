from uuid import UUID

import msgspec
import pytest

from services.compliance.judging import engine
from services.compliance.judging.contributions.contribution import Transfer
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.kinds import KINDS, LAST_HEARD, LEVELS, begun
from services.compliance.judging.replay import Replay
from services.compliance.judging.subjects import Subject
from services.compliance.rules import RULES
from shared.domain.records.record import Gathered, Heard
from tests.support import product_rule
from tests.support.events import an_event
from tests.support.stored import BEFORE, EARLY, told
from tests.support.workers.in_memory import InMemoryWorker
from tests.support.workers.with_register import ORDER, at


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
    assert {giver for giver, _ in given} == {"order", "announcement", "account", "commitment"}
    assert all(KINDS[giver].level < KINDS[taker].level for giver, taker in given)


def test_a_rule_that_no_order_contributes_to_is_not_unjudged_for_want_of_one() -> None:
    unjudged = set(KINDS["order"].unjudged)
    assert {"late-response", "supply-refusal", "unreported-shortage"} <= unjudged
    assert not unjudged & {"coverage-gap", "distributor-cap"}


@pytest.mark.parametrize(
    "name", [name for name, kind in KINDS.items() if not issubclass(kind.record, Heard)]
)
def test_an_event_is_not_merged_into_what_hears_of_none(name: str) -> None:
    dossier = Dossier(Subject("cn-sx", name, "P1"))
    assert not isinstance(dossier.record, Heard)
    with pytest.raises(TypeError, match="hears of no events"):
        engine.hear(dossier, ORDER)


def test_a_contribution_is_not_put_into_what_gathers_none() -> None:
    dossier = Dossier(Subject("cn-sx", "payment", "F1"))
    with pytest.raises(TypeError, match="gathers nothing"):
        engine.receive(dossier, Transfer(dossier.subject, None, None))


REGISTER = [an_event("product.selected"), an_event("hospital.enrolled")]
ANOTHER = an_event("agreement.signed", "2022-02-01 00:00:00", agreement="A2", hospital="H2")


def test_a_product_that_nothing_judges_begins_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("product", "supply"):
        monkeypatch.setitem(KINDS, kind, KINDS[kind]._replace(rules=()))
    assert begun([*REGISTER, *REGISTER]) == {}
    signed = an_event("agreement.signed")
    assert list(begun([*REGISTER, signed])) == [
        Subject("cn-sx", "commitment", "H1/P1"),
        Subject("cn-sx", "appointments", "P1"),
    ]


def test_a_product_told_is_judged_by_what_the_register_says_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product_rule.put_in_force(monkeypatch)
    worker = InMemoryWorker(product_rule.carried())
    worker.hear(REGISTER, at("2022-03-01 00:00:00"))
    (few,) = [told for told in worker.violations() if told["rule"] == product_rule.NAME]
    assert (few["product"], few["observed"], few["status"]) == ("P1", 0, "open")

    worker.hear([an_event("agreement.signed"), ANOTHER], at("2022-03-02 00:00:00"))
    assert worker.told[UUID(few["id"])]["status"] == "withdrawn"


@pytest.mark.parametrize("signed", [0, 1, 2])
def test_a_replay_judges_a_product_as_a_worker_does(
    monkeypatch: pytest.MonkeyPatch, signed: int
) -> None:
    product_rule.put_in_force(monkeypatch)
    events = [*REGISTER, *[an_event("agreement.signed"), ANOTHER][:signed]]
    worker = InMemoryWorker(product_rule.carried())
    for event in events:
        worker.hear([event], at("2022-03-01 00:00:00"))
    replay = Replay(product_rule.carried(), at("2022-03-01 00:00:00").now)
    for event in reversed(events):
        replay.tell(event)
    few = [told for told in replay.violations() if told.rule == product_rule.NAME]
    assert [told.observed for told in few] == ([] if signed == 2 else [signed])
    assert {str(told.id) for told in replay.found} == {told["id"] for told in worker.violations()}
