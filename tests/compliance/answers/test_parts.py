"""A violation that rests on ten thousand events, or changed a thousand times, answers in pages."""

import hashlib
from itertools import chain
from typing import Any

import httpx
import msgspec
import pytest

from services.compliance.findings.violation import Violation
from shared.adapters.postgres import Connection
from shared.domain import topics
from tests.support.kept import ORDER_PLACED, TOLD, a_violation, an_evidence, problem, read, tell

pytestmark = pytest.mark.integration

MANY = 10_000


async def keep_facts(connection: Connection, count: int) -> None:
    """Keep the events that evidence with offsets from 0 on points at."""
    place = topics.INPUTS.index(topics.ORDERS)
    named = ("vbp.order.placed.v1", "/hospitals/H1")
    await connection.copy_records_to_table(
        "fact",
        schema_name="compliance",
        records=[
            (place, 3, number, TOLD, *named, f"e{number}", TOLD, None, ORDER_PLACED)
            for number in range(count)
        ],
    )


async def a_large_one(connection: Connection) -> Violation:
    """A violation that rests on one event, then on more and more of them, and was withdrawn."""
    evidence = [an_evidence(number) for number in range(MANY)]
    for kind, count in (("opened", 1), ("changed", 2), ("changed", 200), ("changed", MANY)):
        await tell(connection, kind, [a_violation(evidence=evidence[:count])])  # type: ignore[arg-type]
    violation = a_violation(evidence=evidence)
    await tell(connection, "withdrawn", [violation])
    await keep_facts(connection, MANY)
    return violation


async def walk(api: httpx.AsyncClient, address: str | None) -> list[list[dict[str, Any]]]:
    """Read the pages from an address on."""
    pages = []
    path = address and address.partition("?")[0]
    while address is not None:
        page = read(await api.get(address))
        pages.append(page["items"])
        token = page["next_page_token"]
        address = None if token is None else f"{path}?page_size=1000&page_token={token}"
    return pages


async def test_the_first_page_is_small_and_the_links_lead_to_all_the_rest(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    violation = await a_large_one(connection)

    answer = await api.get(f"/v1/violations/{violation.id}")

    detail = read(answer)
    assert len(answer.content) < 200_000
    assert detail["chain"]["verified"]
    assert (detail["evidence_count"], detail["history_count"]) == (MANY, 5)
    whole = {}
    for part in ("evidence", "facts", "history"):
        pages = await walk(api, detail["next"][part])
        whole[part] = [*detail[part], *chain.from_iterable(pages)]
    evidence, facts, history = whole.values()
    assert evidence == violation.evidence
    assert [fact["id"] for fact in facts] == [item["id"] for item in violation.evidence]
    assert all(fact["verified"] for fact in facts)
    assert [line["change"] for line in history] == ["opened", *["changed"] * 3, "withdrawn"]
    before = b""
    for line in history:
        before = hashlib.sha256(before + line["line"].encode()).digest()
        assert line["hash"] == before.hex()


async def test_no_page_is_large_but_one_that_holds_a_single_large_line(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    violation = await a_large_one(connection)
    asked = f"/v1/violations/{violation.id}"

    for part in ("evidence", "facts"):
        pages = await walk(api, f"{asked}/{part}?page_size=1000")
        assert sum(map(len, pages)) == MANY
        assert all(len(msgspec.json.encode(page)) <= 1_000_000 for page in pages)
    pages = await walk(api, f"{asked}/history?page_size=1000")
    assert [[line["seq"] for line in page] for page in pages] == [[1, 2, 3], [4], [5]]


async def test_a_violation_that_changes_while_somebody_pages_moves_nothing(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    violation = await a_large_one(connection)
    asked = f"/v1/violations/{violation.id}/evidence"
    first = read(await api.get(asked, params={"page_size": 10}))
    await tell(connection, "opened", [a_violation(evidence=[an_evidence(77)])])

    rest = {"page_size": 10, "page_token": first["next_page_token"]}
    second = read(await api.get(asked, params=rest))

    assert first["items"] + second["items"] == violation.evidence[:20]
    assert read(await api.get(asked))["items"] == [an_evidence(77)]


async def test_a_small_violation_is_whole_and_links_nothing(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    violation = a_violation()
    await tell(connection, "opened", [violation])

    detail = read(await api.get(f"/v1/violations/{violation.id}"))

    assert detail["next"] == {"evidence": None, "facts": None, "history": None}
    assert (detail["evidence_count"], detail["history_count"]) == (1, 1)
    assert (detail["evidence"], len(detail["history"])) == (violation.evidence, 1)


async def test_an_event_of_a_mebibyte_does_not_make_the_first_page_large(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    violation = a_violation(evidence=[an_evidence(0), an_evidence(1)])
    await tell(connection, "opened", [violation])
    await keep_facts(connection, 2)
    await connection.execute(
        "UPDATE compliance.fact SET data = convert_to(json_build_object('x', repeat('y', $1))"
        "::text, 'UTF8')",
        1_000_000,
    )

    answer = await api.get(f"/v1/violations/{violation.id}")

    assert len(answer.content) < 200_000
    pages = await walk(api, read(answer)["next"]["facts"])
    assert [[fact["verified"] for fact in page] for page in pages] == [[False], [False]]


@pytest.mark.parametrize("part", ["evidence", "facts", "history"])
async def test_what_cannot_be_asked_of_a_part_is_a_problem(
    api: httpx.AsyncClient, connection: Connection, part: str
) -> None:
    one, other = a_violation(1), a_violation(2)
    evidence = [an_evidence(number) for number in range(3)]
    await tell(connection, "opened", [a_violation(1, evidence=evidence)])
    await tell(connection, "changed", [a_violation(1, evidence=evidence)])
    await tell(connection, "opened", [other])
    page = read(await api.get(f"/v1/violations/{one.id}/{part}", params={"page_size": 1}))
    token = page["next_page_token"]
    assert token is not None

    problem(await api.get(f"/v1/violations/{a_violation(3).id}/{part}"), 404)
    problem(await api.get(f"/v1/violations/O1/{part}"), 422)
    for path, asked in (
        (f"{other.id}/{part}", {"page_token": token}),
        (f"{one.id}/{part}", {"page_token": token[::-1]}),
        (f"{one.id}/{'facts' if part == 'evidence' else 'evidence'}", {"page_token": token}),
    ):
        found = problem(await api.get(f"/v1/violations/{path}", params=asked), 400)
        assert found["type"] == "urn:vbp:problem:invalid-page-token"
    problem(await api.get(f"/v1/violations/{one.id}/{part}", params={"page_size": 0}), 422)
    problem(await api.get(f"/v1/violations/{one.id}/{part}", params={"colour": "red"}), 400)
