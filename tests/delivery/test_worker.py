"""Scorecards on a real database: the same whatever the order, the batches, the source of sums."""

from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from typing_extensions import override

from services.commands import promises
from services.delivery.answers import MIGRATIONS
from services.delivery.lines import ANSWERS, CARD, SUMS
from services.delivery.scorecards import CardsAsked, Group, Scorecards, scorecards
from services.delivery.worker import subject
from shared.adapters.reading import Database
from tests.support.builders import POLICIES
from tests.support.histories import history
from tests.support.tally.keeping import Kept, batches, keeping, messages
from tests.support.tally.reckoned import rolled_up

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
            first = [await kept.table(name) for name in kept.totals]
            assert await _summed(kept) == first
            again = messages(Random(seed + 1).sample(events, len(events)), SUBJECT.topics)
            await kept.empty()
            for batch in batches(Random(seed + 2), again + found):
                await kept.take(batch)
            assert [await kept.table(name) for name in kept.totals] == first


async def _summed(kept: Kept) -> list[set[tuple[Any, ...]]]:
    """The rows of every total, summed anew from the lines by Python."""
    lines = await kept.connection.fetch("SELECT * FROM line WHERE month IS NOT NULL")
    found = []
    for table in (*CARD.tables, *ANSWERS.tables):
        sums = table.sums or tuple(SUMS)
        rows = [[row[name] for name in (*table.keys, *sums)] for row in lines]
        found.append(rolled_up(rows, range(len(table.keys)), len(sums)))
    return found


async def test_cards_from_totals_are_those_from_lines(database: str) -> None:
    async with keeping(SUBJECT, database) as kept:
        for seed in range(8):
            await kept.take(messages(history(Random(seed)), SUBJECT.topics))
    async with Database(database, "delivery", MIGRATIONS) as reader:
        one = (await reader.fetch("SELECT * FROM line WHERE answer_at IS NOT NULL LIMIT 1"))[0]
        of: tuple[dict[str, Any], ...] = ({}, {"area": one["area"]}, {"product": one["product"]})
        of = (*of, {"distributor": one["distributor"], "remote": one["remote"] == 1})
        for group, given in product(GROUPS, of):
            asked = CardsAsked("cn-sx", 190_001, 202_912, group, **given)
            from_totals = await scorecards(reader, asked, LONG_AFTER)
            one_by_one = await _line_by_line(reader, asked)
            assert from_totals.rows or given
            assert from_totals.rows == one_by_one.rows, (group, given)


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
        due = await kept.connection.fetchval("SELECT min(due_at) FROM line WHERE due = 1")
        first, last = 190_001, 202_912
    async with Database(database, "delivery", MIGRATIONS) as reader:
        asked = CardsAsked("cn-sx", first, last, "none")
        (before,) = (await scorecards(reader, asked, due - timedelta(seconds=1))).rows
        (at,) = (await scorecards(reader, asked, due)).rows
    assert (before.punctuality.due, at.punctuality.due >= 1) == (0, True)
