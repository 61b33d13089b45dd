import asyncio
import gzip
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.orders.app import create_app
from services.orders.settings import Settings
from tests.support.doors import (
    BATCH,
    INVALID,
    LINES,
    ORDER,
    STRUCTURED,
    Heard,
    as_json,
    metric,
    post,
    reached,
)
from tests.support.events import an_example

pytestmark = pytest.mark.integration


async def test_an_accepted_event_is_on_its_topic_as_it_was_told(
    door: httpx.AsyncClient, heard: Heard
) -> None:
    told = an_example(
        ORDER, recordedtime="2022-03-01T10:00:00+08:00", source="/hospitals/第一 医院"
    )
    answer = await post(door, told, STRUCTURED)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "id": told["id"], "source": told["source"]}
    (event,) = await heard.events()
    assert (event.id, event.source, event.type) == (told["id"], told["source"], ORDER)
    assert event.time == datetime(2022, 3, 1, 1, 30, tzinfo=UTC)
    assert event.recorded == datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
    assert event.raw == as_json(told["data"])
    assert event.key == b"cn-sx/XC07AAM000A001010100001"


@pytest.mark.parametrize(
    ("told", "pointer"), [(told, at) for _, told, at in INVALID], ids=[name for name, *_ in INVALID]
)
async def test_an_invalid_event_is_refused_with_its_field_and_a_remedy(
    door: httpx.AsyncClient, heard: Heard, told: dict[str, Any], pointer: str
) -> None:
    answer = await post(door, told, STRUCTURED)
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:vbp:problem:invalid-event"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert "Send" in problem["detail"]
    assert await heard.ids() == set()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b'{"id":',
        b"\xff\xfe",
        b'{"specversion":"1.0","id":"\xff"}',
        b"[" * 100_000,
    ],
    ids=["empty", "words", "cut", "UTF-16", "bad UTF-8", "brackets"],
)
@pytest.mark.parametrize("headers", [STRUCTURED, BATCH], ids=["one", "batch"])
async def test_what_is_not_json_is_a_bad_request(
    door: httpx.AsyncClient, body: bytes, headers: dict[str, str]
) -> None:
    answer = await post(door, body, headers)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:vbp:problem:unreadable"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/cloudevents+json; charset=gbk"},
        {"content-type": "application/json", "ce-specversion": "1.0"},
        {**STRUCTURED, "content-encoding": "br"},
    ],
    ids=["none", "text", "gbk", "binary mode", "brotli"],
)
async def test_another_content_type_is_told_which_are_taken(
    door: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await post(door, an_example(ORDER), headers)
    assert answer.status_code == 415
    detail = answer.json()["detail"]
    if "content-encoding" in headers:
        assert "gzip" in detail
    else:
        assert STRUCTURED["content-type"] in detail
        assert BATCH["content-type"] in detail
        assert LINES["content-type"] in detail


@pytest.mark.parametrize("kind", [STRUCTURED, {"content-type": "application/json"}])
async def test_an_event_may_have_a_mebibyte_and_no_more(
    door: httpx.AsyncClient, kind: dict[str, str]
) -> None:
    told = an_example(ORDER)
    exact = as_json(told).ljust(1 << 20)
    assert (await post(door, exact, kind)).status_code == 202
    answer = await post(door, exact + b" ", kind)
    assert answer.status_code == 413
    assert "1048576" in answer.json()["detail"]


async def test_a_packed_event_is_measured_unpacked(door: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b" " * (50 << 20))
    answer = await post(door, bomb, {**STRUCTURED, "content-encoding": "gzip"})
    assert answer.status_code == 413


async def test_telling_an_event_twice_is_harmless(door: httpx.AsyncClient) -> None:
    told = an_example(ORDER)
    assert (await post(door, told, STRUCTURED)).status_code == 202
    assert (await post(door, [told, told], BATCH)).status_code == 202


async def test_events_of_many_clients_at_once_are_all_taken(
    door: httpx.AsyncClient, heard: Heard
) -> None:
    events = [an_example(ORDER) for _ in range(200)]
    answers = await asyncio.gather(*[post(door, event, STRUCTURED) for event in events])
    assert {answer.status_code for answer in answers} == {202}
    assert await heard.ids() == {event["id"] for event in events}


async def test_every_count_is_born_at_zero_and_then_counts(door: httpx.AsyncClient) -> None:
    page = (await door.get("/metrics")).text
    assert metric(page, "vbp_events_accepted_total", type=ORDER) == 0
    assert metric(page, "vbp_events_refused_total", reason="jurisdiction") == 0
    route = {"service": "orders", "route": "/v1/events"}
    for status in ("202", "207", "400", "413", "415", "422", "503", "500"):
        assert metric(page, "vbp_http_requests_total", status=status, **route) == 0
    await post(door, an_example(ORDER), STRUCTURED)
    await post(door, an_example(ORDER, data={"jurisdiction": "cn-xx"}), STRUCTURED)
    page = (await door.get("/metrics")).text
    assert metric(page, "vbp_events_accepted_total", type=ORDER) == 1
    assert metric(page, "vbp_events_refused_total", reason="jurisdiction") == 1
    assert metric(page, "vbp_http_requests_total", status="202", **route) == 1
    assert metric(page, "vbp_publish_duration_seconds_count") == 1


async def test_bad_input_adds_no_series(door: httpx.AsyncClient) -> None:
    before = (await door.get("/metrics")).text.count("\n")
    for _, told, _ in INVALID:
        await post(door, told, STRUCTURED)
    for path in ("/a", "/b", "/v1/events/c"):
        await door.get(path)
    await door.get("/v1/events")
    assert (await door.get("/metrics")).text.count("\n") == before


async def test_the_door_is_ready_when_its_topics_are_there(door: httpx.AsyncClient) -> None:
    answer = await door.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert (await door.get("/healthz")).status_code == 200


async def test_the_documents_examples_are_accepted(door: httpx.AsyncClient) -> None:
    document = (await door.get("/openapi.json")).json()
    body = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]
    values = [told["value"] for told in body[STRUCTURED["content-type"]]["examples"].values()]
    assert len(values) == 20
    answer = await post(door, values, BATCH)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 20)


async def test_while_the_broker_is_away_nothing_is_accepted_and_the_door_says_so() -> None:
    app = create_app(Settings(kafka="127.0.0.1:1", publish_seconds=0.3), frozenset({"cn-sx"}))
    async with reached(app) as door:
        answer = await post(door, an_example(ORDER), STRUCTURED)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["type"] == "urn:vbp:problem:broker-unavailable"
        batch = await post(door, [an_example(ORDER), {}], BATCH)
        assert batch.status_code == 503
        assert [result["accepted"] for result in batch.json()["results"]] == [False, False]
        assert "harmless" in batch.json()["results"][0]["error"]["remedy"]
        ready = await door.get("/readyz")
        assert ready.status_code == 503
        assert "VBP_KAFKA" in ready.json()["detail"]
        assert (await door.get("/healthz")).status_code == 200
        page = (await door.get("/metrics")).text
        assert metric(page, "vbp_events_refused_total", reason="broker") == 2
