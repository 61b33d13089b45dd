"""What a worker keeps in memory while events pass: `python -m benchmarks.memory`.

Goal (design.md §10): 300 MiB at most, whatever is stored. By hand: two million events take minutes.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import provinces
from benchmarks.feeder import feeding, working
from benchmarks.worker import fresh
from deploy.local.stack import LocalStack
from services.compliance.settings import Settings
from shared.adapters import postgres

GOAL = 300
"""MiB of resident memory."""

MIB = 1024 * 1024
LINES = 20
LOOK = 0.25
"""Seconds between two looks at the worker."""

QUIET = 5.0
"""Seconds without a commit, at the end of all topics, after which all counts as judged."""

READ = "SELECT sum(next_offset) AS read, sum(end_offset) AS told FROM compliance.position"

EVENTS_AN_ORDER = 5
"""About as many events does the province tell of an order."""

LARGE, WIDER = 1_000_000, 10
"""A province of so many events is as many times as wide as a simulated one."""


async def run(events: int) -> None:
    """Let about so many events pass, and print the resident memory as they do."""
    until, times = datetime.now(UTC), WIDER if events >= LARGE else 1
    orders = max(provinces.IN_SMALL, events // EVENTS_AN_ORDER // times)
    with tempfile.TemporaryDirectory() as data, LocalStack(Path(data)) as stack:
        settings = await fresh(stack, "memory")
        with (
            working(settings) as worker,
            feeding(settings.kafka, until, orders, times=times) as feeder,
        ):
            most = await _watch(settings, worker, feeder.is_alive, events // LINES)
    met = "met" if most <= GOAL * MIB else "NOT met"
    sys.stdout.write(f"most: {most / MIB:.0f} MiB (goal {GOAL}: {met})\n")


async def _watch(
    settings: Settings, worker: psutil.Process, alive: Callable[[], bool], step: int
) -> int:
    connection = await postgres.connect(settings.database)
    began = moved = time.monotonic()
    most, read, told = 0, 0, 0
    sys.stdout.write(f"{'events':>12}{'MiB':>8}{'most':>8}{'seconds':>9}\n")
    behind = True
    while behind or time.monotonic() - moved < QUIET or alive():
        resident = worker.memory_info().rss
        most = max(most, resident)
        now, published = await connection.fetchrow(READ) or (0, 0)
        behind = now < published
        if now != read:
            read, moved = now, time.monotonic()
        if read >= told + step:
            told = read
            figures = f"{resident / MIB:>8.0f}{most / MIB:>8.0f}{time.monotonic() - began:>9.0f}"
            sys.stdout.write(f"{read:>12,}{figures}\n")
            sys.stdout.flush()
        await asyncio.sleep(LOOK)
    await connection.close()
    return most


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--small", action="store_true", help="see once that it all runs")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    given = parser.parse_args()
    asyncio.run(run(provinces.IN_SMALL * EVENTS_AN_ORDER if given.small else given.events))
