from datetime import timedelta

import pytest

from services.compliance.judging.kinds import KINDS, LEVELS
from services.compliance.judging.subjects import Subject
from services.compliance.storage import dossiers
from shared.adapters.postgres import Connection
from tests.support.events import instant

pytestmark = pytest.mark.integration

HEARD = instant("2022-06-01 00:00:00")
WAITS = """
INSERT INTO compliance.look_again (jurisdiction, kind, key, hear_at) VALUES ('cn-sx', $1, $2, $3)
"""


async def wait(connection: Connection, kind: str, key: str, hours_ago: int) -> None:
    await connection.execute(WAITS, kind, key, HEARD - timedelta(hours=hours_ago))


async def claimed(connection: Connection, at_most: int = 10) -> list[Subject]:
    until = await dossiers.settled(connection, HEARD)
    return await dossiers.due(connection, HEARD, until, at_most)


async def test_silence_counts_until_heard_where_nothing_waits_at_an_earlier_level(
    connection: Connection,
) -> None:
    await wait(connection, "order", "ahead", -1)
    await wait(connection, "funding", "F", 5)
    assert await dossiers.settled(connection, HEARD) == dict.fromkeys(LEVELS, HEARD)


async def test_silence_counts_until_just_before_what_earlier_levels_have_yet_to_judge(
    connection: Connection,
) -> None:
    await wait(connection, "order", "O2", 2)
    await wait(connection, "order", "O3", 3)
    await wait(connection, "commitment", "C", 4)
    settled = await dossiers.settled(connection, HEARD)
    assert settled[KINDS["order"].level] == HEARD
    assert settled[KINDS["commitment"].level] < HEARD - timedelta(hours=3)
    assert settled[KINDS["funding"].level] < HEARD - timedelta(hours=4)


async def test_what_is_due_is_claimed_level_by_level_though_thousands_are_due_at_one_instant(
    connection: Connection,
) -> None:
    for number in range(5):
        await wait(connection, "order", f"O{number}", 1)
        await wait(connection, "supply", f"P{number}", 1)
    met = []
    while due := await claimed(connection, at_most=3):
        met.append([subject.kind for subject in due])
        await dossiers.forget_watches(connection, due)
    assert met == [["order"] * 3, ["order"] * 2, ["supply"] * 3, ["supply"] * 2]
