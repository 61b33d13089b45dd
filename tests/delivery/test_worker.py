"""Scorecards on a real database: the same whatever the order, the batches, the source of sums."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from typing_extensions import override

from services.commands import promises
from services.delivery.answers import MIGRATIONS
from services.delivery.lines import SUMS
from services.delivery.scorecards import CardsAsked, Group, Scorecards, scorecards
from services.delivery.worker import subject
from shared.adapters.reading import Database
from tests.support.builders import POLICIES
from tests.support.histories import history
from tests.support.tally.keeping import Kept, batches, keeping, messages

pytestmark = pytest.mark.integration

SUBJECT = subject(*promises.of(POLICIES))
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
GROUPS: tuple[Group, ...] = ("none", "distributor", "manufacturer", "product", "area", "remote")


async def test_totals_are_the_sums_of_the_lines_whatever_came_first(database: str) -> None:
    async with keeping(SUBJECT, database) as kept:
        for seed in range(15):
            await kept.empty()
            events = history(Random(seed))
            found = messages(events, SUBJECT.topics)
            for batch in batches(Random(seed), found):
                await kept.take(batch)
            first = await kept.table("card")
            assert await _summed(kept) == {row[:8]: row[8:] for row in first}
            again = messages(Random(seed + 1).sample(events, len(events)), SUBJECT.topics)
            await kept.empty()
            for batch in batches(Random(seed + 2), again + found):
                await kept.take(batch)
            assert await kept.table("card") == first


async def _summed(kept: Kept) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The rows of `card`, summed anew from the lines by Python."""
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0] * len(SUMS))
    for row in await kept.connection.fetch("SELECT * FROM kept WHERE month IS NOT NULL"):
        where, month, hours = row["jurisdiction"], row["month"], row["hours"]
        of_distributor = (row["distributor"], row["area"], row["remote"], "", "")
        of_product = ("", "", -1, row["manufacturer"], row["product"])
        for of in (of_distributor, of_product):
            held = sums[where, month, *of, hours]
            for at, name in enumerate(SUMS):
                held[at] += row[name]
    return {key: tuple(held) for key, held in sums.items()}


async def test_cards_from_totals_are_those_from_lines(database: str) -> None:
    async with keeping(SUBJECT, database) as kept:
        for seed in range(8):
            await kept.take(messages(history(Random(seed)), SUBJECT.topics))
    async with Database(database, "delivery", MIGRATIONS) as reader:
        for group in GROUPS:
            asked = CardsAsked("cn-sx", 190_001, 202_912, group)
            from_totals = await scorecards(reader, asked, LONG_AFTER)
            one_by_one = await _line_by_line(reader, asked)
            assert from_totals.rows
            assert from_totals.rows == one_by_one.rows, group


async def _line_by_line(reader: Database, asked: CardsAsked) -> Scorecards:
    """Ask so that no month counts as over, with everything due: lines are asked one by one."""
    early = datetime(1905, 1, 1, tzinfo=UTC)
    late = datetime(2999, 1, 1, tzinfo=UTC)

    class Lines(Database):
        @override
        async def fetch(self, query: str, *values: object) -> Any:
            changed = [late if value == early else value for value in values]
            return await super().fetch(query, *changed)

    lines = Lines(reader._dsn, "delivery", MIGRATIONS)  # noqa: SLF001
    async with lines:
        return await scorecards(lines, asked, early)


async def test_what_is_not_due_yet_is_left_out_of_a_running_month(database: str) -> None:
    events = [event for event in history(Random(1)) if event["type"] != "vbp.order.cancelled.v1"]
    async with keeping(SUBJECT, database) as kept:
        await kept.take(messages(events, SUBJECT.topics))
        due = await kept.connection.fetchval("SELECT min(due_at) FROM kept WHERE due = 1")
        first, last = 190_001, 202_912
    async with Database(database, "delivery", MIGRATIONS) as reader:
        asked = CardsAsked("cn-sx", first, last, "none")
        (before,) = (await scorecards(reader, asked, due - timedelta(seconds=1))).rows
        (at,) = (await scorecards(reader, asked, due)).rows
    assert (before.punctuality.due, at.punctuality.due >= 1) == (0, True)
