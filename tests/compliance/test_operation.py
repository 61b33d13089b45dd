"""How the API shows the service: status, readiness, metrics, and its own description."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from services.compliance.answers import shapes
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.web import gauges as metrics
from services.compliance.web.app import create_app
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import day_of
from tests.support.kept import (
    POLICIES,
    TOLD,
    a_connection,
    a_violation,
    an_api,
    problem,
    read,
    tell,
)

pytestmark = pytest.mark.integration

NOBODY = "postgresql://vbp@127.0.0.1:9/vbp"


@pytest_asyncio.fixture
async def api(database: str) -> AsyncIterator[httpx.AsyncClient]:
    async with an_api(database) as client:
        yield client


@pytest_asyncio.fixture
async def connection(
    database: str,
    api: httpx.AsyncClient,  # noqa: ARG001 - it migrates the database
) -> AsyncIterator[Connection]:
    async with a_connection(database) as connection:
        yield connection


async def samples(api: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read the metrics, by name and labels."""
    text = (await api.get("/metrics")).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


OPEN = {
    "rule": "late-response",
    "severity": "warning",
    "jurisdiction": "cn-sx",
    "area": "",
    "exempt": "false",
}


async def busy(connection: Connection) -> None:
    """Leave something of everything: behind, unjudged, undeliverable, due and untold."""
    heard = datetime.now(UTC) - timedelta(hours=1)
    await connection.execute(
        "INSERT INTO compliance.position "
        "(topic, partition, next_offset, end_offset, heard_until, owner) VALUES "
        "('vbp.orders.v1', 0, 10, 17, $1, 'w1'), ('vbp.orders.v1', 1, 9, 7, now(), NULL)",
        heard,
    )
    await connection.execute(
        "INSERT INTO compliance.open_count VALUES "
        "('cn-sx', 'late-response', 'warning', '140100', false, 4)"
    )
    await connection.execute(
        "INSERT INTO compliance.found_count VALUES "
        "('cn-sx', 'late-response', 'warning', '140100', 9)"
    )
    await connection.execute(
        "INSERT INTO compliance.unjudged_count VALUES "
        "('cn-sx', 'late-response', 'cycle', 3), ('cn-sx', 'late-delivery', 'cycle', 0)"
    )
    await connection.execute(
        "INSERT INTO compliance.dead_letter "
        '(topic, partition, "offset", told, field, reason, headers) '
        "SELECT 'vbp.orders.v1', 0, n, $1::timestamptz + n * interval '1 minute', 'data', 'why', ''"
        " FROM generate_series(1, 12) AS n",
        TOLD,
    )
    await connection.execute("INSERT INTO compliance.touch (jurisdiction, law) VALUES ('cn-sx', 2)")
    await connection.execute(
        "INSERT INTO compliance.look_again VALUES "
        "('cn-sx', 'order', 'O1', now() - interval '90 seconds', NULL), "
        "('cn-sx', 'order', 'O2', 'epoch', NULL), ('cn-sx', 'order', 'O3', NULL, $1), "
        "('cn-sx', 'order', 'O4', now() + interval '1 day', now())",
        heard,
    )
    await tell(connection, "opened", [a_violation()])


async def test_status_says_how_far_the_service_is_and_what_waits(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await busy(connection)

    status = msgspec.convert(read(await api.get("/v1/status")), shapes.Status)

    assert status.heard_until == status.partitions[0].heard_until
    assert (status.lag, [one.lag for one in status.partitions]) == (7, [7, 0])
    assert [one.owner for one in status.partitions] == ["w1", None]
    assert [(one.rule, one.missing, one.count) for one in status.unjudged] == [
        ("late-response", "cycle", 3)
    ]
    assert (status.dead_letters.count, status.dead_letters.at_least) == (12, False)
    assert [letter.offset for letter in status.dead_letters.last] == list(range(12, 2, -1))
    assert status.touches_waiting.count == 1
    assert (status.due.by_clock.count, status.due.by_hearing.count) == (2, 1)
    assert status.untold.count == 1


async def test_the_status_of_a_service_that_never_heard_anything_is_empty(
    api: httpx.AsyncClient,
) -> None:
    status = read(await api.get("/v1/status"))
    assert (status["heard_until"], status["lag"], status["partitions"]) == (None, 0, [])


async def test_metrics_show_what_the_database_holds(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await busy(connection)

    found = await samples(api)

    assert found[labelled("vbp_open_violations", **(OPEN | {"area": "140100"}))] == 4
    opened = {name: value for name, value in OPEN.items() if name != "exempt"}
    assert found[labelled("vbp_violations_opened_total", **(opened | {"area": "140100"}))] == 9
    missing = {"rule": "late-response", "jurisdiction": "cn-sx", "missing": "cycle"}
    assert found[labelled("vbp_unjudged_records", **missing)] == 3
    assert found[labelled("vbp_heard_until_age_seconds")] >= 3_600
    assert found[labelled("vbp_lag_events", topic="vbp.orders.v1")] == 7
    assert found[labelled("vbp_dead_letters_kept", topic="vbp.orders.v1")] == 12
    assert found[labelled("vbp_due_records", waits_for="clock")] == 2
    assert 90 <= found[labelled("vbp_oldest_due_seconds")] < 3_600
    assert found[labelled("vbp_untold_changes")] == 1
    assert found[labelled("vbp_oldest_untold_seconds")] > 3_600
    assert found[labelled("vbp_database_up")] == 1


async def test_every_series_that_can_be_known_is_born_at_zero(api: httpx.AsyncClient) -> None:
    found = await samples(api)

    for carried in POLICIES.all:
        for rule in carried.rules:
            series = [
                value
                for (name, labels), value in found.items()
                if name in {"vbp_open_violations", "vbp_violations_opened_total"}
                and {("rule", rule), ("jurisdiction", carried.jurisdiction)} <= labels
            ]
            assert len(series) in {3, 6}
            assert set(series) == {0}
    for topic in topics.INPUTS:
        assert found[labelled("vbp_lag_events", topic=topic.name)] == 0
        assert found[labelled("vbp_dead_letters_kept", topic=topic.name)] == 0


async def test_scrapes_close_together_share_one_look_at_the_database(
    api: httpx.AsyncClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "FRESH_SECONDS", 3_600)
    before = await samples(api)
    await connection.execute("INSERT INTO compliance.touch (jurisdiction, law) VALUES ('cn-sx', 2)")
    assert (await samples(api))[labelled("vbp_touches_waiting")] == 0
    monkeypatch.setattr(metrics, "FRESH_SECONDS", 0)
    assert (await samples(api))[labelled("vbp_touches_waiting")] == 1
    assert before[labelled("vbp_touches_waiting")] == 0


async def test_a_series_that_is_gone_is_not_shown_as_it_last_was(
    api: httpx.AsyncClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "FRESH_SECONDS", 0)
    await busy(connection)
    series = labelled("vbp_open_violations", **(OPEN | {"area": "140100"}))
    assert series in await samples(api)
    await connection.execute("DELETE FROM compliance.open_count")
    assert series not in await samples(api)


async def test_without_a_database_it_lives_is_not_ready_and_says_so_everywhere() -> None:
    async with an_api(NOBODY, migrated=False) as api:
        assert read(await api.get("/healthz"))["status"] == "ok"
        for path in ("/readyz", "/v1/violations", f"/v1/violations/{a_violation().id}"):
            answer = await api.get(path)
            problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        found = await samples(api)
        assert found[labelled("vbp_database_up")] == 0
        read_from_it = {"vbp_open_violations", "vbp_violations_opened_total"}
        assert not [name for name, _ in found if name in read_from_it]


async def test_the_days_until_the_calendar_ends_are_told_even_without_the_database(
    tmp_path: Path,
) -> None:
    (tmp_path / "2027.csv").write_text(
        "day,kind,name,notice,published_on\n2027-01-01,holiday,元旦,X,2026-11-30\n", "utf-8"
    )
    for calendars, end in ((None, date(2026, 12, 31)), (tmp_path, date(2027, 12, 31))):
        app = create_app(Settings(database=NOBODY), policy.load(calendars=calendars))
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://api") as api,
        ):
            told = (await samples(api))[labelled("vbp_calendar_horizon_days")]
        assert told == (end - day_of(datetime.now(UTC))).days


async def test_a_database_without_our_migrations_is_not_ready(database: str) -> None:
    async with an_api(database, migrated=False) as api:
        for path in ("/readyz", "/v1/status", "/v1/violations"):
            assert "run `vbp migrate`" in problem(await api.get(path), 503)["detail"]
        assert "vbp_database_up 0.0" in (await api.get("/metrics")).text
    async with an_api(database) as api:
        assert read(await api.get("/readyz"))["status"] == "ready"


async def test_a_question_that_takes_too_long_is_told_how_to_ask_less(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation()])
    await connection.execute(
        "ALTER TABLE compliance.violation RENAME TO kept; "
        "CREATE VIEW compliance.violation AS SELECT k.* FROM compliance.kept k, pg_sleep(9)"
    )
    found = problem(await api.get("/v1/violations"), 503)
    assert "add a filter" in found["detail"]


async def test_the_description_declares_every_answer_and_only_problems_as_errors(
    database: str,
) -> None:
    document: dict[str, Any] = create_app(Settings(database=database), POLICIES).openapi()
    schemas = document["components"]["schemas"]

    for path, operations in document["paths"].items():
        responses = operations["get"]["responses"]
        if path.startswith("/v1/"):
            assert "400" in responses
            assert "$ref" in responses["200"]["content"]["application/json"]["schema"]
        if "{" in path:
            assert "404" in responses
        for status, response in responses.items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)
    references = set(_references(document))
    assert references <= {f"#/components/schemas/{name}" for name in schemas}
    listed = document["paths"]["/v1/violations"]["get"]
    assert set(listed["responses"]) == {"200", "400", "422", "503"}
    enum = next(one for one in listed["parameters"] if one["name"] == "rule")
    assert "late-response" in enum["schema"]["items"]["enum"]


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    if isinstance(part, list):
        return [found for value in part for found in _references(value)]
    return []
