"""What cannot be written is found record by record, on the real PostgreSQL."""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from services.compliance.answers import audit
from services.compliance.judging import engine
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.moment import Moment
from services.compliance.judging.upshot import UnjudgedKey
from services.compliance.judging.weighing import WeighedKey
from services.compliance.settings import Settings
from services.compliance.storage import quarantine, schema
from services.compliance.worker import sweeper
from services.compliance.worker.pace import Pace
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES
from tests.support.events import an_event, instant
from tests.support.workers.on_database import HEARD, WorkerOnDatabase

pytestmark = pytest.mark.integration

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
]
EARLY = Moment(instant("2022-03-01 09:30:00"), instant("2022-03-01 09:30:00"))
ORDERS = [f"O{number}" for number in range(12)]
OPEN = "SELECT count(*) FROM compliance.violation WHERE status = 'open'"
COUNTED = "SELECT coalesce(sum(count), 0) FROM compliance.open_count"
TOGETHER = """
CREATE FUNCTION compliance.few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FROM told) > 4 THEN
        RAISE EXCEPTION 'too many at once' USING ERRCODE = 'data_exception';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER few AFTER INSERT ON compliance.violation
REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION compliance.few();
"""


def spoilt(monkeypatch: pytest.MonkeyPatch, keys: Collection[str], text: str = "\0") -> None:
    """Have the violations of some orders say what PostgreSQL cannot hold."""
    does = engine.judge

    def judge(dossier: Any, *given: Any, **how: Any) -> engine.Judged:
        judged = does(dossier, *given, **how)
        if dossier.subject.key not in keys:
            return judged
        changes = [
            msgspec.structs.replace(
                change,
                violation=change.violation
                and msgspec.structs.replace(change.violation, message_en=text),
            )
            for change in judged.changes
        ]
        return engine.Judged(changes, judged.transfers)

    monkeypatch.setattr(engine, "judge", judge)


def unanswered(*orders: str) -> list[Event]:
    """Orders that nobody answers: only silence tells, so only a sweep finds it."""
    return [an_event("order.placed", "2022-03-01 09:00:00", order=order) for order in orders]


async def told_early(desk: WorkerOnDatabase, *events: Event) -> None:
    """Tell events before anything about them is due."""
    await desk.service.handle(desk.batch(*events), EARLY)


async def accused(desk: WorkerOnDatabase) -> set[str]:
    """The orders that were not answered in time."""
    rows = await desk.connection.fetch(
        """SELECT "order" FROM compliance.violation WHERE rule = 'late-response'"""
    )
    return {row["order"] for row in rows}


async def aside(desk: WorkerOnDatabase) -> set[tuple[str, str]]:
    rows = await desk.connection.fetch("SELECT key, remedy FROM compliance.quarantine")
    return {(row["key"], row["remedy"]) for row in rows}


async def whole(desk: WorkerOnDatabase, database: str) -> list[str]:
    """What an audit finds, the counts among it."""
    assert await desk.connection.fetchval(OPEN) == await desk.connection.fetchval(COUNTED)
    problems: list[str] = []
    unjudged: Counter[UnjudgedKey] = Counter()
    weighed: Counter[WeighedKey] = Counter()
    async with audit.reading(database) as reader:
        await audit.export(reader)
        problems += (await audit.check_violations(reader, 0)).problems
        part = await audit.check_records(reader, 0)
        unjudged.update(part.unjudged)
        weighed.update(part.weighed)
        problems += [*part.problems, *await audit.check_counts(reader, unjudged, weighed)]
    return problems


@pytest.mark.parametrize("text", ["\0", "\ud800"], ids=["refused", "not to be encoded"])
async def test_a_sweep_sets_the_record_aside_that_cannot_be_written_and_goes_on(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    await told_early(desk, *REGISTER, *unanswered(*ORDERS))
    with monkeypatch.context() as defect:
        spoilt(defect, {"O3", "O7"}, text)
        await desk.sweep()
        assert await accused(desk) == set(ORDERS) - {"O3", "O7"}
        assert await aside(desk) == {("O3", "judge"), ("O7", "judge")}
        assert await desk.connection.fetchval("SELECT error FROM compliance.quarantine LIMIT 1")
        assert not (await desk.service.sweep(HEARD)).result, "nothing is due any more"
    assert await whole(desk, database) == []

    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()
    assert await accused(desk) == set(ORDERS)
    assert await aside(desk) == set()
    assert await whole(desk, database) == []


async def test_a_sweep_sets_the_record_aside_that_a_constraint_refuses_and_goes_on(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told_early(desk, *REGISTER, *unanswered(*ORDERS))
    await desk.connection.execute(
        """ALTER TABLE compliance.violation ADD CONSTRAINT narrow CHECK ("order" <> 'O3')"""
    )
    await desk.sweep()
    assert await accused(desk) == set(ORDERS) - {"O3"}
    assert await aside(desk) == {("O3", "judge")}

    await desk.connection.execute("ALTER TABLE compliance.violation DROP CONSTRAINT narrow")
    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()
    assert await accused(desk) == set(ORDERS)
    assert await whole(desk, database) == []


async def test_an_event_is_kept_when_what_is_made_of_its_record_cannot_be_written(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [
        an_event("order.rejected", "2022-03-09 10:00:00", order=order, reason="price")
        for order in ORDERS
    ]
    await desk.handle(*REGISTER)
    with monkeypatch.context() as defect:
        spoilt(defect, {"O3"})
        await desk.handle(*unanswered(*ORDERS), *refusals)
    assert await aside(desk) == {("O3", "judge")}
    assert await accused(desk) == set(ORDERS) - {"O3"}
    assert await desk.connection.fetchval("SELECT count(*) FROM compliance.fact") == 28

    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()
    assert await accused(desk) == set(ORDERS)
    assert await whole(desk, database) == []


async def test_a_record_that_cannot_be_written_at_all_is_left_as_it_was(
    desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a telling made of it is refused, whatever is said of it: a rebuild is its remedy."""
    await desk.handle(*REGISTER, *unanswered("O1", "O2"))
    kept = "SELECT record FROM compliance.dossier WHERE key = 'O1'"
    before = await desk.connection.fetchval(kept)
    monkeypatch.setattr(Dossier, "encoded", _failing(Dossier.encoded, "O1"))
    await desk.handle(
        an_event("order.accepted", "2022-03-01 10:00:00", order="O1"),
        an_event("order.accepted", "2022-03-01 10:00:00", order="O2"),
    )
    assert await aside(desk) == {("O1", "rebuild")}
    assert await desk.connection.fetchval(kept) == before
    assert await desk.connection.fetchval("SELECT count(*) FROM compliance.fact") == 8


def _failing(encoded: Callable[[Any], Any], key: str) -> Callable[[Any], Any]:
    def failed(dossier: Any) -> Any:
        told = getattr(dossier.record, "accepted", None)
        if dossier.subject.key == key and told:
            raise OverflowError("too large")
        return encoded(dossier)

    return failed


async def test_what_cannot_be_written_together_is_written_in_smaller_sweeps(
    desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told_early(desk, *REGISTER, *unanswered(*ORDERS))
    await desk.connection.execute(TOGETHER)
    sweeping = sweeper.Sweeper(desk.service, _AtOnce(), _Uncounted(), Pace())  # type: ignore[arg-type]
    monkeypatch.setattr(sweeper, "IDLE_FOR", 60.0)
    await sweeping.sweep(idle=True)
    assert await aside(desk) == set()
    assert await accused(desk) == set(ORDERS)


class _AtOnce:
    def moment(self) -> Any:
        return HEARD


class _Uncounted:
    def conflicts(self, count: int) -> None: ...

    def swept(self, judged: Any) -> None: ...


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    unwritable=some.sets(some.integers(0, 11)),
    unjudgeable=some.sets(some.integers(0, 11)),
    at_most=some.integers(1, 30),
)
async def test_whatever_records_are_at_fault_these_are_set_aside_and_no_others(
    desk: WorkerOnDatabase,
    database: str,
    unwritable: set[int],
    unjudgeable: set[int],
    at_most: int,
) -> None:
    earlier = await accused(desk)
    orders = [f"{len(earlier)}-{number}" for number in range(12)]
    await told_early(desk, *(() if earlier else REGISTER), *unanswered(*orders))
    with pytest.MonkeyPatch.context() as defect:
        spoilt(defect, {orders[number] for number in unwritable})
        does = engine.judge

        def judge(dossier: Any, *given: Any, **how: Any) -> engine.Judged:
            if dossier.subject.key in {orders[number] for number in unjudgeable}:
                raise ZeroDivisionError
            return does(dossier, *given, **how)

        defect.setattr(engine, "judge", judge)
        while (await desk.service.expand_touches()).result or (
            await desk.service.sweep(HEARD, at_most)
        ).result:
            pass
    at_fault = {orders[number] for number in unwritable | unjudgeable}
    assert await accused(desk) == {*earlier, *orders} - at_fault
    assert await aside(desk) == {(order, "judge") for order in at_fault}
    await quarantine.judge_again(desk.connection)
    await desk.sweep()
    assert await accused(desk) == {*earlier, *orders}
    assert await aside(desk) == set()
    assert await whole(desk, database) == []
