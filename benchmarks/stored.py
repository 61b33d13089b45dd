"""What an event costs when millions of orders are stored: `python -m benchmarks.stored`.

Goal (design.md §10): at 10 million stored orders at most 1.2 times what it costs at 100,000. By
hand: the larger one needs some 15 GB on disk and a quarter of an hour. The orders stored are copies
of judged ones under other names, of other hospitals as a larger province would have them, so that
indexes and tables are as large as real ones would be; the events timed are new ones of the same
province.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import crew, provinces
from benchmarks.worker import fresh, publish
from deploy.local.stack import LocalStack
from shared.adapters import postgres
from shared.domain.cloudevents import Event, read_structured

GOAL = 1.2
SIZES = (100_000, 10_000_000)
AT_ONCE = 250_000

COPY = """
INSERT INTO compliance.dossier
SELECT jurisdiction, kind, key || '~' || copy, product, hospital || '~' || copy, area, awaits,
       version, law, record, judgement
FROM (SELECT * FROM compliance.dossier WHERE kind = 'order' AND key NOT LIKE '%~%') AS judged,
     generate_series($1::int, $2::int) AS copy
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'compliance' AND tablename = 'dossier' AND indexname <> 'dossier_pkey'
"""
WATCH = """
INSERT INTO compliance.look_again
SELECT jurisdiction, kind, key, '2100-01-01', NULL FROM compliance.dossier
WHERE kind = 'order' AND key LIKE '%~%' AND hashtext(key) % 10 = 0
"""


async def run(orders: int, sizes: tuple[int, ...], *, settle: bool = True) -> None:
    """Measure at each size in a stack of its own, and compare the last with the first."""
    until = datetime.now(UTC)
    events = list(map(read_structured, provinces.lines(orders, until)))
    costs = [await _cost(events, size, settle=settle) for size in sizes]
    ratio = costs[-1] / costs[0]
    met = "met" if ratio <= GOAL else "NOT met"
    sys.stdout.write(f"{sizes[-1]:,} against {sizes[0]:,}: {ratio:.2f} (goal {GOAL}: {met})\n")


async def _cost(events: list[Event], size: int, *, settle: bool) -> float:
    """Give microseconds an event with so many orders stored.

    With `settle` everything due of what is stored is judged before the time begins.
    """
    placed = [place for place, event in enumerate(events) if event.type == "vbp.order.placed.v1"]
    middle = placed[len(placed) // 2]
    stored, timed = events[:middle], events[middle:]
    with tempfile.TemporaryDirectory() as data, LocalStack(Path(data)) as stack:
        settings = await fresh(stack, "stored")
        await publish(settings.kafka, stored)
        await crew.judge(settings, len(stored), 1, settle=settle)
        began = time.perf_counter()
        rows = await _multiply(settings.database, size)
        sys.stdout.write(f"{rows:,} orders stored after {time.perf_counter() - began:.0f} s\n")
        await publish(settings.kafka, timed)
        result = await crew.judge(settings, len(events), 1, settle=False)
    cost = result.committed / len(timed) * 1e6
    sys.stdout.write(f"{rows:,} orders stored: {cost:.1f} microseconds an event\n")
    (report,) = result.reports
    spent = {"CPU of the worker": report.cpu, **report.parts}
    said = (f"{part} {seconds / len(timed) * 1e6:.1f}" for part, seconds in spent.items())
    sys.stdout.write(f"of it {', '.join(said)}\n")
    sys.stdout.flush()
    return cost


async def _multiply(database: str, size: int) -> int:
    connection = await postgres.connect(database)
    count = "SELECT count(*) FROM compliance.dossier WHERE kind = 'order'"
    judged = int(await connection.fetchval(count))
    copies, at_once = max(0, size // judged - 1), max(1, AT_ONCE // judged)
    # Row by row into each index would take most of the time.
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"DROP INDEX compliance.{index['indexname']}")
    for first in range(1, copies + 1, at_once):
        await connection.execute(COPY, first, min(copies, first + at_once - 1))
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.execute(WATCH)
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    rows = int(await connection.fetchval(count))
    await connection.close()
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=40_000, help="of the province simulated")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="orders stored")
    parser.add_argument("--small", action="store_true", help="see once that it all runs")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    given = parser.parse_args()
    if given.small:
        given.orders, given.sizes = provinces.IN_SMALL, [200]
    asyncio.run(run(given.orders, tuple(given.sizes), settle=not given.small))
