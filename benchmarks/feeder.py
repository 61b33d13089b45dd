"""A publisher and a worker in processes of their own: what they cost is told apart."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from benchmarks import provinces
from deploy.local.processes import free_ports
from services.compliance.settings import Settings
from shared.adapters import kafka
from shared.domain.cloudevents import Event, read_structured

SLICE = 0.02
"""Seconds between two handfuls of events: fine enough for a stream, coarse enough to keep up."""

AT_ONCE = 2_000
VBP = Path(sys.executable).with_name("vbp")


@contextmanager
def feeding(
    bootstrap: str, until: datetime, orders: int, rate: float | None = None, times: int = 1
) -> Iterator[BaseProcess]:
    """Publish a simulated past, `rate` events a second or as fast as it goes.

    `orders` are those of a province that is so many `times` as wide. The process ends when all is
    published, and is ended with the block.
    """
    feeder = get_context("spawn").Process(
        target=_feed, args=(bootstrap, until, orders, rate, times)
    )
    feeder.start()
    try:
        yield feeder
    finally:
        feeder.terminate()
        feeder.join()


@contextmanager
def working(settings: Settings, name: str = "compliance") -> Iterator[psutil.Process]:
    """Run a worker of a service as it is run for real; it is told to stop at the end."""
    told = {"VBP_DATABASE": settings.database, "VBP_KAFKA": settings.kafka}
    environment = {**os.environ, **told, "VBP_GROUP": settings.group, "VBP_LOG_LEVEL": "warning"}
    # Its metrics must not stand in the way of another worker's on this machine.
    (port,) = free_ports(1)
    command = [str(VBP), "worker", name, "--metrics-port", str(port)]
    with subprocess.Popen(command, env=environment) as worker:  # noqa: S603
        try:
            yield psutil.Process(worker.pid)
        finally:
            worker.terminate()


def _feed(bootstrap: str, until: datetime, orders: int, rate: float | None, times: int) -> None:
    lines = provinces.wide(orders, until, times)
    asyncio.run(_publish(bootstrap, map(read_structured, lines), rate))


async def _publish(bootstrap: str, events: Iterator[Event], rate: float | None) -> None:
    producer = await kafka.producer(bootstrap)
    began, sent = time.perf_counter(), 0
    handful = AT_ONCE if rate is None else max(1, round(rate * SLICE))
    while some := list(islice(events, handful)):
        await asyncio.gather(*await kafka.publish(producer, some))
        sent += len(some)
        if rate is not None:
            await asyncio.sleep(max(0.0, sent / rate - (time.perf_counter() - began)))
    await producer.stop()
