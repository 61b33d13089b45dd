from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.compliance.worker import intake
from services.compliance.worker.relay import message_id
from shared.adapters import kafka as bus_adapter
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import Event, headers_of
from tests.support.events import an_event
from tests.support.workers.in_process import WorkerProcess, eventually, live

pytestmark = pytest.mark.integration

TODAY = datetime.now(UTC).date()
YEAR = {
    "start": str(TODAY - timedelta(days=200)),
    "end": str(TODAY + timedelta(days=165)),
}
CYCLE = {"cycle_start": YEAR["start"], "cycle_end": YEAR["end"]}


def ago(**span: float) -> str:
    return instant_text(datetime.now(UTC) - timedelta(**span))


def a_register() -> list[Event]:
    return [
        an_event("product.selected", ago(days=201), **CYCLE),
        an_event("hospital.enrolled", ago(days=201)),
        an_event("agreement.signed", ago(days=201), **YEAR),
        an_event("distributor.appointed", ago(days=201), start=YEAR["start"]),
    ]


def found(bus: WorkerProcess, **wanted: Any) -> Callable[[], Awaitable[bool]]:
    async def some() -> bool:
        return any(wanted.items() <= held.items() for held in await bus.violations())

    return some


async def test_silence_opens_a_violation_within_seconds_of_its_deadline(
    kafka: str, database: str
) -> None:
    async with live(kafka, database) as bus:
        with bus.worker():
            await bus.publish(a_register())
            await bus.settled(4)
            placed = datetime.now(UTC) - timedelta(hours=24) + timedelta(seconds=14)
            await bus.publish([an_event("order.placed", instant_text(placed))])
            await bus.settled(5)
            assert await bus.violations() == []

            waited = datetime.now(UTC)
            await eventually(found(bus, rule="late-response", status="open"), within=60)
            opened = await bus.connection.fetchval("SELECT detected_at FROM compliance.violation")

    due = placed + timedelta(hours=24)
    assert waited < due < opened < due + timedelta(seconds=5)


async def test_a_register_told_late_has_everything_judged_again(kafka: str, database: str) -> None:
    rejected = an_event("order.rejected", ago(hours=2), reason="price")
    async with live(kafka, database) as bus:
        with bus.worker():
            await bus.publish([an_event("order.placed", ago(hours=3)), rejected])
            await bus.settled(2)
            unjudged = await bus.connection.fetch(
                "SELECT rule, missing, count FROM compliance.unjudged_count WHERE count > 0"
            )
            assert ("supply-refusal", "product", 1) in {tuple(row) for row in unjudged}
            assert await bus.violations() == []

            await bus.publish(a_register())
            await eventually(found(bus, rule="supply-refusal", status="closed"), within=120)

            granted = {"rule": "supply-refusal", "hospital": "H1", **YEAR}
            await bus.publish([an_event("exemption.granted", ago(hours=1), **granted)])
            await eventually(found(bus, rule="supply-refusal", exempt=True), within=120)

            still = await bus.connection.fetchval(
                "SELECT sum(count) FROM compliance.unjudged_count"
            )
            assert still == 0


async def test_an_order_hears_of_the_agreement_that_it_names_whoever_signed_it(
    kafka: str, database: str
) -> None:
    placed = an_event("order.placed", ago(hours=30), agreement="A9")
    elsewhere = an_event("agreement.signed", ago(days=201), agreement="A9", hospital="H9", **YEAR)
    async with live(kafka, database) as bus:
        with bus.worker():
            await bus.publish([*a_register(), placed])
            await bus.settled(5)
            assert await bus.violations() == []

            await bus.publish([elsewhere])
            await eventually(found(bus, rule="late-response", order="O1"), within=120)


async def test_a_late_fact_withdraws_what_it_disproves_and_says_so_on_the_bus(
    kafka: str, database: str
) -> None:
    placed = an_event("order.placed", ago(hours=30), urgency="urgent")
    async with live(kafka, database) as bus:
        with bus.worker():
            await bus.publish([*a_register(), placed])
            await eventually(found(bus, rule="late-response", status="open"), within=120)
            await bus.publish([an_event("order.accepted", ago(hours=29))])

            async def withdrawn() -> bool:
                return (await bus.changes())["withdrawn"] == 1

            await eventually(withdrawn, within=120)
            told = await told_of(bus, kafka)

    assert told["vbp.violation.opened.v1"] >= 1
    assert told["vbp.violation.withdrawn.v1"] == 1


async def told_of(bus: WorkerProcess, bootstrap: str) -> dict[str, int]:
    """Count the messages about this test's violations on the bus, by type, once they are there."""

    async def sent() -> bool:
        return not await bus.connection.fetchval("SELECT count(*) FROM compliance.outbox")

    await eventually(sent, within=120)
    # Another test's order of the same code has violations of the same ids on the same topic, and
    # other lines of history.
    rows = await bus.connection.fetch("SELECT violation AS id, seq, hash FROM compliance.history")
    mine = {message_id(row).encode() for row in rows}
    consumer = bus_adapter.consumer(bootstrap)
    consumer.subscribe([topics.VIOLATIONS])
    await consumer.start()
    told: dict[str, int] = {}
    while batch := await consumer.getmany(timeout_ms=2_000):
        for record in (record for records in batch.values() for record in records):
            headers = dict(record.headers)
            # Other tests tell what is no message of ours: the topic is open to them too.
            if headers.get("ce_id") in mine:
                kind = headers["ce_type"].decode()
                told[kind] = told.get(kind, 0) + 1
    await consumer.stop()
    return told


GOOD = an_event("order.placed", ago(hours=3), order="GOOD", unit_price="9.99")
JSON = ("content-type", b"application/json")


def spoilt(value: bytes, **headers: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    kept = dict(headers_of(GOOD)) | headers
    return value, list(kept.items())


def changed(**fields: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(GOOD.raw) | fields)


BAD: dict[str, tuple[bytes | None, Any]] = {
    "not JSON": spoilt(b"nonsense"),
    "bad UTF-8": spoilt(b'{"order": "\xff\xfe"}'),
    "no mode": (GOOD.raw, [JSON]),
    "batch mode": (b"[]", [("content-type", b"application/cloudevents-batch+json")]),
    "missing field": spoilt(b'{"jurisdiction": "cn-sx"}'),
    "wrong type": spoilt(changed(quantity="many")),
    "naive time": spoilt(GOOD.raw, ce_time=b"2026-01-01T00:00:00"),
    "far future": spoilt(GOOD.raw, ce_time=b"2999-01-01T00:00:00Z"),
    "unknown type": spoilt(GOOD.raw, ce_type=b"vbp.order.dreamt.v1"),
    "other topic": spoilt(GOOD.raw, ce_type=b"vbp.stock.reported.v1"),
    "empty value": (None, headers_of(GOOD)),
    "five megabytes": spoilt(changed(agreement="x" * 5_000_000)),
    "bad decimal": spoilt(changed(unit_price="1,50")),
    "negative quantity": spoilt(changed(quantity=-1)),
    "unknown jurisdiction": spoilt(changed(jurisdiction="cn-xx")),
}


async def test_bad_input_is_kept_with_its_reason_and_the_good_around_it_is_judged(
    kafka: str, database: str
) -> None:
    async with live(kafka, database) as bus:
        await bus.publish(a_register())
        await bus.publish_raw(topics.ORDERS.name, *BAD.values())
        await bus.publish([GOOD])
        with bus.worker():
            await eventually(found(bus, rule="selected-price", order="GOOD"), within=60)
            letters = await bus.connection.fetch(
                "SELECT value, field, reason, told FROM compliance.dead_letter ORDER BY told"
            )

    assert len(letters) == len(BAD)
    assert {row["value"] for row in letters} == {value for value, _ in BAD.values()}
    for row in letters:
        assert row["field"]
        assert row["reason"].startswith(f"{row['field']}: ")


async def test_a_worker_to_which_all_is_invalid_stops_with_seventy(
    kafka: str, database: str
) -> None:
    async with live(kafka, database) as bus:
        bad = [spoilt(b"nonsense")] * intake.RUN
        await bus.publish_raw(topics.FUNDS.name, *bad)
        with bus.worker() as worker:
            assert worker.wait(60) == 70
        assert await bus.read() < intake.RUN
        with bus.worker(VBP_ACCEPT_DEAD_LETTERS=str(intake.RUN)):
            await bus.settled(intake.RUN)
