from collections.abc import Iterable
from datetime import datetime

import asyncpg
import msgspec
import pytest

from services.compliance.judging.dossier import Dossier, decode_judgement
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.storage import dossiers, positions, register
from services.compliance.storage.hot import HotDossiers
from services.compliance.worker.service import LOCK_AFTER
from shared.adapters.postgres import Connection
from shared.domain.errors import FencedError, TransientError
from tests.support.events import an_event, instant
from tests.support.workers.on_database import HEARD, NOW, WorkerOnDatabase

pytestmark = pytest.mark.integration

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
]
APPOINTED = an_event("distributor.appointed")
ORDER = an_event("order.placed", "2022-03-01 09:00:00")
MOVE = "UPDATE compliance.dossier SET version = version + 1 WHERE kind = $1"
REFUSED = an_event("order.rejected", "2022-03-01 10:00:00", reason="price")


async def test_an_agreement_and_an_appointment_in_one_batch_begin_one_record(
    desk: WorkerOnDatabase,
) -> None:
    await desk.handle(*REGISTER, APPOINTED)
    await desk.sweep()
    assert await desk.rules() == set()

    released = an_event("distributor.released", "2022-05-01 00:00:00", end="2022-05-02")
    done = await desk.handle(released)
    assert await desk.rules() == {"coverage-gap"}
    assert done.conflicts == 0


async def test_nothing_of_a_batch_is_kept_when_its_partition_was_lost(
    desk: WorkerOnDatabase,
) -> None:
    stale = desk.batch(*REGISTER, APPOINTED, ORDER, REFUSED)
    pid = desk.connection.get_server_pid()
    await positions.take(desk.connection, [("vbp.supply.v1", 0)], "other", pid)

    with pytest.raises(FencedError):
        await desk.service.handle(stale, HEARD)

    for table in ("fact", "dossier", "agreement", "reference", "violation", "touch", "outbox"):
        assert await desk.connection.fetchval(f"SELECT count(*) FROM compliance.{table}") == 0  # noqa: S608


async def test_a_record_written_by_another_meanwhile_is_judged_again(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.handle(*REGISTER, APPOINTED, ORDER)
    other = await asyncpg.connect(database)
    overtake(monkeypatch, other, times=1)
    done = await desk.handle(REFUSED)

    assert done.conflicts == 1
    assert await desk.rules() == {"supply-refusal"}
    await other.close()


async def test_a_record_written_by_others_again_and_again_is_held_in_the_end(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.handle(*REGISTER, APPOINTED, ORDER)
    other = await asyncpg.connect(database)
    overtake(monkeypatch, other, times=100)
    done = await desk.handle(REFUSED)

    assert done.conflicts == LOCK_AFTER
    assert await desk.rules() == {"supply-refusal"}
    await other.close()


async def test_a_law_that_another_moved_elsewhere_holds_nobody_up(
    desk: WorkerOnDatabase, database: str
) -> None:
    there = an_event("product.selected", jurisdiction="cn-tj")
    await desk.handle(*REGISTER, APPOINTED, ORDER, there)
    other = await asyncpg.connect(database)
    await register.move_law(other, ["cn-tj"])
    await other.close()

    done = await desk.handle(REFUSED)
    assert done.conflicts == 0
    assert await desk.rules() == {"supply-refusal"}


async def test_what_several_workers_contribute_to_is_held_until_it_is_written(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = an_event("payment.made", "2022-03-20 09:00:00")
    await desk.handle(*REGISTER, APPOINTED, ORDER, paid)
    load, waited = dossiers.load, list[Subject]()
    other = await asyncpg.connect(database)
    await other.execute("SET lock_timeout = '200ms'")

    async def rivalled(
        connection: Connection, subjects: Iterable[Subject], hot: HotDossiers
    ) -> list[Dossier]:
        loaded = await load(connection, subjects, hot)
        shared = [held.subject for held in loaded if KINDS[held.subject.kind].shared]
        for kind in {subject.kind for subject in shared}:
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.execute(MOVE, kind)
        waited.extend(shared)
        return loaded

    monkeypatch.setattr(dossiers, "load", rivalled)
    done = await desk.handle(an_event("payment.made", "2022-03-21 09:00:00", payment="P-2"))

    assert {subject.kind for subject in waited} == {"account"}
    assert done.conflicts == 0
    await other.close()


async def test_what_rests_on_silence_waits_until_all_was_heard(desk: WorkerOnDatabase) -> None:
    await desk.handle(*REGISTER, APPOINTED)
    deaf = Moment(HEARD.now, datetime.fromtimestamp(0, NOW.tzinfo))
    await desk.service.handle(desk.batch(ORDER), deaf)
    await desk.sweep(deaf)
    assert await desk.rules() == set()

    await desk.sweep()
    assert {"late-response", "late-delivery"} <= await desk.rules()


async def test_the_gauges_keep_step_with_the_rows(desk: WorkerOnDatabase) -> None:
    await desk.handle(ORDER, REFUSED)
    kept = await desk.connection.fetch("SELECT judgement FROM compliance.dossier")
    missing = [reason for row in kept for reason in decode_judgement(row["judgement"]).missing]
    assert ("late-delivery", "product") in missing
    assert await counted(desk, "unjudged_count") == len(missing)
    await desk.handle(*REGISTER, APPOINTED)
    await desk.sweep()
    assert await counted(desk, "unjudged_count") == 0
    released = an_event("distributor.released", "2022-05-01 00:00:00", end="2022-05-02")
    await desk.handle(released)
    assert await counted(desk, "open_count") == 1


def overtake(monkeypatch: pytest.MonkeyPatch, other: Connection, times: int) -> None:
    """Have another worker write orders right after some records were loaded, so many times."""
    load, left = dossiers.load, iter(range(times))

    async def overtaken(
        connection: Connection, subjects: Iterable[Subject], hot: HotDossiers
    ) -> list[Dossier]:
        loaded = await load(connection, subjects, hot)
        if next(left, None) is not None:
            await other.execute(MOVE, "order")
        return loaded

    monkeypatch.setattr(dossiers, "load", overtaken)


async def counted(desk: WorkerOnDatabase, table: str) -> int:
    total: int = await desk.connection.fetchval(f"SELECT sum(count) FROM compliance.{table}")  # noqa: S608
    return total


async def test_each_violation_is_counted_once_when_it_is_found(desk: WorkerOnDatabase) -> None:
    await desk.handle(*REGISTER, APPOINTED)
    await desk.handle(ORDER)
    await desk.sweep()
    late = await found(desk)
    assert late == {"late-response": 1, "late-delivery": 1, "unreported-shortage": 1}

    await desk.handle(REFUSED)
    assert await found(desk) == {**late, "supply-refusal": 1}, "an act is over once done"
    await desk.handle(ORDER, REFUSED)
    assert await found(desk) == {**late, "supply-refusal": 1}, "told twice"

    other = an_event("order.placed", "2022-03-01 09:00:00", order="O-2")
    await desk.handle(other)
    await desk.sweep()
    both = await found(desk)
    assert both == {
        "late-response": 2,
        "late-delivery": 2,
        "supply-refusal": 1,
        "unreported-shortage": 2,
    }, "a second one, while the first is open"
    accepted = an_event("order.accepted", "2022-03-20 09:00:00", order="O-2")
    await desk.handle(accepted)
    assert await found(desk) == both, "mended, which is no new one"


async def test_what_is_exempt_when_it_is_found_is_not_counted(desk: WorkerOnDatabase) -> None:
    granted = an_event("exemption.granted", "2022-02-01 00:00:00", rule="late-response")
    await desk.handle(*REGISTER, APPOINTED, granted)
    await desk.handle(ORDER)
    await desk.sweep()

    rows = await desk.connection.fetch("SELECT rule, exempt FROM compliance.violation")
    counts = await found(desk)
    assert {row["rule"] for row in rows if not row["exempt"]} == counts.keys()
    assert any(row["exempt"] for row in rows)


async def test_what_is_found_in_an_area_that_nobody_enrolled_is_counted_among_all_others(
    desk: WorkerOnDatabase,
) -> None:
    strange = [
        an_event("order.placed", "2022-03-01 09:00:00", order=f"S{n}", hospital="H9", area=f"9{n}")
        for n in range(3)
    ]
    await desk.handle(*REGISTER, APPOINTED, ORDER, *strange)
    await desk.sweep()

    query = (
        "SELECT area, sum(count)::int FROM compliance.found_count "
        "WHERE rule = 'late-response' GROUP BY area"
    )
    assert dict(await desk.connection.fetch(query)) == {"1401": 1, "other": 3}


async def found(desk: WorkerOnDatabase) -> dict[str, int]:
    """How many violations were ever found, by rule."""
    query = "SELECT rule, sum(count)::int FROM compliance.found_count GROUP BY rule"
    return dict(await desk.connection.fetch(query))


async def test_a_batch_that_fails_leaves_what_is_remembered_of_the_register_as_it_was(
    desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.handle(*REGISTER, APPOINTED, ORDER)
    before = remembered(desk)
    moved = an_event("agreement.signed", "2022-02-01 00:00:00", hospital="H2")
    told = [
        moved,
        an_event("product.deselected", "2022-01-15 00:00:00", on="2022-02-01"),
        an_event("hospital.withdrawn", "2022-02-01 00:00:00", withdrawn_on="2022-05-01"),
        an_event("exemption.granted", rule="supply-refusal", hospital="H1"),
    ]
    batch = desk.batch(*told, REFUSED)

    async def fail(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(register, "save", fail)
        with pytest.raises(TransientError):
            await desk.service.handle(batch, HEARD)
    assert remembered(desk) == before

    await desk.service.handle(batch, HEARD)
    assert remembered(desk) != before
    assert list(desk.service._book.law.register.between("cn-sx", "H1", "P1")) == []  # noqa: SLF001
    # The order is in no cycle any more, so that nothing is left to be refused.
    await desk.sweep()
    assert "supply-refusal" not in await desk.rules()


def remembered(desk: WorkerOnDatabase) -> bytes:
    """What the worker remembers of the register, and the version of the law it holds for."""
    book = desk.service._book  # noqa: SLF001
    held = book.law.register
    kinds = (held.products, held.hospitals, held.agreements, held.exemptions, held.prices)
    between = [list(held.between("cn-sx", code, "P1")) for code in ("H1", "H2")]
    rows = [sorted(kind.items(), key=lambda item: item[0]) for kind in kinds]
    return msgspec.msgpack.encode([rows, between, sorted(book.versions.items())])


@pytest.mark.parametrize("named", [{"product": "P1"}, {"product": "P1", "hospital": "H1"}])
async def test_an_exemption_that_names_a_product_reaches_what_is_owed_for_many(
    desk: WorkerOnDatabase, named: dict[str, str]
) -> None:
    await desk.handle(
        an_event("product.selected"),
        an_event("hospital.enrolled"),
        an_event("order.placed", "2022-03-01 09:00:00"),
        an_event("delivery.received", "2022-03-02 09:00:00"),
    )
    await desk.sweep()
    owed = "SELECT exempt FROM compliance.violation WHERE rule = 'late-settlement'"
    assert await desk.connection.fetchval(owed) is False
    await desk.handle(an_event("exemption.granted", rule="late-settlement", **named))
    await desk.sweep()
    assert await desk.connection.fetchval(owed) is True


async def test_what_a_product_lacked_is_not_told_before_all_its_silent_orders_were_judged(
    desk: WorkerOnDatabase, database: str
) -> None:
    told = Moment(HEARD.now, instant("2022-03-01 12:00:00"))
    silent = an_event("order.placed", "2022-03-01 09:00:00", order="O1")
    refused = [
        an_event("order.placed", "2022-03-12 09:00:00", order="O2"),
        an_event("order.rejected", "2022-03-12 10:00:00", order="O2"),
    ]
    await desk.service.handle(desk.batch(*REGISTER, APPOINTED, silent, *refused), told)
    other = await asyncpg.connect(database)

    # Another worker is about to judge the order that nobody answered.
    async with other.transaction():
        await other.execute("SELECT FROM compliance.look_again WHERE key = 'O1' FOR UPDATE")
        await desk.sweep()
        await desk.handle(an_event("order.placed", "2022-03-14 09:00:00", order="O3"))
        await desk.sweep()
        assert "unreported-shortage" not in await desk.rules()

    await desk.sweep()
    found = "SELECT status, body->'observed' FROM compliance.violation WHERE rule = $1"
    rows = await desk.connection.fetch(found, "unreported-shortage")
    told_as = [(row[0], msgspec.json.decode(row[1])["orders"]) for row in rows]
    assert sorted(told_as) == [("closed", 1), ("closed", 2)]
    await other.close()
