"""What was known at an instant: just what the lines of the histories up to it say."""

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from services.compliance.answers.as_of import QUERIES
from services.compliance.answers.filters import Asked
from services.compliance.answers.listing import listing
from services.compliance.findings.violation import Change, Violation
from services.compliance.records.evidence import Evidence
from services.compliance.storage import violations as kept
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.calendar import instant_text, parse_instant
from shared.domain.records.telling import Telling
from tests.support.kept import TOLD, a_connection, a_violation, an_evidence, problem, read

pytestmark = pytest.mark.integration

SECOND = timedelta(seconds=1)
MACHINE = {*Violation.__struct_fields__, "detected_at", "recorded_at", "supersedes"}
Step = tuple[int, int, str, dict[str, Any]]
"""How many half-minutes after the step before, which violation, what happens, how it then is."""

VARIED = some.fixed_dictionaries(
    {
        "severity": some.sampled_from(["breach", "warning"]),
        "area": some.sampled_from(["140100", "140200", None]),
        "distributor": some.sampled_from(["D1", "D2", None]),
        "exempt": some.booleans(),
        # Some occur long after they are known, as an appointment that begins next month does.
        "occurred_at": some.sampled_from(
            [
                "2022-01-01T00:00:00.000000Z",
                "2022-01-02T00:00:00.000000Z",
                "2022-05-03T00:00:30.000000Z",
                "2022-07-01T00:00:00.000000Z",
            ]
        ),
        "observed": some.integers(0, 3),
    }
)
STEPS = some.lists(
    some.tuples(
        some.integers(0, 3),
        some.integers(0, 4),
        some.sampled_from(["opened", "changed", "closed", "withdrawn"]),
        VARIED,
    ),
    max_size=25,
)
FILTERS: list[dict[str, Any]] = [
    {},
    {"status": ["open"]},
    {"status": ["open", "withdrawn"], "severity": ["breach"]},
    {"area": "140200"},
    {"distributor": "D2", "exempt": False},
    {"occurred_from": "2022-01-02T00:00:00Z", "rule": ["late-response"]},
]


def played(steps: Sequence[Step]) -> list[Change]:
    """Turn steps into changes that can be: what is withdrawn stood, what is found is told."""
    at, standing = TOLD, set[int]()
    changes = []
    void = Evidence(
        "vbp.order.placed.v1",
        Telling(TOLD, "/hospitals/H1", "void", b"\0" * 16, TOLD, TOLD, 0, 1),
    )
    for wait, number, kind, varied in steps:
        at += wait * 30 * SECOND
        violation = a_violation(number, **varied)
        if kind == "withdrawn":
            if number not in standing:
                continue
            standing.discard(number)
            changes.append(
                Change("withdrawn", violation.id, at, None, (), withdrawn_by=void)
                if varied["exempt"]
                else Change("withdrawn", violation.id, at, None, ())
            )
            continue
        replaces = () if number in standing else (a_violation(number + 10).id,)
        standing.add(number)
        if kind == "closed":
            cured = violation.occurred_at
            violation = msgspec.structs.replace(violation, status="closed", cured_at=cured)
        changes.append(Change(kind, violation.id, at, violation, (), replaces))  # type: ignore[arg-type]  # one of the kinds
    return changes


def cut(changes: Sequence[Change], at: datetime) -> dict[UUID, dict[str, Any]]:
    """What was known at an instant, by going through all changes up to it."""
    found: dict[UUID, dict[str, Any]] = {}
    for change in changes:
        if change.at > at:
            break
        last = found.get(change.id)
        now = dict(last or {"detected_at": instant_text(change.at), "supersedes": []})
        if change.violation is None:
            now |= {"status": "withdrawn", "details": now["details"] | change.details}
        else:
            now |= msgspec.to_builtins(change.violation)
        now["recorded_at"] = instant_text(change.at)
        now["supersedes"] = now["supersedes"] + [str(name) for name in change.supersedes]
        found[change.id] = now
    return found


def let_through(item: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    earliest = filters.get("occurred_from", "1901-01-01T00:00:00Z")
    return parse_instant(item["occurred_at"]) >= parse_instant(earliest) and all(
        item[name] in (wanted if isinstance(wanted, list) else [wanted])
        for name, wanted in filters.items()
        if name != "occurred_from"
    )


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """What the machine told of it; what people hold is looked at elsewhere."""
    return {name: held for name, held in item.items() if name in MACHINE}


async def listed(api: httpx.AsyncClient, filters: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = read(await api.get("/v1/violations", params=filters | {"page_size": 2} | token))
        items += map(plain, page["items"])
        if page["next_page_token"] is None:
            return items
        token = {"page_token": page["next_page_token"]}


async def clear(connection: Connection) -> None:
    """Begin again; nothing but a test may."""
    await connection.execute(
        "ALTER TABLE compliance.history DISABLE TRIGGER history_kept_whole;"
        "TRUNCATE compliance.violation, compliance.history, compliance.past, compliance.outbox;"
        "ALTER TABLE compliance.history ENABLE TRIGGER history_kept_whole"
    )


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, cuts=some.lists(some.integers(-1, 40), min_size=1, max_size=2))
async def test_list_detail_count_and_export_are_the_history_cut_at_any_instant(
    steps: list[Step], cuts: list[int], api: httpx.AsyncClient, connection: Connection
) -> None:
    changes = played(steps)
    await clear(connection)
    for change in changes:
        await kept.tell(connection, [change])
    for number in cuts:
        at = TOLD + number * 30 * SECOND
        known = cut(changes, at)
        await _lists_compared(api, known, instant_text(at))
        for name in {change.id for change in changes}:
            lines = [one for one in changes if one.id == name and one.at <= at]
            answer = await api.get(f"/v1/violations/{name}", params={"as_of": instant_text(at)})
            if not lines:
                problem(answer, 404)
                continue
            found = read(answer)
            assert found["chain"]["verified"], found["chain"]
            assert found["history_count"] == len(found["history"]) == len(lines)
            assert {field: found[field] for field in known[name]} == known[name]


async def _lists_compared(
    api: httpx.AsyncClient, known: Mapping[UUID, dict[str, Any]], at: str
) -> None:
    newest = sorted(known.values(), key=lambda item: (item["occurred_at"], item["id"]))[::-1]
    for filters in FILTERS:
        wanted = [item for item in newest if let_through(item, filters)]
        asked = filters | {"as_of": at}
        assert await listed(api, asked) == wanted, (filters, at)
        lines = (await api.get("/v1/violations.ndjson", params=asked)).text.splitlines()
        assert [plain(msgspec.json.decode(line)) for line in lines] == wanted
        page = (await api.get("/violations", params=asked)).text
        assert f"<b>{len(wanted)} / {len(wanted)} 项</b>" in page or not wanted
        assert page.count('<td class="what">') == len(wanted)


async def test_as_of_now_is_the_list_without_it(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    for kind in ("opened", "closed"):
        changes = [Change(kind, a_violation(n).id, TOLD, a_violation(n), ()) for n in range(5)]
        await kept.tell(connection, changes)
    now = instant_text(datetime.now(UTC))

    assert await listed(api, {"as_of": now}) == await listed(api, {})


NO_INSTANTS = {
    "2999-01-01T00:00:00Z": "lies ahead",
    "2022-05-01T00:00:00": "has no offset",
    "yesterday": "is not an instant",
    "2022-05-01T00:00:00 08:00": "write + as %2B",
}


async def test_an_instant_that_is_ahead_or_naive_is_refused_with_the_remedy(
    api: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for path in ("", ".csv", ".ndjson", ".xlsx", ".parquet", f"/{UUID(int=7)}"):
        for asked, said in NO_INSTANTS.items():
            with subtests.test(path=path, asked=asked):
                answer = await api.get(f"/v1/violations{path}", params={"as_of": asked})

                problem(answer, 422)
                assert said in answer.text


async def test_pages_of_one_instant_are_no_pages_of_another(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    changes = [Change("opened", a_violation(n).id, TOLD, a_violation(n), ()) for n in range(5)]
    await kept.tell(connection, changes)
    asked: dict[str, str] = {"page_size": "2", "as_of": instant_text(TOLD)}
    token = read(await api.get("/v1/violations", params=asked))["next_page_token"]

    other = asked | {"page_token": token, "as_of": instant_text(TOLD + SECOND)}
    problem(await api.get("/v1/violations", params=other), 400)


async def test_the_parts_of_a_violation_end_where_it_did_then(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    for number in range(4):
        told = a_violation(observed=number, evidence=[an_evidence(n) for n in range(number + 1)])
        await kept.tell(connection, [Change("changed", told.id, TOLD + number * SECOND, told, ())])
    asked = {"as_of": instant_text(TOLD + 2 * SECOND), "page_size": "2"}
    address = f"/v1/violations/{a_violation().id}"

    page = read(await api.get(f"{address}/history", params=asked))
    assert [line["seq"] for line in page["items"]] == [1, 2]
    rest = read(
        await api.get(f"{address}/history", params=asked | {"page_token": page["next_page_token"]})
    )
    assert ([line["seq"] for line in rest["items"]], rest["next_page_token"]) == ([3], None)
    for part in ("evidence", "facts"):
        found = read(await api.get(f"{address}/{part}", params=asked | {"page_size": "50"}))
        assert len(found["items"]) == 3


async def test_what_an_earlier_version_wrote_is_known_as_of_any_instant_too(
    bare_database: str, tmp_path: Path
) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        # Counts of days came later, and whoever tells of a violation writes them.
        if file.name < "0060" or file.name == "0120_days.sql":
            shutil.copy(file, tmp_path)
    await postgres.migrate(bare_database, tmp_path, "compliance")
    varied: list[dict[str, Any]] = [
        {"area": "140100", "exempt": True, "distributor": "配送一", "severity": "breach"},
        {"area": None, "exempt": False, "distributor": None, "severity": "warning"},
    ]
    steps: list[Step] = [
        (number % 2, number % 3, kind, varied[number % 2])
        for number, kind in enumerate(["opened", "closed", "changed", "withdrawn"] * 6)
    ]
    changes = played(steps)
    async with a_connection(bare_database) as connection:
        for change in changes:
            await kept.tell(connection, [change])
        await postgres.migrate(bare_database, MIGRATIONS, "compliance")
        before = await connection.fetch("SELECT * FROM compliance.past ORDER BY id, seq")
        await clear(connection)
        for change in changes:
            await kept.tell(connection, [change])
        after = await connection.fetch("SELECT * FROM compliance.past ORDER BY id, seq")

    assert len(after) > 10
    assert before == after


async def test_a_page_as_of_an_instant_reads_no_more_than_its_rows(database: str) -> None:
    async with a_connection(database) as connection:
        for day in range(20):
            at = TOLD + timedelta(days=day)
            told = [
                a_violation(day * 200 + n, occurred_at=instant_text(at - n * SECOND))
                for n in range(200)
            ]
            await kept.tell(connection, [Change("opened", v.id, at, v, ()) for v in told])
            later = at + timedelta(hours=30)
            await kept.tell(connection, [Change("closed", v.id, later, v, ()) for v in told])
        await connection.execute("VACUUM ANALYZE compliance.violation, compliance.past")
        for filters in ({}, {"rule": ["late-response"]}, {"product": "P1"}):
            asked = Asked.model_validate(filters | {"as_of": TOLD + timedelta(days=10)})
            query, values = listing(QUERIES["list"], asked, None, 51)
            plan = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING off) {query}", *values)

            text = "\n".join([str(filters), *(row[0] for row in plan)])
            assert "Seq Scan" not in text, text
            removed = [int(n) for n in re.findall(r"Removed by Filter: (\d+)", text)]
            assert sum(removed) < 1_000, text


async def test_what_people_held_is_that_of_then_and_is_not_searched(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    other, shown = a_violation(2), a_violation()
    for number, one in enumerate((shown, other)):
        at = TOLD + number * SECOND
        await kept.tell(connection, [Change("opened", one.id, at, one, ())])
    before = instant_text(datetime.now(UTC))
    act = {"act": "acknowledge"}
    headers = {"if-match": '"1"'}
    address = f"/v1/violations/{shown.id}"
    read(await api.post(f"{address}/reviews", json=act, headers=headers))
    after = instant_text(datetime.now(UTC))
    closed = msgspec.structs.replace(shown, status="closed", cured_at=shown.occurred_at)
    await kept.tell(connection, [Change("closed", shown.id, datetime.now(UTC), closed, ())])

    states = []
    for asked in (before, after, None):
        params = {} if asked is None else {"as_of": asked}
        item = read(await api.get(address, params=params))
        listed_items = read(await api.get("/v1/violations", params=params))["items"]
        (same,) = [one for one in listed_items if one["id"] == str(shown.id)]
        assert {name: item[name] for name in same} == same
        states.append((item["review"], item["status"], item["seq"]))
    assert states == [
        ("new", "open", 1),
        ("acknowledged", "open", 2),
        ("acknowledged", "closed", 3),
    ]
    refused = await api.get("/v1/violations", params={"as_of": before, "review": "new"})
    assert "cannot be asked with as_of" in refused.text
    assert (await api.get(address, params={"as_of": before})).headers.get("etag") is None
