"""What people do with violations, over HTTP, on a real PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.storage import violations
from shared.adapters.identity.invented import COOKIE
from shared.adapters.postgres import Connection
from tests.support.kept import TOLD, a_violation, problem, read

pytestmark = pytest.mark.integration

V = a_violation(1)
REVIEWS = f"/v1/violations/{V.id}/reviews"
LONG_AGO = datetime.now(UTC) - timedelta(days=60)


async def tell(connection: Connection, number: int = 1, **changes: Any) -> None:
    """Have the machine tell of a violation that accuses distributor D01."""
    violation = a_violation(number, **{"severity": "breach", "distributor": "D01", **changes})
    accused = Accused("distributor", "D01")
    change = Change("changed", violation.id, TOLD, violation, (), accused=accused)
    await violations.tell(connection, [change])


def by(name: str, seq: int | None = None) -> dict[str, str]:
    """The headers of somebody who has seen a violation up to a line."""
    seen = {} if seq is None else {"if-match": f'"{seq}"'}
    return {"cookie": f"{COOKIE}=person:{name}", **seen}


async def do(
    api: httpx.AsyncClient, name: str, seq: int | None, act: str, **body: Any
) -> httpx.Response:
    return await api.post(REVIEWS, json={"act": act, **body}, headers=by(name, seq))


async def test_a_violation_goes_through_the_hands_of_officer_party_and_reviewer(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    seen = await api.get(f"/v1/violations/{V.id}")
    assert seen.headers["etag"] == '"1"'
    assert (read(seen)["review"], read(seen)["stale"], read(seen)["seq"]) == ("new", False, 1)

    found = await do(api, "liwj", 1, "acknowledge")
    assert found.headers["etag"] == '"2"'
    item = read(found)
    assert (item["review"], item["seen_seq"], item["chain"]["verified"]) == (
        "acknowledged",
        1,
        True,
    )

    early = problem(await do(api, "wangxm", 2, "uphold", text="属实"), 409)
    assert early["type"] == "urn:vbp:problem:deadline-open"
    assert early["due"] > datetime.now(UTC).date().isoformat()

    said = await do(api, "chen", 2, "dispute", reason="data", text="系统未同步")
    assert read(said)["review"] == "disputed"
    item = read(await do(api, "wangxm", 3, "uphold", text="证据充分"))
    assert (item["review"], item["seq"]) == ("upheld", 4)
    told = [(line["actor"], line["change"], line["text"]) for line in item["history"]]
    assert told == [
        ("machine", "changed", None),
        ("person:liwj", "acknowledged", None),
        ("person:chen", "disputed", "系统未同步"),
        ("person:wangxm", "upheld", "证据充分"),
    ]
    # The party reads what it said itself, and not what officials say among each other.
    theirs = read(await api.get(f"/v1/violations/{V.id}/history", headers=by("chen")))
    assert [line["text"] for line in theirs["items"]] == [None, None, "系统未同步", None]


async def test_what_does_not_lead_on_is_refused_with_what_does(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    refused = problem(await do(api, "liwj", 1, "withdraw"), 403)
    assert refused["type"] == "urn:vbp:problem:not-allowed"
    refused = problem(await do(api, "wangxm", 1, "reopen", text="再看"), 409)
    assert (refused["type"], refused["from"], refused["act"], refused["allowed"]) == (
        "urn:vbp:problem:transition-refused",
        "new",
        "reopen",
        ["dispute", "comment", "assign"],
    )
    assert "You may now do: dispute, comment, assign" in refused["detail"]
    assert problem(await do(api, "liwj", 1, "propose-dismiss", reason="other"), 422)
    await do(api, "liwj", 1, "propose-dismiss", reason="other", text="重复")
    assert read(await do(api, "wangxm", 2, "dismiss"))["review"] == "dismissed"


async def test_one_pair_of_eyes_decides_nothing(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    """Without a choice, whoever sits at the machine has every role: and may not decide alone."""
    await tell(connection)
    await api.post(REVIEWS, json={"act": "acknowledge"}, headers={"if-match": '"1"'})
    await connection.execute("UPDATE compliance.violation SET acknowledged_at = $1", LONG_AGO)
    alone = {"act": "uphold", "text": "属实"}
    refused = problem(await api.post(REVIEWS, json=alone, headers={"if-match": '"2"'}), 409)
    assert refused["type"] == "urn:vbp:problem:four-eyes"
    assert read(await do(api, "wangxm", 2, "uphold", text="属实"))["review"] == "upheld"


async def test_whoever_did_not_see_the_last_line_is_told_what_came(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    assert problem(await do(api, "liwj", None, "acknowledge"), 428)["title"] == "If match required"
    await tell(connection, observed=3)
    answer = await do(api, "liwj", 1, "acknowledge")
    changed = problem(answer, 412)
    assert answer.headers["etag"] == changed["etag"] == '"2"'
    assert [(one["seq"], one["actor"], one["change"]) for one in changed["changes"]] == [
        (2, "machine", "changed")
    ]
    for told in ("2", 'W/"2"', "*", '"x"', '""'):
        headers = by("liwj") | {"if-match": told}
        assert problem(await api.post(REVIEWS, json={"act": "acknowledge"}, headers=headers), 400)


async def test_a_foreign_violation_is_none_for_a_party(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    violation = a_violation(1, distributor="D02")
    accused = Accused("distributor", "D02")
    await violations.tell(
        connection, [Change("opened", V.id, TOLD, violation, (), accused=accused)]
    )
    refused = problem(await do(api, "chen", 1, "dispute", reason="data", text="x"), 404)
    assert refused["type"] == "urn:vbp:problem:not-found"
    assert problem(await do(api, "sunlei", 1, "acknowledge"), 403)


async def test_words_and_work_are_handed_on(api: httpx.AsyncClient, connection: Connection) -> None:
    await tell(connection)
    base = f"/v1/violations/{V.id}"
    said = await api.post(f"{base}/comments", json={"text": "已电话联系"}, headers=by("liwj"))
    assert read(said)["history"][-1]["text"] == "已电话联系"
    assert problem(await api.post(f"{base}/comments", json={"text": " "}, headers=by("liwj")), 422)
    given = {"assignee": "person:zhaogq"}
    assert problem(await api.post(f"{base}/assignments", json=given, headers=by("liwj")), 428)
    item = read(await api.post(f"{base}/assignments", json=given, headers=by("liwj", 2)))
    assert (item["assignee"], item["review"], item["seq"]) == ("person:zhaogq", "new", 3)
    mine = read(await api.get("/v1/violations", params=given))
    assert [one["id"] for one in mine["items"]] == [str(V.id)]


async def test_many_are_acknowledged_at_once_if_they_are_as_many_as_were_meant(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    for number in range(1, 6):
        await tell(connection, number, area="140100" if number < 4 else "140200")
    await do(api, "liwj", 1, "acknowledge")
    many = {"act": "acknowledge", "filter": {"area": "140100", "status": ["open"]}, "expect": 4}
    wrong = problem(await api.post("/v1/reviews", json=many, headers=by("liwj")), 409)
    assert (wrong["type"], wrong["expected"], wrong["found"]) == (
        "urn:vbp:problem:count-changed",
        4,
        3,
    )
    done = read(await api.post("/v1/reviews", json=many | {"expect": 3}, headers=by("liwj")))
    assert done == {"done": 2, "skipped": [{"id": str(V.id), "why": "transition-refused"}]}
    new = read(await api.get("/v1/violations", params={"review": "new"}))
    assert len(new["items"]) == 2
    acknowledged = {"review": ["acknowledged", "disputed"], "reviewed_to": "2099-01-01T00:00:00Z"}
    assert len(read(await api.get("/v1/violations", params=acknowledged))["items"]) == 3
    for wrong_body in (
        {"act": "acknowledge"},
        {"act": "uphold", "ids": []},
        {"act": "acknowledge", "filter": {}, "expect": 5, "ids": []},
        {"act": "acknowledge", "filter": {"nonsense": 1}, "expect": 5},
        {"act": "acknowledge", "filter": {"review": "seen"}, "expect": 1},
        {"act": "acknowledge", "filter": {}},
    ):
        problem(await api.post("/v1/reviews", json=wrong_body, headers=by("liwj")), 422)


async def test_a_body_that_is_none_of_ours_is_refused(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    form = by("liwj", 1) | {"content-type": "application/x-www-form-urlencoded"}
    problem(await api.post(REVIEWS, content=b"act=acknowledge", headers=form), 415)
    json = by("liwj", 1) | {"content-type": "application/json"}
    problem(await api.post(REVIEWS, content=b" " * 70_000, headers=json), 413)
    for body in (b"{", b"[]", b'{"act":"acknowledge","status":"closed"}', b'{"act":"delete"}'):
        problem(await api.post(REVIEWS, content=body, headers=json), 422)
    refused = await do(api, "liwj", 1, "propose-dismiss", reason="other", text="a\x00b")
    problem(refused, 422)
    assert (await connection.fetchval("SELECT count(*) FROM compliance.history")) == 1


async def test_a_worker_that_holds_it_is_waited_for_and_not_for_ever(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    async with connection.transaction():
        await tell(connection, observed=2)
        answer = await do(api, "liwj", 1, "acknowledge")
    assert "try again" in problem(answer, 503)["detail"]
    assert read(await do(api, "liwj", 2, "acknowledge"))["review"] == "acknowledged"
