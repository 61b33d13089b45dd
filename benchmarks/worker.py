"""Events a second from Kafka to committed violations, beside the floor, in one run.

The floor is what any worker must do: consume, decode, COPY the raw facts with their positions.
Both read the same topics of the local stack; the ratio is what counts, machines are noisy.
"""

import argparse
import asyncio
import gc
import logging
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry
from typing_extensions import override

from deploy.local.stack import LocalStack
from services.compliance import policy, preparation, storage
from services.compliance.consumer import FETCH_BYTES, MOST, Reader
from services.compliance.intake import Batch, Intake, Limit, Span
from services.compliance.metrics import WorkerMetrics
from services.compliance.replay import Replay
from services.compliance.settings import Settings
from services.sources.province import Plan, simulate
from shared.adapters import kafka
from shared.adapters.postgres import Connection
from shared.domain import cloudevents, topics
from shared.domain.cloudevents import Event

POLICIES = policy.load()


class Figures(WorkerMetrics):
    """Notes when the first batch began, and where the time of the batches went."""

    def __init__(self) -> None:
        super().__init__(CollectorRegistry())
        self.began = 0.0
        self.batches = 0

    @override
    def batch(self, batch: Batch, turn: object, seconds: float) -> None:
        """Note a batch."""
        if not self.batches:
            self.began = time.perf_counter() - seconds
        self.batches += 1


async def publish(bootstrap: str, events: list[Event]) -> None:
    """Put the events on their topics."""
    producer = await kafka.producer(bootstrap)
    began = time.perf_counter()
    for start in range(0, len(events), 2_000):
        await asyncio.gather(*await kafka.publish(producer, events[start : start + 2_000]))
    await producer.stop()
    _say("published", len(events), time.perf_counter() - began)


async def floor(settings: Settings, count: int) -> float:
    """Consume, decode, COPY; gives the seconds from the first batch on."""
    consumer = kafka.consumer(
        settings.kafka, fetch_max_wait_ms=100, max_partition_fetch_bytes=FETCH_BYTES
    )
    await consumer.start()
    consumer.assign([TopicPartition(t.name, n) for t in topics.INPUTS for n in range(t.partitions)])
    connection = await asyncpg.connect(settings.database)
    await connection.execute(
        "CREATE TABLE public.floor (LIKE compliance.fact INCLUDING ALL);"
        "CREATE TABLE public.place (topic text, partition int, next_offset bigint)"
    )
    intake, done, began = Intake(POLICIES.jurisdictions, Limit(count)), 0, 0.0
    flight: asyncio.Task[None] | None = None
    while done < count:
        fetched = await consumer.getmany(timeout_ms=100, max_records=MOST)
        began = began or time.perf_counter()
        spans = [
            Span(tp.topic, tp.partition, 0, rows[0].offset, rows[-1].offset + 1)
            for tp, rows in fetched.items()
        ]
        records = [record for rows in fetched.values() for record in rows]
        batch = intake.read(spans, records, datetime.now(UTC))
        if flight is not None:
            await flight
        flight = asyncio.create_task(_copy(connection, batch))
        done += len(records)
    if flight is not None:
        await flight
    seconds = time.perf_counter() - began
    await consumer.stop()
    await connection.close()
    return seconds


async def _copy(connection: Connection, batch: Batch) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = off")
        await connection.copy_records_to_table("floor", records=map(storage.fact_row, batch.events))
        places = [(span.topic, span.partition, span.next) for span in batch.spans]
        await connection.copy_records_to_table("place", records=places)


async def judge(settings: Settings, count: int) -> tuple[float, float, Figures]:
    """Run the worker; gives seconds to the last position, and until nothing is due any more."""
    figures = Figures()
    reader = Reader(settings, POLICIES, figures, "bench")
    running = asyncio.create_task(reader.run())
    connection = await asyncpg.connect(settings.database)
    committed = 0.0
    while True:
        await asyncio.sleep(0.05)
        if running.done():
            running.result()
        if not committed:
            done = await connection.fetchval("SELECT sum(next_offset) FROM compliance.position")
            if done < count:
                continue
            committed = time.perf_counter() - figures.began
        if await connection.fetchval(SETTLED):
            break
    settled = time.perf_counter() - figures.began
    reader.stop()
    await running
    await connection.close()
    return committed, settled, figures


SETTLED = """
SELECT (SELECT min(heard_until) > now() - interval '2 seconds' FROM compliance.position)
   AND NOT EXISTS (SELECT FROM compliance.touch)
   AND NOT EXISTS (SELECT FROM compliance.look_again
                   WHERE look_at < now() - interval '1 second'
                      OR hear_at < now() - interval '2 seconds')
"""


def replay(lines: list[bytes], now: datetime) -> tuple[float, float, int]:
    """Judge the same archive in process; gives seconds to read, to judge, and the violations."""
    began = time.perf_counter()
    events = [cloudevents.read_structured(line, None, 0, n) for n, line in enumerate(lines)]
    read = time.perf_counter()
    archive = Replay(POLICIES, now)
    for event in events:
        archive.tell(event)
    found = archive.violations()
    return read - began, time.perf_counter() - read, len(found)


async def run(orders: int) -> None:
    """Measure everything once."""
    now = datetime.now(UTC)
    lines = list(simulate(Plan(until=now, orders=orders)).events)
    count = len(lines)
    read, judged, found = replay(lines, now)
    _say("replay: read", count, read)
    _say(f"replay: merge and judge ({found} violations)", count, judged)
    _say("replay: all", count, read + judged)
    events = [cloudevents.read_structured(line) for line in lines]
    with tempfile.TemporaryDirectory() as data, LocalStack(Path(data)) as stack:
        settings = Settings(database=stack.database, kafka=stack.kafka)
        await preparation.migrate(settings)
        await preparation.create_topics(settings)
        await preparation.prepare(settings, POLICIES)
        await publish(settings.kafka, events)
        lowest = await floor(settings, count)
        _say("floor: consume, decode, COPY", count, lowest)
        await asyncio.sleep(10)
        committed, settled, figures = await judge(settings, count)
        _say(f"worker: committed, {figures.batches} batches", count, committed)
        _say("worker: and nothing due any more", count, settled)
        sys.stdout.write(f"{'ratio to the floor':<48}{lowest / committed:>12.2f}\n")


def _say(what: str, count: int, seconds: float) -> None:
    sys.stdout.write(f"{what:<48}{count / seconds:>12,.0f} events/s{seconds:>8.2f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    gc.disable()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=40_000)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(run(parser.parse_args().orders))
