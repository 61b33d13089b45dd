"""Scorecards on a real database: the same whatever the order, the batches, the source of sums."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from shared.adapters.postgres import Connection
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
    """Ask so that lines are counted one by one in the place of totals."""

    class OfLines:
        def __init__(self, connection: Connection) -> None:
            self._connection = connection

        async def fetch(self, query: str, *values: object) -> Any:
            changed, times = re.subn(r"FROM (card|answers)_\w+", "FROM line", query)
            assert times + query.count("FROM line")
            return await self._connection.fetch(changed, *values)

    class Lines(Database):
        @asynccontextmanager
        @override
        async def snapshot(self) -> AsyncIterator[Any]:
            async with super().snapshot() as connection:
                yield OfLines(connection)

    async with Lines(reader._dsn, "delivery", MIGRATIONS) as lines:  # noqa: SLF001
        return await scorecards(lines, asked, LONG_AFTER)


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


async def test_at_any_moment_the_cards_of_any_mixture_are_those_of_the_lines_due_by_then(
    database: str,
) -> None:
    async with keeping(SUBJECT, database) as kept:
        for seed in range(12):
            await kept.take(messages(history(Random(seed)), SUBJECT.topics))
        lines = await kept.connection.fetch("SELECT * FROM line WHERE lines = 1")
    moments = sorted({at for line in lines for at in (line["due_at"], line["cut_at"]) if at})
    chance, left_out = Random(3), 0
    async with Database(database, "delivery", MIGRATIONS) as reader:
        for _ in range(60):
            now = chance.choice(moments) + timedelta(seconds=chance.choice((-1, 0, 1)))
            one = chance.choice(lines)
            given = {
                name: one[name]
                for name in ("area", "distributor", "manufacturer", "product", "remote")
                if chance.random() < 0.3 and one[name] != -1
            }
            first = chance.choice((190_001, one["month"]))
            of: dict[str, Any] = {**given}
            if "remote" in of:
                of["remote"] = of["remote"] == 1
            group = chance.choice(GROUPS)
            asked = CardsAsked(one["jurisdiction"], first, 202_912, group, **of)
            shown = {card.code: card for card in (await scorecards(reader, asked, now)).rows}
            meant = [line for line in lines if _is_of(line, asked, given)]
            for code in {_code(line, group) for line in meant}:
                same = [line for line in meant if _code(line, group) == code]
                card = shown.pop(code)
                found = [card.lines, card.response.asked, card.punctuality.due, card.filling.owed]
                found += [card.filling.delivered, card.quality.checked, card.response.answered]
                assert found == _due_by(same, now), (asked, now)
                left_out += card.punctuality.due < sum(line["due"] for line in same)
            assert not shown
    assert left_out > 10


def _is_of(line: Any, asked: CardsAsked, given: dict[str, Any]) -> bool:
    same = all(line[name] == value for name, value in given.items())
    return same and line["jurisdiction"] == asked.jurisdiction and line["month"] >= asked.first


def _code(line: Any, group: Group) -> str:
    if group == "remote":
        return {-1: "unknown", 0: "other", 1: "remote"}[line["remote"]]
    return "" if group == "none" else str(line[group])


def _due_by(lines: list[Any], now: datetime) -> list[int]:
    """What lines come to where a month that is long over keeps all of it."""
    running = now - timedelta(days=14) + timedelta(hours=8)
    found = [0] * 7
    for line in lines:
        over = line["month"] < running.year * 100 + running.month
        due = [over or (at is not None and at <= now) for at in (line[name] for name in DUES)]
        values = ("lines", "asked", "due", "owed", "delivered", "checked")
        counted = (True, due[0], due[1], due[2], due[2], True)
        for at, (name, counts) in enumerate(zip(values, counted, strict=True)):
            found[at] += int(line[name]) if counts else 0
        found[6] += line["hours"] >= 0
    return found


DUES = ("answer_at", "due_at", "cut_at")
