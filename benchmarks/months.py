"""Answers about months of a province of a million orders: `python -m benchmarks.months`.

Goal: each within 300 ms. What the workers would keep of so many orders is written straight into
their tables: one order in three hundred hospitals, two hundred products, twelve months.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

from deploy.local.stack import LocalStack
from services.commands.setup import migrate_all
from services.compliance.settings import Settings
from services.delivery import answers as delivery
from services.delivery.scorecards import CardsAsked, scorecards
from services.delivery.shipments import ShipmentsAsked, shipments
from services.orders import answers as orders
from services.orders.life import life
from services.orders.progress import ProgressAsked, progress
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.adapters.reading import Database

GOAL_MS = 300
TIMES = 12
TODAY = date(2022, 12, 20)
NOW = datetime(2022, 12, 20, 12, tzinfo=UTC)

FILL = """
CREATE TEMP TABLE made AS
SELECT n, 'O' || n AS "order", 'H' || n % 300 AS hospital, 'P' || (n / 300) % 200 AS product,
       (n % 300 % 11 + 1401)::text AS area, 'D' || n % 37 AS distributor, 202201 + n % 12 AS month,
       'M' || (n / 300) % 60 AS manufacturer, (n % 300 % 7 = 0)::int AS remote, n % 60 AS hours
FROM generate_series(1, $1::int) AS n;
"""

STATEMENTS = (
    """
INSERT INTO orders.agreement (jurisdiction, agreement, product, hospital, quantity, since, until,
                              unit_price, body, area, price)
SELECT 'cn-sx', hospital || product, product, hospital, 12000, '2022-01-01', '2023-01-01', 0.36, '',
       min(area), 0.36
FROM made GROUP BY product, hospital
""",
    """
INSERT INTO orders.purchase
SELECT 'cn-sx', month, hospital, area, product, count(*), 100 * count(*), 0, 99 * count(*), 1,
       36 * count(*), 35 * count(*), 0.36
FROM made GROUP BY month, hospital, area, product
""",
    """
INSERT INTO orders.purchase
SELECT 'cn-sx', month, '', area, product, sum(orders), sum(ordered), 0, sum(accepted),
       sum(returned), sum(ordered_amount), sum(accepted_amount), sum(returned_amount)
FROM orders.purchase GROUP BY month, area, product
""",
    """
INSERT INTO orders.completion
SELECT 'cn-sx', hospital || product, month, accepted, returned, accepted_amount, returned_amount
FROM orders.purchase WHERE hospital <> ''
""",
    """
INSERT INTO orders.completion
SELECT jurisdiction, agreement, 0, sum(accepted), sum(returned), sum(accepted_amount),
       sum(returned_amount)
FROM orders.completion GROUP BY jurisdiction, agreement
""",
    """
INSERT INTO orders.kept
SELECT 'cn-sx', "order", product, hospital, NULL, '\\x90', '\\x90' FROM made
""",
    """
INSERT INTO delivery.kept
SELECT 'cn-sx', "order", product, hospital, NULL, '\\x90', '\\x90', month, area, distributor,
       manufacturer, remote, hours,
       timestamptz '2022-01-02' + (month % 100 - 1) * interval '30 days',
       timestamptz '2022-01-03' + (month % 100 - 1) * interval '30 days',
       timestamptz '2022-01-10' + (month % 100 - 1) * interval '30 days',
       1, 1, 1, 1, 1, 1, 1, 100, 99, 100, 0
FROM made
""",
    """
INSERT INTO delivery.card
SELECT 'cn-sx', month, distributor, area, remote, '', '', hours, count(*), count(*), count(*),
       count(*), count(*), count(*), count(*), 100 * count(*), 99 * count(*), 100 * count(*), 0
FROM made GROUP BY month, distributor, area, remote, hours
""",
    """
INSERT INTO delivery.card
SELECT 'cn-sx', month, '', '', -1, manufacturer, product, hours, count(*), count(*), count(*),
       count(*), count(*), count(*), count(*), 100 * count(*), 99 * count(*), 100 * count(*), 0
FROM made GROUP BY month, manufacturer, product, hours
""",
)


async def _fill(connection: Connection, count: int) -> None:
    await connection.execute(FILL.replace("$1", str(count)))
    for statement in STATEMENTS:
        await connection.execute(statement)
    for schema in ("orders", "delivery"):
        for table in ("kept", "agreement"):
            await connection.execute(f"VACUUM ANALYZE {schema}.{table}")
    for table in ("orders.purchase", "orders.completion", "delivery.card"):
        await connection.execute(f"VACUUM ANALYZE {table}")


async def run(count: int) -> bool:
    """Fill the tables, ask everything, and say how long it took; False if a goal was missed."""
    with tempfile.TemporaryDirectory(prefix="vbp-months-") as data, LocalStack(Path(data)) as stack:
        await migrate_all(Settings(kafka=stack.kafka, database=stack.database))
        connection = await postgres.connect(stack.database)
        began = time.perf_counter()
        await _fill(connection, count)
        sys.stdout.write(f"{count:,} orders in {time.perf_counter() - began:.0f} s\n")
        await connection.close()
        async with (
            Database(stack.database, "orders", orders.MIGRATIONS) as buying,
            Database(stack.database, "delivery", delivery.MIGRATIONS) as supplying,
        ):
            slow = [
                name
                for name, ask in _questions(buying, supplying).items()
                if await _asked(name, ask) > GOAL_MS
            ]
    return not slow


Ask = Callable[[], Awaitable[object]]


def _questions(buying: Database, supplying: Database) -> dict[str, Ask]:
    def bought(month: int, group: str, **of: str) -> Ask:
        asked = ProgressAsked("cn-sx", month, group, **of)  # type: ignore[arg-type]
        return lambda: progress(buying, asked, TODAY)

    def carded(first: int, last: int, group: str, **of: str) -> Ask:
        asked = CardsAsked("cn-sx", first, last, group, **of)  # type: ignore[arg-type]
        return lambda: scorecards(supplying, asked, NOW)

    return {
        "progress by area, this month": bought(202212, "area"),
        "progress by hospital, this month": bought(202212, "hospital"),
        "progress by product, half a year ago": bought(202206, "product"),
        "progress by area, the first month": bought(202201, "area"),
        "progress by month": bought(202212, "month"),
        "progress by product of a hospital": bought(202212, "product", hospital="H7"),
        "scorecards by distributor, a month": carded(202205, 202205, "distributor"),
        "scorecards by distributor, the year": carded(202201, 202212, "distributor"),
        "scorecards by product, the year": carded(202201, 202212, "product"),
        "scorecards by distributor, running": carded(202212, 202212, "distributor"),
        "scorecards by product of a distributor": carded(
            202201, 202210, "product", distributor="D7"
        ),
        "shipments of a distributor": lambda: shipments(
            supplying, ShipmentsAsked("cn-xx", distributor="D7")
        ),
        "an order that is not there": lambda: life(buying, "O0", None),
    }


async def _asked(name: str, ask: Ask) -> float:
    """Ask over and over; gives and says the 95th percentile, in milliseconds."""
    took = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1_000)
    worst = sorted(took[1:])[int(TIMES * 0.95)]
    met = "met" if worst <= GOAL_MS else "NOT met"
    sys.stdout.write(f"{name:42} p95 {worst:6.0f} ms (goal {GOAL_MS}: {met})\n")
    return worst


def main() -> None:
    """Run as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a small province, to see it run")
    parser.add_argument("--orders", type=int, default=1_000_000)
    asked = parser.parse_args()
    logging.basicConfig(level="WARNING")
    asyncio.run(run(20_000 if asked.small else asked.orders))


if __name__ == "__main__":
    main()
