import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psutil
import pytest

from services.sources.province import Plan, simulate
from tests.support.workers.in_process import compared, live, read

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SHARE = 0.05
"""The part of the time in which a starved worker runs."""


@contextmanager
def starved(*workers: psutil.Popen) -> Iterator[None]:
    """Let workers run one twentieth of the time, in pieces of 20 milliseconds."""
    done = threading.Event()

    def starve() -> None:
        while not done.is_set():
            for worker in workers:
                worker.send_signal(signal.SIGCONT)
            time.sleep(0.02)
            for worker in workers:
                worker.send_signal(signal.SIGSTOP)
            done.wait(0.02 / SHARE - 0.02)
        for worker in workers:
            worker.send_signal(signal.SIGCONT)

    starving = threading.Thread(target=starve)
    starving.start()
    try:
        yield
    finally:
        done.set()
        starving.join()


async def test_two_workers_twenty_times_slower_come_to_the_end_and_keep_their_partitions(
    kafka: str, database: str
) -> None:
    province = simulate(Plan(until=datetime.now(UTC), orders=120, hospitals=6, days=60))
    events = read(province.events)
    async with live(kafka, database) as bus:
        with bus.worker() as one, bus.worker() as other:
            # Starting Python is not what is to be slow here.
            await bus.publish(events[:10])
            await bus.settled(10)
            begun = await bus.connection.fetchval("SELECT max(epoch) FROM compliance.position")
            with starved(one, other):
                await bus.publish(events[10:])
                await bus.has_read(len(events), within=540, every=0.1)
            epochs = await bus.connection.fetchval("SELECT max(epoch) FROM compliance.position")
            # Nothing of what is left is much at once: it need not be slow, too.
            await bus.settled(len(events), silence=True)
        found = await bus.violations()

    assert epochs - begun <= 2
    assert compared(found) == compared(province.truth)
