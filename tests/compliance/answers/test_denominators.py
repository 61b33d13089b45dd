"""What is shown of how many: held against the rows of the counts themselves."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from services.compliance.answers.denominators import months_until
from services.compliance.judging.dossier import decode_judgement
from services.compliance.rules import RULES
from shared.domain import calendar
from tests.support.events import an_event
from tests.support.kept import an_api, read
from tests.support.workers.on_database import HEARD, WorkerOnDatabase

pytestmark = pytest.mark.integration

MONTH = calendar.day_of(datetime.now(UTC)).isoformat()[:7]


async def told(desk: WorkerOnDatabase) -> None:
    """Two orders that nobody answered, one that was answered, one that nothing can judge."""
    await desk.handle(
        an_event("product.selected", cycle_start="2020-01-01", cycle_end="2099-01-01"),
        an_event("hospital.enrolled"),
        an_event("hospital.enrolled", hospital="H2", area="1402"),
        an_event("agreement.signed", start="2022-01-01", end="2022-12-31"),
        an_event("distributor.appointed"),
    )
    await desk.handle(
        *(an_event("order.placed", "2022-03-01 09:00:00", order=f"O{n}") for n in (1, 2, 3)),
        an_event("order.placed", "2022-03-01 09:00:00", order="O4", agreement="never told"),
        an_event("order.accepted", "2022-03-01 09:10:00", order="O3"),
    )
    await desk.sweep()
    await desk.connection.execute(
        "UPDATE compliance.judged_count SET month = $1 WHERE month <> ''", MONTH
    )
    await desk.connection.execute("UPDATE compliance.accused_count SET month = $1", MONTH)
    assert HEARD.now.year == 2022


async def test_every_cell_is_in_one_of_five_states_with_what_it_counts(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    async with an_api(database, migrated=False) as api:
        matrix = read(await api.get("/v1/matrix"))
        closed = read(await api.get("/v1/matrix?show=year"))
    cells = {row["area"]: row["cells"] for row in matrix["rows"]}
    late = cells["1401"]["late-response"]
    assert late == {
        "state": "found",
        "found": 2,
        "judged": 3,
        "unjudged": 1,
        "by_severity": {"warning": 2},
    }
    assert (cells["1401"]["off-platform"]["state"], cells["1401"]["off-platform"]["judged"]) == (
        "clean",
        4,
    )
    assert cells["1402"]["late-response"]["state"] == "none"
    assert cells["1401"]["listing-price"]["state"] == "not-applicable"
    assert cells[""]["listing-price"]["state"] in {"clean", "found", "unjudged"}
    again = {row["area"]: row["cells"] for row in closed["rows"]}
    assert again["1401"]["late-response"]["found"] == 2


async def test_every_cell_is_what_counting_all_records_and_violations_comes_to(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    judged: Counter[tuple[str, str, bool]] = Counter()
    for row in await desk.connection.fetch("SELECT judgement FROM compliance.dossier"):
        for one in decode_judgement(row["judgement"]).weighed:
            for name in one.rules.split():
                judged[one.area, name, one.judged] += one.number
    found: Counter[tuple[str, str]] = Counter()
    for row in await desk.connection.fetch(
        "SELECT coalesce(area, '') AS area, rule FROM compliance.violation "
        "WHERE status = 'open' AND NOT exempt"
    ):
        found[row["area"], row["rule"]] += 1
    async with an_api(database, migrated=False) as api:
        matrix = read(await api.get("/v1/matrix"))
    cells = {
        (row["area"], rule): (one["found"], one["judged"], one["unjudged"], one["state"])
        for row in matrix["rows"]
        for rule, one in row["cells"].items()
    }
    assert sum(found.values()) == sum(one[0] for one in cells.values()) >= 2
    units = {rule.name: rule.unit for rule in RULES}
    for (area, rule), shown in cells.items():
        counts = (found[area, rule], judged[area, rule, True], judged[area, rule, False])
        states = ("found", "clean", "unjudged")
        state = next((name for name, count in zip(states, counts, strict=True) if count), "none")
        if area and units[rule] in {"product", "agreement"} and not counts[0]:
            state = "not-applicable"
        assert shown == (*counts, state), (area, rule)
    assert {one[-1] for one in cells.values()} >= {"found", "clean", "none", "not-applicable"}


async def test_what_stands_open_for_longer_than_a_year_was_judged_and_is_no_two_of_none(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    long_ago = "UPDATE compliance.{} SET month = '2022-03' WHERE month <> ''"
    for counts in ("judged_count", "accused_count"):
        await desk.connection.execute(long_ago.format(counts))
    async with an_api(database, migrated=False) as api:
        open_now = read(await api.get("/v1/matrix"))
        of_a_year = read(await api.get("/v1/matrix?show=year"))
    (late,) = (row["cells"]["late-response"] for row in open_now["rows"] if row["area"] == "1401")
    assert (late["found"], late["judged"]) == (2, 2)
    (late,) = (row["cells"]["late-response"] for row in of_a_year["rows"] if row["area"] == "1401")
    assert (late["state"], late["found"], late["judged"]) == ("none", 0, 0)


async def test_a_party_is_shown_with_all_that_it_is_accused_of(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    await desk.connection.execute(
        "INSERT INTO compliance.name (jurisdiction, kind, code, name, said_at, source, id) "
        "VALUES ('cn-sx', 'distributor', 'D1', '晋康医药', now(), '/platforms/cn-sx', 'named')"
    )
    async with an_api(database, migrated=False) as api:
        listed = read(await api.get("/v1/parties?role=distributor"))["items"]
        party = read(await api.get("/v1/parties/distributor/D1"))
        missing = await api.get("/v1/parties/distributor/nobody")
        page = await api.get("/parties/distributor/D1")
        pages = [await api.get(path) for path in ("/", "/parties", "/?show=year&lang=en")]
        await desk.connection.execute("UPDATE compliance.judged_count SET month = '2022-03'")
        await desk.connection.execute("UPDATE compliance.accused_count SET month = '2022-03'")
        long_ago = await api.get("/parties/distributor/D1?lang=zh")
    accused = await desk.connection.fetch(
        "SELECT rule, sum(count) AS count FROM compliance.accused_count "
        "WHERE role = 'distributor' AND party = 'D1' AND status = 'open' GROUP BY 1"
    )
    assert [(one["party"], one["open"]) for one in listed] == [
        ("D1", sum(row["count"] for row in accused))
    ]
    found = Counter({rule["rule"]: rule["open"] for rule in party["rules"]})
    assert found == Counter({row["rule"]: row["count"] for row in accused})
    response = next(rule for rule in party["rules"] if rule["rule"] == "late-response")
    assert (response["found"], response["judged"], response["unjudged"]) == (2, 3, 1)
    assert response["cells"][-1]["found"] == 2
    assert missing.status_code == 404
    assert "D1" in page.text
    assert (long_ago.status_code, "近十二个月没有判定过任何事项" in long_ago.text) == (200, True)
    assert [one["name"] for one in (*listed, party)] == ["晋康医药", "晋康医药"]
    assert all("晋康医药" in one.text for one in (page, pages[1]))
    assert "太原市" in pages[0].text
    assert "Taiyuan" in pages[2].text
    assert [one.status_code for one in pages] == [200, 200, 200]


def test_twelve_months_end_with_the_one_at_hand() -> None:
    months = months_until(calendar.day_of(datetime(2022, 2, 28, 16, tzinfo=UTC)))
    assert (months[0], months[-1], len(months)) == ("2021-04", "2022-03", 12)
