"""The counts of what stands open, kept in step with the rows whatever becomes of them."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.compliance.findings.violation import Change
from services.compliance.storage import violations
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.calendar import ZONE, instant_text
from tests.support.kept import TOLD, a_connection, a_violation

pytestmark = pytest.mark.integration

NUMBERS = count(1)
CODES = st.none() | st.sampled_from(["A", "B", "配送一", "x" * 256, "\n\"'\\"])
INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
STANDS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["open", "open", "closed"]),
    "exempt": st.booleans(),
    "severity": st.sampled_from(["breach", "warning"]),
    "manufacturer": CODES,
    "distributor": CODES,
    "hospital": CODES,
    "occurred_at": INSTANTS.map(instant_text),
}
LIVES = st.lists(st.none() | st.fixed_dictionaries(STANDS), min_size=1, max_size=4)


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    async with a_connection(database) as found:
        yield found


async def counted(connection: Connection) -> tuple[Counter[Any], Counter[Any]]:
    """What the tables of counts hold; a party of whom nothing is open any more has a row of 0."""
    days = await connection.fetch("SELECT * FROM compliance.open_day")
    parties = await connection.fetch("SELECT * FROM compliance.open_party WHERE count <> 0")
    return (
        Counter({(*key, day.astimezone(ZONE).date()): number for *key, day, number in days}),
        Counter({tuple(key): number for *key, number in parties}),
    )


async def recounted(connection: Connection) -> tuple[Counter[Any], Counter[Any]]:
    """The same, from the violations."""
    days: Counter[Any] = Counter()
    parties: Counter[Any] = Counter()
    for row in await connection.fetch("SELECT * FROM compliance.violation"):
        if row["status"] != "open" or row["exempt"]:
            continue
        day = row["occurred_at"].astimezone(ZONE).date()
        days[row["jurisdiction"], row["rule"], row["severity"], day] += 1
        for role in ("manufacturer", "distributor", "hospital"):
            if row[role] is not None:
                parties[row["jurisdiction"], role, row[role]] += 1
    return days, parties


async def kept_days(connection: Connection) -> tuple[Counter[Any], Counter[Any]]:
    """What the tables of days hold, but for rows of 0: what was found of a case, and changes."""
    found = await connection.fetch("SELECT * FROM compliance.found_day WHERE count <> 0")
    changes = await connection.fetch("SELECT * FROM compliance.change_day")
    return (
        Counter({tuple(key): number for *key, number in found}),
        Counter({tuple(key): number for *key, number in changes}),
    )


async def recounted_days(connection: Connection) -> tuple[Counter[Any], Counter[Any]]:
    """The same, from the violations and the lines of their history."""
    found: Counter[Any] = Counter()
    for row in await connection.fetch("SELECT * FROM compliance.violation"):
        if row["status"] != "withdrawn" and not row["exempt"]:
            day = row["detected_at"].astimezone(ZONE).date()
            at = row["occurred_at"].astimezone(ZONE)
            case = (f"{at.year:04}-{at.month:02}", row["rule"], row["accused_role"], row["accused"])
            found[row["jurisdiction"], day, *case] += 1
    changes: Counter[Any] = Counter()
    for row in await connection.fetch("SELECT * FROM compliance.history"):
        day = row["at"].astimezone(ZONE).date()
        for change in {row["change"], "opened" if row["seq"] == 1 else row["change"]}:
            if change != "changed":
                changes["cn-sx", day, change] += 1
    return found, changes


def change(number: int, told: dict[str, Any] | None) -> Change:
    """One thing that becomes of a violation; None takes it back."""
    violation = a_violation(number, **(told or {}))
    if told is None:
        return Change("withdrawn", violation.id, TOLD, None, ())
    return Change("changed", violation.id, TOLD, violation, ())


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lives=st.lists(LIVES, min_size=1, max_size=5))
async def test_counts_are_what_the_rows_come_to_whatever_becomes_of_them(
    lives: list[list[dict[str, Any] | None]], connection: Connection
) -> None:
    ours = [next(NUMBERS) for _ in lives]
    for step in range(max(map(len, lives))):
        await violations.tell(
            connection,
            [
                change(number, life[step])
                for number, life in zip(ours, lives, strict=True)
                if step < len(life)
            ],
        )
        assert await counted(connection) == await recounted(connection)
        assert await kept_days(connection) == await recounted_days(connection)


async def test_a_batch_that_is_rolled_back_counts_nothing(connection: Connection) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await violations.tell(connection, [change(1, {})])
    assert await counted(connection) == await recounted(connection) != (Counter(), Counter())
    await transaction.rollback()
    assert await counted(connection) == (Counter(), Counter())
    assert await kept_days(connection) == (Counter(), Counter())


async def test_workers_that_meet_in_the_same_days_and_parties_wait_and_lose_nothing(
    database: str, connection: Connection
) -> None:
    """Each of them opens what it closes later; parties come in another order to each."""

    async def work(first: int) -> None:
        async with a_connection(database) as own:
            for turn in range(30):
                numbers = range(first, first + 8) if turn % 2 else range(first + 7, first - 1, -1)
                status = "closed" if turn % 3 else "open"
                changes = [
                    change(number, {"status": status, "distributor": f"D{number % 8}"})
                    for number in numbers
                ]
                async with own.transaction():
                    await violations.tell(own, changes)

    await asyncio.wait_for(asyncio.gather(*(work(1_000 * n) for n in range(1, 5))), 60)
    assert await counted(connection) == await recounted(connection)
    assert await kept_days(connection) == await recounted_days(connection)


async def test_what_stood_open_before_the_counts_were_kept_is_counted(
    bare_database: str, tmp_path: Path
) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0030":
            shutil.copy(file, tmp_path)
    await postgres.migrate(bare_database, tmp_path, "compliance")
    async with a_connection(bare_database) as connection:
        # 16:30 UTC is the next day in China.
        evening = datetime(2022, 3, 1, 16, 30, tzinfo=UTC)
        for number in range(1, 7):
            await connection.execute(
                "INSERT INTO compliance.violation VALUES "
                "(gen_random_uuid(), 'cn-sx', 'late-response', $1, $2, 'breach', 'P', 'A', 'H', "
                "NULL, $3, 'O', $4, NULL, $4, $4, 1, '', '{}', '{}')",
                "closed" if number == 5 else "open",
                number == 6,
                f"D{number % 2}",
                evening + timedelta(days=number % 3),
            )
        await postgres.migrate(bare_database, MIGRATIONS, "compliance")
        days, parties = await counted(connection)
        assert (days, parties) == await recounted(connection)
    assert {day.isoformat(): number for (*_, day), number in days.items()} == {
        "2022-03-02": 1,
        "2022-03-03": 2,
        "2022-03-04": 1,
    }
    assert parties["cn-sx", "hospital", "H"] == 4
