"""What moves: held against the violations themselves."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from services.compliance.answers.trends import AGES, CASES_SHOWN
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.people.case import PartyCase
from services.compliance.storage import violations
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.calendar import ZONE, instant_text
from tests.support.kept import TOLD, a_connection, a_violation, an_api, read

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
TODAY = NOW.astimezone(ZONE).date()


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def opened(number: int, found: float, occurred: float, **changes: Any) -> Change:
    """One that was found and occurred so many days ago."""
    one = a_violation(number, occurred_at=instant_text(days_ago(occurred)), **changes)
    accused = Accused("distributor", one.distributor or "")
    return Change("opened", one.id, days_ago(found), one, (), accused=accused)


async def test_the_cases_that_grow_are_those_of_which_most_was_found_in_seven_days(
    database: str,
) -> None:
    async with an_api(database) as api, a_connection(database) as connection:
        await violations.tell(
            connection,
            [
                *(opened(n, 0, 40, distributor="D2") for n in range(3)),
                *(opened(n, 6, 40, distributor="D1") for n in range(3, 5)),
                # Found eight days ago, exempt, or over: none of them is news that goes on.
                *(opened(n, 8, 40, distributor="D1") for n in range(5, 9)),
                opened(9, 0, 40, distributor="D2", exempt=True),
                *(opened(10 + n, 0, 40, distributor=f"E{n:02}") for n in range(CASES_SHOWN)),
            ],
        )
        gone = opened(0, 0, 40, distributor="D2")
        await violations.tell(connection, [Change("withdrawn", gone.id, NOW, None, ())])
        month = days_ago(40).astimezone(ZONE).strftime("%Y-%m")
        await connection.execute(
            "INSERT INTO compliance.judged_count VALUES "
            "('cn-sx', 'distributor', 'D1', $1, '140100', 'late-delivery late-response', true, 40),"
            "('cn-sx', 'distributor', 'D1', $1, '140100', 'late-delivery', true, 900),"
            "('cn-sx', 'distributor', 'D1', $1, '140100', 'late-response', false, 9),"
            "('cn-sx', 'distributor', 'D1', '', '', 'late-response', true, 2)",
            month,
        )
        growth = read(await api.get("/v1/trends"))["growth"]
    shown = [(one["accused"], one["news"], one["found"], one["open"]) for one in growth]
    assert shown[:2] == [("D1", 2, 6, 6), ("D2", 2, 2, 2)]
    assert [name for name, *_ in shown[2:]] == [f"E{n:02}" for n in range(CASES_SHOWN - 2)]
    assert growth[0] | {"judged": 42, "stage": "found", "due": None} == growth[0]
    assert growth[0]["id"] == PartyCase("cn-sx", "late-response", month, "distributor", "D1").name


async def test_thirty_days_tell_what_each_found_saw_end_and_took_back(database: str) -> None:
    async with an_api(database) as api, a_connection(database) as connection:
        first, second = opened(1, 29, 29), opened(2, 3, 29)
        await violations.tell(connection, [first, second, opened(3, 31, 31)])
        assert first.violation is not None
        over = replace(first.violation, status="closed", cured_at=instant_text(NOW))
        await violations.tell(connection, [Change("closed", first.id, days_ago(1), over, ())])
        await violations.tell(connection, [Change("withdrawn", second.id, NOW, None, ())])
        # One that was over when it was found: found and over, on one day.
        act = opened(4, 5, 9, status="closed", cured_at=instant_text(days_ago(9)))
        await violations.tell(connection, [replace(act, kind="closed")])
        flow = read(await api.get("/v1/trends"))["flow"]
    assert [one["day"] for one in (flow[0], flow[-1])] == [
        (TODAY - timedelta(days=29)).isoformat(),
        TODAY.isoformat(),
    ]
    told = {
        date.fromisoformat(one["day"]): (one["opened"], one["closed"], one["withdrawn"])
        for one in flow
    }
    assert {TODAY - day: what for day, what in told.items() if any(what)} == {
        timedelta(days=29): (1, 0, 0),
        timedelta(days=5): (1, 1, 0),
        timedelta(days=3): (1, 0, 0),
        timedelta(days=1): (0, 1, 0),
        timedelta(days=0): (0, 0, 1),
    }


async def test_ages_are_days_of_china_since_it_occurred_and_come_to_all_that_is_open(
    database: str,
) -> None:
    ages = (0, 1, 2, 3, 6, 7, 29, 30, 400)
    async with an_api(database) as api, a_connection(database) as connection:
        await violations.tell(connection, [opened(n, 0, age) for n, age in enumerate(ages)])
        told = read(await api.get("/v1/trends"))["ages"]
    assert [(one["since"], one["until"]) for one in told] == [
        (0, 1), (1, 3), (3, 7), (7, 30), (30, None),
    ]  # fmt: skip
    expected = [sum(since <= age < (until or 999) for age in ages) for since, until in RANGES]
    assert [one["open"] for one in told] == expected == [1, 2, 2, 2, 2]


RANGES = list(zip(AGES, (*AGES[1:], None), strict=True))


async def test_what_stood_before_days_were_kept_is_counted_by_the_migration(
    bare_database: str, tmp_path: Path
) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0120":
            shutil.copy(file, tmp_path)
    await postgres.migrate(bare_database, tmp_path, "compliance")
    async with a_connection(bare_database) as connection:
        await _as_the_last_version(connection)
        await postgres.migrate(bare_database, MIGRATIONS, "compliance")
        found = await connection.fetch("SELECT * FROM compliance.found_day")
        changes = await connection.fetch("SELECT * FROM compliance.change_day ORDER BY change")
    day = TOLD.astimezone(ZONE).date()
    assert [tuple(row) for row in found] == [
        ("cn-sx", day, "2022-01", "late-response", "distributor", "D1", 2)
    ]
    assert [tuple(row) for row in changes] == [
        ("cn-sx", day, "opened", 3),
        ("cn-sx", day, "withdrawn", 1),
    ]


async def _as_the_last_version(connection: Connection) -> None:
    """Two violations that stand, and one that was taken back, as a worker of before wrote them."""
    for number, status in enumerate(("open", "closed", "withdrawn")):
        one = a_violation(number)
        await connection.execute(
            "INSERT INTO compliance.violation (id, jurisdiction, rule, status, exempt, severity,"
            " occurred_at, detected_at, recorded_at, seq, head, body, accused_role, accused)"
            " VALUES ($1, 'cn-sx', 'late-response', $2, false, 'warning', '2022-01-05', $3, $3, 1,"
            " '', '{}', 'distributor', 'D1')",
            one.id,
            status,
            TOLD,
        )
        for seq, change in enumerate(("opened", "withdrawn")[: 2 if status == "withdrawn" else 1]):
            await connection.execute(
                "INSERT INTO compliance.history VALUES ($1, $2, $3, 'machine', $4, '', '')",
                one.id,
                seq + 1,
                TOLD,
                change,
            )
