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
from urllib.parse import urlsplit

import asyncpg
from aiokafka import TopicPartition

from benchmarks import crew, provinces, rules
from benchmarks.crew import Result
from deploy.local.stack import LocalStack
from services.compliance.judging.replay import Replay
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage import facts, schema
from services.compliance.storage.facts import Batch
from services.compliance.storage.positions import Span
from services.compliance.worker.intake import Intake, Limit
from services.compliance.worker.pace import AT_MOST
from services.compliance.worker.service import SETTLE
from shared.adapters import kafka
from shared.adapters.postgres import Connection
from shared.domain import cloudevents, topics
from shared.domain.cloudevents import Event

POLICIES = policy.load()
CREWS = ((1, "one worker"), (2, "two workers"), (3, "three workers"))


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
    consumer = kafka.consumer(settings.kafka, fetch_max_wait_ms=100)
    await consumer.start()
    consumer.assign([TopicPartition(*place) for place in topics.PLACES])
    connection = await asyncpg.connect(settings.database)
    await connection.execute(
        "CREATE TABLE public.floor (LIKE compliance.fact INCLUDING ALL);"
        "CREATE TABLE public.place (topic text, partition int, next_offset bigint)"
    )
    intake, done, began = Intake(POLICIES.jurisdictions, Limit(count)), 0, 0.0
    flight: asyncio.Task[None] | None = None
    while done < count:
        fetched = await consumer.getmany(timeout_ms=100, max_records=AT_MOST)
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
        await connection.copy_records_to_table("floor", records=map(facts.fact_row, batch.events))
        places = [(span.topic, span.partition, span.next) for span in batch.spans]
        await connection.copy_records_to_table("place", records=places)


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


async def run(orders: int, *, small: bool = False) -> None:
    """Measure everything once; in `small` only one crew."""
    now = datetime.now(UTC)
    lines = list(provinces.lines(orders, now))
    count = len(lines)
    read, judged, found = replay(lines, now)
    _say("replay: read", count, read)
    _say(f"replay: merge and judge ({found} violations)", count, judged)
    _say("replay: all", count, read + judged)
    events = [cloudevents.read_structured(line) for line in lines]
    for rule, cost in rules.costs(events, POLICIES, now).items():
        sys.stdout.write(f"rule {rule:<43}{cost:>12.3f} microseconds an event\n")
    _compare("all rules", *rules.beside_the_first(events, POLICIES, now))
    with tempfile.NamedTemporaryFile() as archive:
        archive.write(b"\n".join(lines))
        archive.flush()
        told = rules.archives_beside_the_first(Path(archive.name), POLICIES, now)
    _compare("vbp replay on all processors", *told)
    with tempfile.TemporaryDirectory() as data, LocalStack(Path(data)) as stack:
        settings = await fresh(stack, "floor")
        await publish(settings.kafka, events)
        lowest = await floor(settings, count)
        _say("floor: consume, decode, COPY", count, lowest)
        # Silence counts only so long after a fact was told; then what is due is due at once.
        await asyncio.sleep(0 if small else SETTLE.total_seconds())
        for workers, name in CREWS[-1:] if small else CREWS:
            settings = await fresh(stack, f"workers_{workers}")
            result = await crew.judge(settings, count, workers)
            _say(f"{name}: committed", count, result.committed)
            _say(f"{name}: and nothing due any more", count, result.settled)
            _tell(name, count, lowest, result)


def _compare(name: str, every: float, first: float) -> None:
    sys.stdout.write(
        f"{name}: {every:.1f} microseconds an event, the first eight alone: {first:.1f}; "
        f"ratio {every / first:.2f}\n"
    )


async def fresh(stack: LocalStack, name: str) -> Settings:
    """Prepare a database of its own, in which nothing was read yet."""
    connection = await asyncpg.connect(stack.database)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    database = urlsplit(stack.database)._replace(path=f"/{name}").geturl()
    settings = Settings(database=database, kafka=stack.kafka, group=f"bench-{name}")
    await schema.migrate(settings)
    await schema.create_topics(settings)
    await schema.prepare(settings, POLICIES)
    return settings


def _tell(name: str, count: int, lowest: float, result: Result) -> None:
    """Tell the ratio to the floor, and where the time of the workers went."""
    reports = result.reports
    batches, conflicts = (sum(column) for column in zip(*(r[:2] for r in reports), strict=True))
    sys.stdout.write(
        f"{name + ': ratio to the floor':<48}{lowest / result.committed:>12.2f}\n"
        f"{name}: {batches} batches, {conflicts} conflicts; microseconds an event of a worker: "
    )
    parts = {part: sum(report.parts.get(part, 0.0) for report in reports) for part in crew.PARTS}
    parts = {"CPU": sum(report.cpu for report in reports), **parts}
    parts["all"] = result.committed * len(reports)
    said = (f"{part} {seconds / count * 1e6:.1f}" for part, seconds in parts.items())
    sys.stdout.write(", ".join(said) + "\n")


def _say(what: str, count: int, seconds: float) -> None:
    sys.stdout.write(f"{what:<48}{count / seconds:>12,.0f} events/s{seconds:>8.2f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    gc.disable()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=40_000)
    parser.add_argument("--small", action="store_true", help="see once that it all runs")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    given = parser.parse_args()
    asyncio.run(run(provinces.IN_SMALL if given.small else given.orders, small=given.small))
