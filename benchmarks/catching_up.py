"""How long the workers of orders and delivery take to catch up: `python -m benchmarks.catching_up`.

Goal: 130,000 events, as many as the demo has, within 45 s on two cores, while the compliance worker
judges the same events beside them. All three are run as they are run for real, and begin when all
has been published.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import psutil

from benchmarks import provinces
from benchmarks.feeder import working
from benchmarks.worker import fresh, publish
from deploy.local.stack import LocalStack
from services.commands.setup import migrate_all
from services.orders import worker as orders
from shared.adapters import postgres
from shared.domain.cloudevents import Event, read_structured
from shared.domain.topics import FUNDS

GOAL = 45.0
"""Seconds for both."""

EVENTS = 130_000
PATIENCE = 900.0
LOOK = 0.2
TOPICS = {
    "orders": set(orders.SUBJECT.topics),
    "delivery": set(orders.SUBJECT.topics) - {FUNDS.name},
}
READ = "SELECT coalesce(sum(next_offset), 0)::bigint FROM {service}.position"


async def run(count: int) -> None:
    """Measure once, and print the seconds until each worker has read all of its topics."""
    now = datetime.now(UTC)
    lines = provinces.lines(count // 3, now)
    events = list(islice(map(read_structured, lines), count))
    with tempfile.TemporaryDirectory() as data, LocalStack(Path(data)) as stack:
        settings = await fresh(stack, "catching_up")
        await migrate_all(settings)
        await publish(settings.kafka, events)
        with ExitStack() as stopping:
            began = time.perf_counter()
            workers = {
                name: stopping.enter_context(working(settings, name))
                for name in ("compliance", *TOPICS)
            }
            took = await _catching_up(settings.database, events, workers, began)
    met = "met" if max(took.values()) <= GOAL else "NOT met"
    sys.stdout.write(f"both: {max(took.values()):.1f} s (goal {GOAL:.0f}: {met})\n")


async def _catching_up(
    database: str, events: list[Event], workers: dict[str, psutil.Process], began: float
) -> dict[str, float]:
    """Give how many seconds each of the two took; told with what all took of the processor."""
    told = Counter(event.topic for event in events)
    wanted = {name: sum(told[topic] for topic in topics) for name, topics in TOPICS.items()}
    took: dict[str, float] = {}
    connection = await postgres.connect(database)
    async with asyncio.timeout(PATIENCE):
        while wanted.keys() > took.keys():
            await asyncio.sleep(LOOK)
            for name in wanted.keys() - took.keys():
                if await connection.fetchval(READ.format(service=name)) >= wanted[name]:
                    took[name] = time.perf_counter() - began
                    sys.stdout.write(f"{name}: {wanted[name]:,} events in {took[name]:.1f} s\n")
    judged = await connection.fetchval(READ.format(service="compliance"))
    await connection.close()
    sys.stdout.write(f"compliance has judged {judged:,} of {len(events):,} meanwhile\n")
    for name, worker in workers.items():
        spent = worker.cpu_times()
        sys.stdout.write(f"{name}: {spent.user + spent.system:.1f} s of the processor\n")
    return took


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--small", action="store_true", help="see once that it all runs")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    given = parser.parse_args()
    asyncio.run(run(3 * provinces.IN_SMALL if given.small else given.events))
