"""Answers about months of a province of a million orders: `python -m benchmarks.months`.

Goal: each within 300 ms. What the workers would keep of so many orders is written straight into
their tables: of three hundred hospitals, two hundred products and twelve months in every mixture,
so that totals have as many rows as they can; orders come month by month, each with a record as
large as it is. They are asked on 20 December, when half of that month is not due yet.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from deploy.local.stack import LocalStack
from services.commands.setup import migrate_all
from services.compliance.settings import Settings
from services.delivery import answers as delivery
from services.delivery.lines import ANSWERS, CARD
from services.delivery.scorecards import CardsAsked, scorecards
from services.delivery.shipments import ShipmentsAsked, shipments
from services.orders import answers as orders
from services.orders.life import life
from services.orders.progress import ProgressAsked, progress
from services.orders.purchases import COMPLETION, PURCHASE
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.adapters.reading import Database
from shared.domain import cloudevents, examples
from shared.domain.records.order import Order
from shared.domain.records.telling import stored
from shared.tally.tables import Total

GOAL_MS = 300
TIMES = 12
TODAY = date(2022, 12, 20)
NOW = datetime(2022, 12, 20, 12, tzinfo=UTC)
STEPS = ("order.placed", "order.accepted", "shipment.dispatched", "delivery.received")
GIVEN_BYTES = 160
"""What an order contributes, as it is kept."""

MADE = """
CREATE TEMP TABLE made AS
SELECT 'cn-sx' AS jurisdiction, 'O' || n AS "order", 'H' || h AS hospital, 'P' || p AS product,
       (1401 + h % 11)::text AS area, 'D' || d AS distributor, 202201 + m AS month,
       'M' || p % 60 AS manufacturer, (h % 7 = 0)::int AS remote, hours,
       'H' || h || 'P' || p AS agreement, 20220001 + 100 * (1 + p % 3) AS since,
       20230001 + 100 * (1 + p % 3) AS until,
       make_timestamptz(2022, m + 1, 1, 8, 0, 0) + (n % 26) * interval '1 day' AS at
FROM (
    SELECT n, abs(hashint4(n) % 300) AS h, abs(hashint4(n + 1000000000) % 200) AS p,
           abs(hashint4(n + 2000000000) % 37) AS d, (n - 1) * 12 / {count} AS m,
           abs(hashint4(-1000000000 - n) % 60) AS hours
    FROM generate_series(1, {count}) AS n
) AS chance
"""

AGREEMENTS = """
INSERT INTO orders.agreement (jurisdiction, agreement, product, hospital, quantity, since, until,
                              unit_price, body, area, price)
SELECT DISTINCT jurisdiction, agreement, product, hospital, 12000, since::text::date,
       until::text::date, 0.36, ''::bytea, area, 0.36
FROM made
"""

KEPT = """
INSERT INTO {schema}.kept
SELECT jurisdiction, "order", product, hospital, NULL, $1::bytea, $2::bytea FROM made
"""

LINES = """
INSERT INTO delivery.line (jurisdiction, "order", area, distributor, manufacturer, product, month,
                           remote, hours, answer_at, due_at, cut_at, lines, asked, prompt, due,
                           on_time, owed, whole, ordered, delivered, checked, failed)
SELECT jurisdiction, "order", area, distributor, manufacturer, product, month, remote, hours,
       at + interval '1 day', at + interval '2 days', at + interval '9 days',
       1, 1, 1, 1, 1, 1, 1, 100, 99, 100, 0
FROM made
"""

TOTALS: tuple[tuple[str, Total, str, str], ...] = (
    (
        "orders",
        PURCHASE,
        "count(*), 100 * count(*), 0, 99 * count(*), 1, 36 * count(*), 35 * count(*), 0.36",
        "true",
    ),
    (
        "orders",
        COMPLETION,
        "99 * count(*), 1, 35 * count(*), 0.36",
        "month >= since / 100 AND month < until / 100",
    ),
    (
        "delivery",
        CARD,
        f"{'count(*), ' * 7} 100 * count(*), 99 * count(*), 100 * count(*), 0",
        "true",
    ),
    ("delivery", ANSWERS, "count(*)", "true"),
)
"""Schema, total, what its sums are and of which orders."""


TO_DATE = """(
    SELECT agreement, jurisdiction, since, until, later.month
    FROM made, generate_series(made.month, made.month / 100 * 100 + 12) AS later (month)
) AS to_date"""
"""What counts in a month, and in the later ones of its year."""


def _a_record() -> bytes:
    """Give an order that came to its end, as a worker keeps it."""
    order = Order()
    for step in STEPS:
        told = cloudevents.read_structured(msgspec.json.encode(examples.example(f"vbp.{step}.v1")))
        order.merge(stored(told), told.data)
    return msgspec.msgpack.encode(order)


async def _fill(connection: Connection, count: int) -> None:
    await connection.execute(MADE.format(count=count))
    await connection.execute(AGREEMENTS)
    await connection.execute(LINES)
    filled = ["orders.agreement", "delivery.line"]
    for schema in ("orders", "delivery"):
        await connection.execute(KEPT.format(schema=schema), _a_record(), bytes(GIVEN_BYTES))
        filled.append(f"{schema}.kept")
    for schema, total, sums, of in TOTALS:
        for table in total.tables:
            name, keys = f"{schema}.{table.name}", ", ".join(table.keys)
            columns = ", ".join((*table.keys, *(table.sums or total.sums)))
            source = TO_DATE if table.to_date else "made"
            await connection.execute(
                f"INSERT INTO {name} ({columns}) "  # noqa: S608  # names of ours
                f"SELECT {keys}, {sums} FROM {source} WHERE {of} GROUP BY {keys}"
            )
            filled.append(name)
    for name in filled:
        await connection.execute(f"VACUUM ANALYZE {name}")
    for name in filled:
        rows = await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608
        size = await connection.fetchval(f"SELECT pg_total_relation_size('{name}')")
        sys.stdout.write(f"{name:42} {rows:10,} rows {size / 2**20:8,.0f} MB\n")


async def run(dsn: str, count: int, times: int) -> bool:
    """Fill the tables, ask everything, and say how long it took; False if a goal was missed."""
    await migrate_all(Settings(database=dsn))
    connection = await postgres.connect(dsn)
    began = time.perf_counter()
    await _fill(connection, count)
    sys.stdout.write(f"{count:,} orders in {time.perf_counter() - began:.0f} s\n")
    await connection.close()
    async with (
        Database(dsn, "orders", orders.MIGRATIONS) as buying,
        Database(dsn, "delivery", delivery.MIGRATIONS) as supplying,
    ):
        slow = [
            name
            for name, ask in _questions(buying, supplying).items()
            if await _asked(name, ask, times) > GOAL_MS
        ]
    return not slow


Ask = Callable[[], Awaitable[object]]


def _questions(buying: Database, supplying: Database) -> dict[str, Ask]:
    def bought(month: int, group: str, **of: str) -> Ask:
        asked = ProgressAsked("cn-sx", month, group, **of)  # type: ignore[arg-type]
        return lambda: progress(buying, asked, TODAY)

    def carded(first: int, last: int, group: str, **of: object) -> Ask:
        asked = CardsAsked("cn-sx", first, last, group, **of)  # type: ignore[arg-type]
        return lambda: scorecards(supplying, asked, NOW)

    return {
        "progress by area, this month": bought(202212, "area"),
        "progress by hospital, this month": bought(202212, "hospital"),
        "progress by product, half a year ago": bought(202206, "product"),
        "progress by area, the first month": bought(202201, "area"),
        "progress by month": bought(202212, "month"),
        "progress by product of a hospital": bought(202207, "product", hospital="H7"),
        "progress by hospital of a product": bought(202207, "hospital", product="P7"),
        "progress by hospital of an area": bought(202212, "hospital", area="1403"),
        "progress by agreement, this month": bought(202212, "agreement"),
        "progress by agreement, half a year ago": bought(202206, "agreement"),
        "scorecards by distributor, a month": carded(202205, 202205, "distributor"),
        "scorecards by distributor, the year": carded(202201, 202210, "distributor"),
        "scorecards by product, the year": carded(202201, 202210, "product"),
        "scorecards by area, the year": carded(202201, 202210, "area"),
        "scorecards by remoteness, the year": carded(202201, 202210, "remote"),
        "scorecards by area of a distributor": carded(202201, 202210, "area", distributor="D7"),
        "scorecards by distributor of an area": carded(202201, 202210, "distributor", area="1403"),
        "scorecards by distributor, running": carded(202212, 202212, "distributor"),
        "scorecards by product, running": carded(202212, 202212, "product"),
        "scorecards by distributor, year to date": carded(202201, 202212, "distributor"),
        "scorecards by product of a distributor": carded(
            202201, 202210, "product", distributor="D7"
        ),
        "scorecards by distributor of a product": carded(
            202201, 202210, "distributor", product="P7"
        ),
        "scorecards by product of an area": carded(202201, 202210, "product", area="1403"),
        "scorecards by area of a manufacturer": carded(202201, 202210, "area", manufacturer="M7"),
        "scorecards by product where remote": carded(202201, 202210, "product", remote=True),
        "shipments of a distributor": lambda: shipments(
            supplying, ShipmentsAsked("cn-sx", distributor="D7")
        ),
        "shipments of a month to a hospital": lambda: shipments(
            supplying, ShipmentsAsked("cn-sx", month=202206, hospital="H7")
        ),
        "an order": lambda: life(buying, "O77", None),
        "an order that is not there": lambda: life(buying, "O0", None),
    }


async def _asked(name: str, ask: Ask, times: int) -> float:
    """Ask over and over; gives and says the 95th percentile, in milliseconds."""
    took = []
    for _ in range(times + 1):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1_000)
    worst = sorted(took[1:])[int(times * 0.95)]
    met = "met" if worst <= GOAL_MS else "NOT met"
    sys.stdout.write(f"{name:42} p95 {worst:6.0f} ms (goal {GOAL_MS}: {met})\n")
    return worst


def main() -> None:
    """Run as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a small province, to see it run")
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--database", help="an empty database to fill; else a server of its own")
    asked = parser.parse_args()
    if asked.small:
        asked.orders = 300
    logging.basicConfig(level="WARNING")
    with ExitStack() as held:
        dsn = asked.database
        if dsn is None:
            data = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="vbp-months-")))
            dsn = held.enter_context(LocalStack(data)).database
        asyncio.run(run(dsn, asked.orders, 1 if asked.small else TIMES))


if __name__ == "__main__":
    main()
