"""A violation in full: whether its chain holds, whatever the clocks did."""

import shutil
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.compliance.judging.moment import Moment
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from tests.support.events import an_event
from tests.support.kept import a_connection, a_violation, an_api, read, tell
from tests.support.workers.on_database import HEARD, WorkerOnDatabase

pytestmark = pytest.mark.integration

LATE_ANSWER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
    an_event("order.placed", "2022-03-01 09:00:00"),
    an_event("order.accepted", "2022-03-05 09:00:00"),
]
IN_TIME = an_event("order.accepted", "2022-03-01 10:00:00")


async def chains(api: httpx.AsyncClient) -> list[dict[str, object]]:
    """The verdicts on all violations."""
    listed = read(await api.get("/v1/violations", params={"page_size": 1000}))["items"]
    return [read(await api.get(f"/v1/violations/{item['id']}"))["chain"] for item in listed]


async def test_a_clock_that_is_set_back_makes_no_violation_look_tampered_with(
    desk: WorkerOnDatabase, database: str
) -> None:
    behind = HEARD.now - timedelta(seconds=30)
    await desk.handle(*LATE_ANSWER)
    await desk.sweep()
    await desk.service.handle(desk.batch(IN_TIME), Moment(behind, behind))

    lines = await desk.connection.fetch("SELECT at, change FROM compliance.history")
    assert {line["at"] for line in lines if line["change"] == "withdrawn"} == {HEARD.now}
    async with an_api(database) as api:
        found = await chains(api)
    assert found
    assert all(chain["verified"] for chain in found), found


async def test_columns_that_an_earlier_version_wrote_by_another_clock_take_the_word_of_the_line(
    bare_database: str, tmp_path: Path
) -> None:
    untouched, moved, unreadable = (a_violation(number) for number in (1, 2, 3))
    # All but the first are not of that version, but what writes violations today counts there too.
    applied = (
        "0001_compliance.sql",
        "0030_open_days_and_parties.sql",
        "0040_judged_counts.sql",
        "0050_reviews.sql",
        "0120_days.sql",
    )
    for name in applied:
        shutil.copy(MIGRATIONS / name, tmp_path)
    await postgres.migrate(bare_database, tmp_path, "compliance")
    async with a_connection(bare_database) as connection:
        for kind in ("opened", "withdrawn"):
            await tell(connection, kind, [untouched, moved, unreadable])
        await connection.execute("ALTER TABLE compliance.history DISABLE TRIGGER ALL")
        await connection.execute(
            "UPDATE compliance.history SET at = at - interval '30 s' WHERE violation <> $1",
            untouched.id,
        )
        await connection.execute(
            "UPDATE compliance.violation SET recorded_at = recorded_at - interval '30 s', "
            "detected_at = detected_at - interval '30 s' WHERE id <> $1",
            untouched.id,
        )
        await connection.execute(
            r"UPDATE compliance.history SET line = '\\xff' WHERE violation = $1 AND seq = 2",
            unreadable.id,
        )
        await connection.execute("ALTER TABLE compliance.history ENABLE TRIGGER ALL")
        async with an_api(bare_database) as api:
            details = {
                violation.id: read(await api.get(f"/v1/violations/{violation.id}"))
                for violation in (untouched, moved, unreadable)
            }
        refused = "UPDATE compliance.history SET at = now()"
        with pytest.raises(postgres.FAILURES, match="append-only"):
            await connection.execute(refused)

    assert [detail["chain"]["verified"] for detail in details.values()] == [True, True, False]
    assert details[moved.id]["recorded_at"] == details[untouched.id]["recorded_at"]
    assert details[moved.id]["detected_at"] == details[untouched.id]["detected_at"]
    assert details[unreadable.id]["chain"]["problem"].startswith("line 2, line or hash is '")
