"""The workers that tally, as processes: killed at any moment, they count nothing twice or never."""

import asyncio
import os
from random import Random
from typing import Any

import pytest

from services.commands import promises
from services.delivery.worker import subject
from services.orders.worker import HEARD_OF_ORDERS, SUBJECT
from shared.domain.topics import DATA_OF
from tests.support.builders import POLICIES
from tests.support.histories import history
from tests.support.tally.keeping import keeping, messages
from tests.support.tally.process import running
from tests.support.tally.reckoned import purchases, to_date

KILLS = int(os.environ.get("VBP_TEST_KILLS", "3"))
"""How often a worker is killed; `VBP_TEST_KILLS=50` for the longer run of docs/months.md."""

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240 + 12 * KILLS)]


def a_year() -> list[dict[str, Any]]:
    """Forty histories of different orders and hospitals, told one after the other."""
    events = []
    for seed in range(40):
        for event in history(Random(seed)):
            data = dict(event["data"])
            for name in ("order", "hospital", "product", "agreement"):
                if data.get(name):
                    data[name] = f"{data[name]}-{seed}"
            events.append({**event, "id": f"{event['id']}-{seed}", "data": data})
    return events


async def test_killed_at_random_moments_the_orders_worker_counts_as_brute_force_does(
    kafka: str, database: str
) -> None:
    chance = Random(5)
    events = a_year()
    async with running("orders", SUBJECT.topics, kafka, database) as bus:
        share = len(events) // (KILLS + 1)
        for kill in range(KILLS):
            await bus.publish(events[kill * share : (kill + 1) * share])
            with bus.worker():
                await asyncio.sleep(chance.uniform(1, 6))
        await bus.publish(events[KILLS * share :])
        with bus.worker(), bus.worker():
            await bus.caught_up()
        heard = [event for event in events if DATA_OF[event["type"]] in HEARD_OF_ORDERS]
        bought, completed = purchases(heard)
        assert await bus.table("purchase") == {(*key, *row) for key, row in bought.items()}
        assert await bus.table("completion_to_date") == to_date(completed)


async def test_killed_at_random_moments_the_delivery_worker_counts_as_one_that_lives(
    kafka: str, database: str
) -> None:
    chance, counted = Random(6), subject(*promises.of(POLICIES))
    events = a_year()
    async with running("delivery", counted.topics, kafka, database) as bus:
        share = len(events) // (KILLS + 1)
        for kill in range(KILLS):
            await bus.publish(events[kill * share : (kill + 1) * share])
            with bus.worker():
                await asyncio.sleep(chance.uniform(1, 6))
        await bus.publish(events[KILLS * share :])
        with bus.worker():
            await bus.caught_up()
        names = [table.name for total in counted.book.totals for table in total.tables]
        found = {name: await bus.table(name) for name in names}
        # From the beginning and in one go, as from topics that are read anew.
        async with keeping(counted, database) as kept:
            await kept.empty()
            await kept.take(messages(events, counted.topics))
            assert {name: await kept.table(name) for name in names} == found
