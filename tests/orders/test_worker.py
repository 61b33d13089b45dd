"""Purchase progress on a real database: exact whatever the order, the batches and the deaths."""

import asyncio
from datetime import date
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.orders.progress import Completed, ProgressAsked, progress
from services.orders.worker import SUBJECT
from shared.adapters import patience
from shared.adapters.reading import Database
from shared.domain.records.order_told import MERGED
from shared.domain.topics import DATA_OF
from shared.tally import tally as tallies
from tests.support.histories import history
from tests.support.tally.keeping import Kept, batches, keeping, messages, tally_of
from tests.support.tally.reckoned import purchases, rolled_up, to_date

pytestmark = pytest.mark.integration


async def test_every_figure_is_that_of_brute_force_whatever_the_order_and_the_batches(
    database: str,
) -> None:
    async with keeping(SUBJECT, database) as kept:
        for seed in range(25):
            await kept.empty()
            chance = Random(seed)
            events = history(chance)
            for batch in batches(chance, messages(events, SUBJECT.topics)):
                await kept.take(batch)
            await _agrees(kept, [event for event in events if DATA_OF[event["type"]] in HEARD])


HEARD = MERGED | {DATA_OF["vbp.agreement.signed.v1"]}


async def _agrees(kept: Kept, events: list[dict[str, Any]]) -> None:
    bought, completed = purchases([*events])
    assert await kept.table("purchase") == {(*key, *row) for key, row in bought.items()}
    assert await kept.table("completion_to_date") == to_date(completed)
    rows = await kept.table("purchase")
    assert await kept.table("purchase_of_product") == rolled_up(rows, (0, 1, 3, 4), 8)
    assert await kept.table("purchase_of_hospital") == rolled_up(rows, (0, 1, 2, 3), 8)
    told = {tuple(row)[:2]: tuple(row)[2:] for row in await kept.connection.fetch(AGREEMENTS)}
    named = [
        (where, name, number, *told[where, name], *row)
        for (where, name, number), row in completed.items()
    ]
    of_product, of_hospital = (0, 2, 3, 4, 6, 7), (0, 2, 3, 5, 6, 7)
    assert await kept.table("completion_of_product") == rolled_up(named, of_product, 4)
    assert await kept.table("completion_of_hospital") == rolled_up(named, of_hospital, 4)


AGREEMENTS = """
SELECT jurisdiction, agreement, coalesce(area, ''), product, hospital,
       to_char(since, 'YYYYMMDD')::int, to_char(until, 'YYYYMMDD')::int
FROM agreement
"""


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), other=st.integers(0, 2**32))
async def test_another_order_and_all_of_it_again_make_the_same_tables(
    database: str, seed: int, other: int
) -> None:
    events = history(Random(seed))
    found = messages(events, SUBJECT.topics)
    async with keeping(SUBJECT, database) as kept:
        await kept.empty()
        for batch in batches(Random(seed), found):
            await kept.take(batch)
        first = [await kept.table(name) for name in kept.totals]
        again = messages(Random(other).sample(events, len(events)), SUBJECT.topics)
        await kept.empty()
        for batch in batches(Random(other), again + found):
            await kept.take(batch)
        assert [await kept.table(name) for name in kept.totals] == first


async def test_two_workers_that_hold_the_same_partitions_count_nothing_twice(
    database: str,
) -> None:
    events = history(Random(7))
    found = messages(events, SUBJECT.topics)
    async with keeping(SUBJECT, database) as kept:
        other, patience = tally_of(SUBJECT, database)
        for at, batch in enumerate(batches(Random(7), found)):
            await kept.take(batch)
            await other.take(found[: max(0, at * 3)], patience)
        await other.take(found, patience)
        other.close()
        await _agrees(kept, [event for event in events if DATA_OF[event["type"]] in HEARD])


async def test_what_is_committed_is_the_place_too_and_never_over_a_gap(database: str) -> None:
    found = messages(history(Random(3)), SUBJECT.topics)
    topic = found[0].topic
    one = [message for message in found if message.topic == topic]
    async with keeping(SUBJECT, database) as kept:
        await kept.tally.places([(topic, 0)])
        await kept.take(one[:2])
        assert await kept.tally.places([(topic, 0)]) == {(topic, 0): min(2, len(one))}
        kept.tally.expected = {(topic, 0): 900}
        await kept.take([one[0]._replace(offset=900)])
        assert await kept.tally.places([(topic, 0)]) == {(topic, 0): min(2, len(one))}


async def test_an_edition_of_the_figures_counts_every_order_anew(database: str) -> None:
    events = history(Random(11))
    async with keeping(SUBJECT, database) as kept:
        await kept.take(messages(events, SUBJECT.topics))
        rows = await kept.table("purchase")
        await kept.connection.execute("UPDATE kept SET given = '\\x90'::bytea")
        await kept.connection.execute(f"TRUNCATE {', '.join(kept.totals)}")
        await kept.connection.execute("UPDATE edition SET edition = 'older'")
        await kept.tally.prepare()
        assert await kept.table("purchase") == rows


async def test_a_transaction_that_does_not_end_in_time_is_tried_again_in_smaller_parts(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = history(Random(2))
    found = messages(events, SUBJECT.topics)
    monkeypatch.setattr(patience, "SHORTEST", 0.001)
    async with keeping(SUBJECT, database) as kept:
        monkeypatch.setattr(tallies, "WITHIN", 0.000_001)
        taking = asyncio.create_task(kept.take(found))
        await asyncio.sleep(0.5)
        assert await kept.table("kept") == set()
        monkeypatch.setattr(tallies, "WITHIN", 60.0)
        await taking
        await _agrees(kept, [event for event in events if DATA_OF[event["type"]] in HEARD])


async def test_progress_of_any_group_is_that_of_its_agreements_in_any_month(
    database: str,
) -> None:
    async with keeping(SUBJECT, database) as kept, _reading(database) as reader:
        for seed in range(6):
            await kept.empty()
            await kept.take(messages(history(Random(seed)), SUBJECT.topics))
            months = [row["month"] for row in await kept.connection.fetch(MONTHS)]
            of = {row["agreement"]: row for row in await kept.connection.fetch(OF)}
            for month, group in product((*months, 203_012), ("area", "hospital", "product")):
                each = await progress(reader, _asked(month, "agreement"), date(2031, 1, 1))
                summed: dict[str, list[Any]] = {}
                for row in each.rows:
                    held = summed.setdefault(of[row.code][group], [0] * 4)
                    assert row.completed is not None
                    for at, value in enumerate(_sums(row.completed)):
                        held[at] += value
                found = await progress(reader, _asked(month, group), date(2031, 1, 1))
                done = {row.code: row.completed for row in found.rows if row.completed}
                assert {code: _sums(sums) for code, sums in done.items()} == summed, (seed, month)


MONTHS = "SELECT DISTINCT month FROM completion_to_date ORDER BY 1"
OF = """
SELECT agreement, coalesce(area, '') AS area, hospital, product
FROM agreement WHERE jurisdiction = 'cn-sx'
"""


def _asked(month: int, group: Any) -> ProgressAsked:
    return ProgressAsked("cn-sx", month, group)


def _reading(database: str) -> Database:
    return Database(database, "orders", SUBJECT.migrations)


def _sums(done: Completed) -> list[Any]:
    return [done.agreed, done.accepted, done.returned, done.amount]
