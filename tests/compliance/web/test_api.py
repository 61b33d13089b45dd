"""The violations API, over HTTP, from a real PostgreSQL."""

import random
from typing import Any

import httpx
import msgspec
import pytest

from services.compliance.answers import catalogue, shapes
from services.compliance.findings.violation import Violation
from services.compliance.policies import policy
from services.compliance.rules import RULES
from shared.adapters.postgres import Connection
from tests.support.kept import (
    ORDER_PLACED,
    a_violation,
    an_evidence,
    keep_fact,
    problem,
    read,
    tell,
)

pytestmark = pytest.mark.integration


def varied(count: int) -> list[Violation]:
    """Make violations that differ in every filter; many share an instant."""
    rng = random.Random(5)
    return [
        a_violation(
            number,
            rule=rng.choice(RULES).name,
            status=rng.choice(["open", "closed"]),
            exempt=rng.random() < 0.3,
            severity=rng.choice(["breach", "explain", "warning"]),
            jurisdiction=rng.choice(["cn-sx", "cn-tj"]),
            product=rng.choice(["P1", "P2"]),
            area=rng.choice(["140100", "140200", None]),
            hospital=rng.choice(["H1", "H2", None]),
            manufacturer=rng.choice(["M1", "M2"]),
            distributor=rng.choice(["D1", "D2", None]),
            order=rng.choice(["O1", "O2", None]),
            occurred_at=f"2022-01-01T00:{rng.randrange(20):02}:00.000000Z",
        )
        for number in range(count)
    ]


async def walk(
    api: httpx.AsyncClient, filters: dict[str, Any], page_size: int
) -> list[dict[str, Any]]:
    """Read a list page by page."""
    items: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        asked = filters | {"page_size": page_size} | token
        page = read(await api.get("/v1/violations", params=asked))
        assert len(page["items"]) <= page_size
        items += page["items"]
        if page["next_page_token"] is None:
            return items
        assert len(page["items"]) == page_size
        token = {"page_token": page["next_page_token"]}


FILTERS: list[dict[str, Any]] = [
    {},
    {"rule": ["late-response"]},
    {"rule": ["late-response", "coverage-gap", "late-delivery"]},
    {"status": ["open"]},
    {"status": ["open", "closed"], "severity": ["breach", "explain"]},
    {"severity": ["breach"]},
    {"exempt": True},
    {"exempt": False},
    {"jurisdiction": "cn-tj"},
    {"area": "140200"},
    {"product": "P2"},
    {"hospital": "H2"},
    {"manufacturer": "M2"},
    {"distributor": "D2"},
    {"order": "O2"},
    {"product": "none such"},
    {"area": "140100", "product": "P1", "rule": ["late-response", "late-delivery"]},
]


async def test_paging_gives_just_what_the_filters_let_through_once_and_newest_first(
    api: httpx.AsyncClient, connection: Connection, subtests: pytest.Subtests
) -> None:
    kept = varied(120)
    await tell(connection, "opened", kept)
    for filters in FILTERS:
        wanted = [
            violation
            for violation in kept
            if all(
                getattr(violation, name) in (value if isinstance(value, list) else [value])
                for name, value in filters.items()
            )
        ]
        wanted.sort(key=lambda violation: (violation.occurred_at, violation.id), reverse=True)

        for page_size in (7, 120, 121):
            with subtests.test(filters=filters, page_size=page_size):
                items = await walk(api, filters, page_size)
                assert [item["id"] for item in items] == [str(violation.id) for violation in wanted]


async def test_the_first_instant_counts_and_the_last_does_not(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation(number) for number in (1, 2, 3)])
    asked = {
        "occurred_from": "2022-01-01T08:01:00+08:00",
        "occurred_to": "2022-01-01T00:03:00Z",
    }

    items = await walk(api, asked, 50)

    assert [item["order"] for item in items] == ["O2", "O1"]


async def test_a_violation_told_while_somebody_pages_moves_no_other(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation(number) for number in range(10, 20)])
    first = read(await api.get("/v1/violations", params={"page_size": 5}))
    await tell(connection, "opened", [a_violation(number) for number in (5, 30)])

    rest = {"page_size": 50, "page_token": first["next_page_token"]}
    second = read(await api.get("/v1/violations", params=rest))

    orders = [item["order"] for item in first["items"] + second["items"]]
    assert orders == [f"O{number}" for number in [*range(19, 9, -1), 5]]


async def test_an_item_is_the_violation_as_last_told_with_what_is_known_of_it_now(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    violation = a_violation()
    await tell(connection, "opened", [violation])
    await tell(connection, "withdrawn", [violation])

    (item,) = read(await api.get("/v1/violations"))["items"]

    told = msgspec.json.decode(msgspec.json.encode(violation))
    assert {name: item[name] for name in told} == told | {"status": "withdrawn"}
    assert item["detected_at"] == item["recorded_at"] == "2022-05-01T00:00:00.000000Z"
    assert item["supersedes"] == []


async def test_a_token_of_other_filters_or_altered_is_a_problem(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation(number) for number in range(3)])
    page = read(await api.get("/v1/violations", params={"page_size": 1}))
    token = page["next_page_token"]

    for asked in ({"page_token": token, "exempt": True}, {"page_token": token[::-1]}):
        found = problem(await api.get("/v1/violations", params=asked), 400)
        assert found["type"] == "urn:vbp:problem:invalid-page-token"


REFUSED = [
    ("rule=late-respons", 422, "known are: distributor-cap, coverage-gap, late-response"),
    ("status=cured", 422, "known are: open, closed, withdrawn"),
    ("severity=high", 422, "known are: breach, explain, warning"),
    ("occurred_from=2022-03-01T09:30:00", 422, "Send RFC 3339 with an offset"),
    ("occurred_to=2022-03-01T09:30:00+08:00", 422, "write + as %2B"),
    ("page_size=0", 422, "page_size"),
    ("page_size=1001", 422, "1000"),
    ("product=", 422, "product"),
    ("product=%00", 422, "product"),
    ("exempt=perhaps", 422, "exempt"),
    ("colour=red&shape=round", 400, "colour, shape: no such parameter"),
    ("product=P1&product=P2", 400, "product: given more than once"),
]


async def test_what_cannot_be_asked_is_a_problem_that_names_the_remedy(
    api: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for query, status, said in REFUSED:
        with subtests.test(query=query):
            assert said in problem(await api.get(f"/v1/violations?{query}"), status)["detail"]


async def test_a_violation_comes_with_its_history_and_the_facts_it_rests_on(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    kept, gone, false = an_evidence(1), an_evidence(2), an_evidence(3, held="00" * 16)
    violation = a_violation(evidence=[kept, gone, false])
    await tell(connection, "opened", [violation])
    cured = msgspec.structs.replace(
        violation, status="closed", cured_at="2022-01-02T00:00:00.000000Z"
    )
    await tell(connection, "closed", [cured])
    await keep_fact(connection, 1)
    await keep_fact(connection, 3)

    detail = read(await api.get(f"/v1/violations/{violation.id}"))

    assert msgspec.convert(detail, shapes.ViolationInFull).status == "closed"
    assert [line["change"] for line in detail["history"]] == ["opened", "closed"]
    assert detail["history"][0]["body"]["cured_at"] is None
    assert [fact["verified"] for fact in detail["facts"]] == [True, None, False]
    assert detail["facts"][0]["event"]["data"] == msgspec.json.decode(ORDER_PLACED)
    assert detail["chain"] == {"verified": True, "broken_at": None, "problem": None}


TAMPERED = {
    "a line": ("UPDATE compliance.history SET line = 'x' WHERE seq = 2", 2),
    "who": ("UPDATE compliance.history SET actor = 'nobody' WHERE seq = 2", 2),
    "a hash": ("UPDATE compliance.history SET hash = sha256('x') WHERE seq = 1", 1),
    "the head cut off": ("DELETE FROM compliance.history WHERE seq = 1", 1),
    "the tail cut off": ("DELETE FROM compliance.history WHERE seq = 3", 3),
    "the violation": (
        "UPDATE compliance.violation SET body = jsonb_set(body, '{limit}', '\"9\"')",
        None,
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_a_history_that_was_tampered_with_is_not_verified(
    api: httpx.AsyncClient, connection: Connection, what: str
) -> None:
    statement, broken_at = TAMPERED[what]
    violation = a_violation()
    for kind in ("opened", "changed", "withdrawn"):
        await tell(connection, kind, [violation])
    asked = f"/v1/violations/{violation.id}"
    assert read(await api.get(asked))["chain"]["verified"]

    await connection.execute("ALTER TABLE compliance.history DISABLE TRIGGER ALL")
    await connection.execute(statement)

    chain = read(await api.get(asked))["chain"]
    assert (chain["verified"], chain["broken_at"]) == (False, broken_at)


async def test_a_violation_that_nobody_told_is_not_found(api: httpx.AsyncClient) -> None:
    found = problem(await api.get(f"/v1/violations/{a_violation().id}"), 404)
    assert str(a_violation().id) in found["detail"]


async def test_what_is_no_id_cannot_be_looked_for(api: httpx.AsyncClient) -> None:
    problem(await api.get("/v1/violations/O1"), 422)


async def test_every_rule_shows_its_clauses_with_quote_text_and_values(
    api: httpx.AsyncClient,
) -> None:
    rules = msgspec.convert(read(await api.get("/v1/rules")), catalogue.Rules).items

    assert [rule.name for rule in rules] == [rule.name for rule in RULES]
    for rule in rules:
        assert rule.explanation
        for support in rule.policies:
            assert support.quote
            assert all(clause.text for clause in support.clauses.values())
        alone = msgspec.convert(read(await api.get(f"/v1/rules/{rule.name}")), catalogue.RuleShown)
        assert alone == rule
    (late,) = (rule for rule in rules if rule.name == "late-response")
    assert late.policies[0].values["response_hours"].basis == "assumption"
    assert "Known are: distributor-cap" in problem(await api.get("/v1/rules/x"), 404)["detail"]


async def test_every_policy_shows_all_its_clauses(api: httpx.AsyncClient) -> None:
    known = policy.load().all
    shown = msgspec.convert(read(await api.get("/v1/policies")), catalogue.PoliciesShown).items

    assert [one.digest for one in shown] == [one.digest for one in known]
    for one in known:
        alone = read(await api.get(f"/v1/policies/{one.id}"))
        assert list(alone["clauses"]) == list(one.clauses)
    assert "Known are: cn-sx-2021-22" in problem(await api.get("/v1/policies/x"), 404)["detail"]
