"""Whatever bytes a publisher puts on a topic end as an event or a dead letter; nothing stops."""

import asyncio
from random import Random
from typing import Any

import psutil
import pytest

from shared.adapters import kafka as bus_adapter
from shared.domain import topics
from shared.domain.cloudevents import Event, headers_of
from tests.support.events import an_event
from tests.support.raw_batches import CODECS, Message, a_batch, send
from tests.support.workers.in_process import WorkerProcess, eventually, live

pytestmark = pytest.mark.integration

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
]
MEMORY = 300 << 20


def good(order: str) -> list[Event]:
    return [
        an_event("order.placed", "2022-03-01 09:00:00", order=order),
        an_event("order.rejected", "2022-03-01 10:00:00", order=order, reason="price"),
    ]


def spoilt(chance: Random) -> Message:
    """A message of a valid event with something odd in its key, value, headers or time."""
    event = good(f"ODD{chance.random()}")[0]
    headers: list[tuple[bytes, Any]] = [(name.encode(), value) for name, value in headers_of(event)]
    odd: list[tuple[bytes, Any]] = [
        *((name.encode(), None) for name in ("ce_id", "ce_type", "ce_time", "ce_specversion")),
        (b"caf\xe9", b"x"),
        (b"\xff" * 300, None),
        (b"", b""),
        (b"content-type", None),
        (b"ce_recordedtime", None),
        (b"ce_recordedtime", b"0001-01-01T00:00:00Z"),
        (b"ce_time", b"9999-12-31T23:59:59-23:59"),
        (b"ce_id", b"\xff\x00"),
        (b"dlq.reason", b"\xfe"),
    ]
    chance.shuffle(headers)
    headers += chance.sample(odd, chance.randrange(4))
    value = chance.choice([event.raw, event.raw, None, b"", b"\xff\xfe", b"{}", b"[" * 100_000])
    stamp = chance.choice([-1, 0, 1, -(2**61), 2**61, 253_402_300_800_000])
    return Message(value, chance.choice([None, b"", b"\xff"]), headers, stamp)


async def dead_letters(
    bus: WorkerProcess, bootstrap: str, count: int
) -> dict[tuple[str, str], Any]:
    """The dead letters of this test's messages on their topic, by partition and offset."""
    consumer = bus_adapter.consumer(bootstrap)
    consumer.subscribe([topics.DEAD_LETTERS])
    await consumer.start()
    found: dict[tuple[str, str], Any] = {}
    try:
        async with asyncio.timeout(60):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        said = dict(record.headers)
                        place = (said["dlq.partition"].decode(), said["dlq.offset"].decode())
                        if said["dlq.topic"] == b"vbp.orders.v1" and bus_holds(bus, place):
                            found[place] = record
    finally:
        await consumer.stop()
    return found


def bus_holds(bus: WorkerProcess, place: tuple[str, str]) -> bool:
    return int(place[1]) >= bus.began["vbp.orders.v1", int(place[0])]


async def test_whatever_a_publisher_writes_the_worker_goes_on_and_the_good_is_judged(
    kafka: str, database: str
) -> None:
    chance = Random(7)
    async with live(kafka, database) as bus:
        await bus.publish(REGISTER)
        count = 0
        for number in range(40):
            codec = chance.choice(sorted(CODECS))
            messages = [spoilt(chance) for _ in range(chance.randint(1, 5))]
            await send(kafka, "vbp.orders.v1", number % 8, a_batch(messages, codec), len(messages))
            count += len(messages)
        bomb = a_batch([Message(b"\0" * (100 << 20))], "gzip")
        large = a_batch([Message(b"x" * (8_388_608 - 200))])
        await bus.publish(good("GOOD"))
        with bus.worker(VBP_ACCEPT_DEAD_LETTERS="1000") as worker:
            await bus.settled(len(REGISTER) + count + 2)
            await send(kafka, "vbp.orders.v1", 1, large, 1)
            await send(kafka, "vbp.orders.v1", 2, bomb, 1)
            await bus.publish(good("LAST"))
            await eventually(lambda: refused_both(bus), within=60)

            async def all_sent() -> bool:
                query = "SELECT count(*) FROM compliance.dead_letter WHERE sent_at IS NULL"
                return bool(await bus.connection.fetchval(query) == 0)

            await eventually(all_sent, within=60)
            assert worker.is_running()
            assert peak(worker) < MEMORY
        letters = await bus.connection.fetch("SELECT * FROM compliance.dead_letter")
        facts = await bus.connection.fetchval("SELECT count(*) FROM compliance.fact")
        read = await bus.read()
        told = await dead_letters(bus, kafka, len(letters))

    assert facts + len(letters) == read
    assert len(letters) > count // 2
    for letter in letters:
        message = told[str(letter["partition"]), str(letter["offset"])]
        said = dict(message.headers)
        if letter["value"] is not None and len(letter["value"]) > 7 << 20:
            assert said["dlq.bytes"].isdigit()
            assert len(said["dlq.sha256"]) == 64
            assert letter["value"].startswith(message.value)
        else:
            assert (message.value or b"") == (letter["value"] or b"")
    assert any("dlq.sha256" in dict(message.headers) for message in told.values())


async def refused_both(bus: WorkerProcess) -> bool:
    found = {one["order"] for one in await bus.violations() if one["rule"] == "supply-refusal"}
    return found >= {"GOOD", "LAST"}


def peak(worker: psutil.Popen) -> int:
    """The most memory that a process ever had, in bytes."""
    with open(f"/proc/{worker.pid}/status", encoding="utf-8") as status:  # noqa: PTH123
        (line,) = (line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10
