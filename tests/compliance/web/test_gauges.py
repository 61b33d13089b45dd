"""What a scrape of the API shows of the service."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.compliance.answers.audit_cases import check_cases
from services.compliance.answers.operation import AGES
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.people.case import PartyCase
from services.compliance.people.procedure import CaseStep
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage import violations
from services.compliance.storage.cases import CaseDoing, Seal, take_step
from services.compliance.web import gauges
from services.compliance.web.app import create_app
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import ZONE, day_of
from tests.support.kept import NOBODY, POLICIES, TOLD, a_violation, busy, labelled, samples

pytestmark = pytest.mark.integration

OPEN = {
    "rule": "late-response",
    "severity": "warning",
    "jurisdiction": "cn-sx",
    "area": "",
    "exempt": "false",
}


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
            severities, rest = divmod(len(series), 3)
            assert severities in {1, 2, 3}
            assert rest == 0
            assert set(series) == {0}
            ages = [
                value
                for (name, labels), value in found.items()
                if name == "vbp_open_violations_by_age"
                and {("rule", rule), ("jurisdiction", carried.jurisdiction)} <= labels
            ]
            assert ages == [0] * len(AGES) * severities
    for topic in topics.INPUTS:
        assert found[labelled("vbp_lag_events", topic=topic.name)] == 0
        assert found[labelled("vbp_dead_letters_kept", topic=topic.name)] == 0


async def test_cases_are_counted_by_stage_and_those_whose_day_is_over_by_what_they_wait_for(
    api: httpx.AsyncClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "FRESH_SECONDS", 0)
    case = PartyCase("cn-sx", "late-response", "2022-01", "distributor", "D1")
    accused = Accused("distributor", "D1")
    told = [
        Change("opened", a_violation(n).id, TOLD, a_violation(n), (), accused=accused)
        for n in (1, 2)
    ]
    await violations.tell(connection, told)
    of_case = {"jurisdiction": "cn-sx", "rule": "late-response"}

    async def shown() -> tuple[dict[str, float], dict[str, float]]:
        found = await samples(api)
        stages = ("verifying", "notified", "deciding", "rectifying", "closed")
        return (
            {one: found[labelled("vbp_cases", stage=one, **of_case)] for one in stages},
            {
                kind: found[labelled("vbp_cases_overdue", jurisdiction="cn-sx", kind=kind)]
                for kind in ("hearing", "rectification", "correction")
            },
        )

    stages, late = await shown()
    assert {*stages.values(), *late.values()} == {0}
    step = CaseStep("take", TOLD, "person:li", frozenset({"officer"}))
    await take_step(connection, case, 0, CaseDoing(step), lambda _: Seal(b""))
    assert (await shown())[0] == {**dict.fromkeys(stages, 0), "verifying": 1}
    for stage, kind in (("notified", "hearing"), ("rectifying", "rectification")):
        await connection.execute(
            "UPDATE compliance.case_work SET stage = $1, due = current_date - 3", stage
        )
        stages, late = await shown()
        assert stages == {**dict.fromkeys(stages, 0), stage: 1}
        assert late == {**dict.fromkeys(late, 0), kind: 1}
    await connection.execute(
        "UPDATE compliance.case_work SET due = current_date + 3;"
        "INSERT INTO compliance.listed "
        "SELECT v.id, w.id, 1, 'notice', 1, 'distributor', 'D1', now() "
        "FROM compliance.violation v, compliance.case_work w"
    )
    assert (await shown())[1] == {**dict.fromkeys(late, 0), "correction": 1}
    _, problems = await check_cases(connection)
    assert [one for one in problems if one.startswith("case_count")] == []
    await connection.execute(
        "UPDATE compliance.case_count SET count = 5 WHERE stage = 'rectifying'"
    )
    _, problems = await check_cases(connection)
    assert "case_count cn-sx/late-response/rectifying: count is 5, and should be 1" in problems


@pytest.mark.parametrize(
    ("labels", "page"),
    [
        (
            {"alertname": "VbpCaseOverdue", "jurisdiction": "cn-sx", "kind": "hearing"},
            "/cases?jurisdiction=cn-sx&overdue=true&stage=notified",
        ),
        (
            {"alertname": "VbpCaseOverdue", "kind": "rectification"},
            "/cases?overdue=true&stage=rectifying",
        ),
        (
            {"alertname": "VbpCorrectionDue", "jurisdiction": "cn-sx"},
            "/cases?jurisdiction=cn-sx&corrections_due=true",
        ),
    ],
)
async def test_an_alert_about_cases_leads_to_those_that_it_counts(
    api: httpx.AsyncClient, labels: dict[str, str], page: str
) -> None:
    answer = await api.get("/go/alert", params=labels)
    assert (answer.status_code, answer.headers["location"]) == (302, page)
    assert (await api.get(page)).status_code == 200


async def test_scrapes_close_together_share_one_look_at_the_database(
    api: httpx.AsyncClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "FRESH_SECONDS", 3_600)
    before = await samples(api)
    await connection.execute("INSERT INTO compliance.touch (jurisdiction, law) VALUES ('cn-sx', 2)")
    assert (await samples(api))[labelled("vbp_touches_waiting")] == 0
    monkeypatch.setattr(gauges, "FRESH_SECONDS", 0)
    assert (await samples(api))[labelled("vbp_touches_waiting")] == 1
    assert before[labelled("vbp_touches_waiting")] == 0


async def test_a_series_that_is_gone_is_not_shown_as_it_last_was(
    api: httpx.AsyncClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "FRESH_SECONDS", 0)
    await busy(connection)
    series = labelled("vbp_open_violations", **(OPEN | {"area": "140100"}))
    assert series in await samples(api)
    await connection.execute("DELETE FROM compliance.open_count")
    assert series not in await samples(api)


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


async def test_areas_that_nobody_enrolled_are_one_label_however_many_are_written(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await connection.execute("INSERT INTO compliance.enrolled_area VALUES ('cn-sx', '140100')")
    await connection.execute(
        "INSERT INTO compliance.open_count "
        "SELECT 'cn-sx', 'late-response', 'warning', n::text, false, 2 "
        "FROM generate_series(140100, 150099) AS n"
    )
    await connection.execute(
        "INSERT INTO compliance.open_count VALUES "
        "('cn-tj', 'late-response', 'explain', '140100', false, 7), "
        "('cn-sx', 'late-response', 'breach', '140100', true, 0)"
    )

    found = await samples(api)

    counts = {
        (labels["severity"], labels["jurisdiction"], labels["area"]): value
        for (name, pairs), value in found.items()
        if name == "vbp_open_violations" and (labels := dict(pairs))["area"]
    }
    assert counts == {
        ("warning", "cn-sx", "140100"): 2,
        ("warning", "cn-sx", "other"): 2 * 9_999,
        ("explain", "cn-tj", "other"): 7,
    }


@pytest.mark.parametrize(
    ("days", "stretch"),
    [
        *((0, "0-1"), (1, "0-1"), (2, "2-3"), (3, "2-3"), (4, "4-7"), (7, "4-7"), (8, "8-30")),
        *((30, "8-30"), (31, "31-90"), (90, "31-90"), (91, "91-365"), (365, "91-365")),
        *((366, "366-"), (9_999, "366-"), (-2, "0-1")),
    ],
)
async def test_what_stands_open_is_counted_by_the_days_since_it_occurred(
    days: int, stretch: str, api: httpx.AsyncClient, connection: Connection
) -> None:
    today = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    await connection.executemany(
        "INSERT INTO compliance.open_day VALUES ('cn-sx', 'late-response', $1, $2, $3)",
        [
            ("warning", today - timedelta(days=days), 5),
            ("warning", today - timedelta(days=40_000), 0),
            ("breach", today, 7),
        ],
    )
    found = await samples(api)
    asked = {"rule": "late-response", "severity": "warning", "jurisdiction": "cn-sx"}
    counts = {age: found[labelled("vbp_open_violations_by_age", **asked, days=age)] for age in AGES}
    assert counts == {age: 5 if age == stretch else 0 for age in AGES}


async def test_of_the_parties_only_the_ten_named_most_in_each_role_are_shown(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await connection.execute(
        "INSERT INTO compliance.open_party "
        "SELECT 'cn-sx', role, 'P' || n, n / 2 FROM generate_series(0, 999) AS n, "
        "unnest(ARRAY['distributor', 'hospital']) AS role"
    )
    await connection.execute(
        "INSERT INTO compliance.open_party VALUES ('cn-tj', 'manufacturer', E'\\n\"x', 1)"
    )
    shown = {
        (labels["role"], labels["party"]): value
        for (name, pairs), value in (await samples(api)).items()
        if name == "vbp_open_violations_of_party"
        for labels in [dict(pairs)]
    }
    most = {f"P{n}": n // 2 for n in range(990, 1_000)}
    assert shown == {
        **{("distributor", party): count for party, count in most.items()},
        **{("hospital", party): count for party, count in most.items()},
        ("manufacturer", '\n"x'): 1,
    }
