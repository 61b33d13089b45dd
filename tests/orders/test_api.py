import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.orders.app import create_app
from services.orders.settings import Settings
from shared.adapters import kafka as bus
from tests.support.doors import (
    BATCH,
    LINES,
    STRUCTURED,
    Heard,
    an_event,
    as_json,
    as_lines,
    listening,
    metric,
    reached,
)

pytestmark = pytest.mark.integration

ORDER = "vbp.order.placed.v1"


@pytest_asyncio.fixture
async def door(kafka: str) -> AsyncIterator[httpx.AsyncClient]:
    await bus.create_topics(kafka)
    app = create_app(Settings(kafka=kafka), frozenset({"cn-sx", "cn-tj"}))
    async with reached(app) as client:
        yield client


@pytest_asyncio.fixture
async def heard(door: httpx.AsyncClient, kafka: str) -> AsyncIterator[Heard]:
    assert door, "the topics are made with the door"
    async with listening(kafka, "vbp.orders.v1", "vbp.register.v1", "vbp.funds.v1") as reader:
        yield reader


async def _post(door: httpx.AsyncClient, body: Any, headers: dict[str, str]) -> httpx.Response:
    content = body if isinstance(body, bytes) else as_json(body)
    return await door.post("/v1/events", content=content, headers=headers)


async def test_an_accepted_event_is_on_its_topic_as_it_was_told(
    door: httpx.AsyncClient, heard: Heard
) -> None:
    told = an_event(ORDER, recordedtime="2022-03-01T10:00:00+08:00", source="/hospitals/第一 医院")
    answer = await _post(door, told, STRUCTURED)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "id": told["id"], "source": told["source"]}
    (event,) = await heard.events()
    assert (event.id, event.source, event.type) == (told["id"], told["source"], ORDER)
    assert event.time == datetime(2022, 3, 1, 1, 30, tzinfo=UTC)
    assert event.recorded == datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
    assert event.raw == as_json(told["data"])
    assert event.key == b"cn-sx/XC07AAM000A001010100001"


@pytest.mark.parametrize(
    "kind", ["vbp.hospital.enrolled.v1", "vbp.order.accepted.v1", "vbp.payment.made.v1"]
)
async def test_the_purchasing_side_tells_the_register_orders_and_funds(
    door: httpx.AsyncClient, heard: Heard, kind: str
) -> None:
    told = an_event(kind)
    assert (await _post(door, told, STRUCTURED)).status_code == 202
    assert await heard.ids() == {told["id"]}


async def test_what_the_supply_side_tells_is_shown_the_way_to_its_door(
    door: httpx.AsyncClient,
) -> None:
    answer = await _post(door, an_event("vbp.shipment.dispatched.v1"), STRUCTURED)
    assert answer.status_code == 422
    assert "delivery service" in answer.json()["detail"]


NOWHERE = {"jurisdiction": "cn-xx"}
FAR = (datetime.now(UTC) + timedelta(hours=25)).isoformat()
INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("a missing attribute", an_event(ORDER, source=None), "#/source"),
    ("a missing field", an_event(ORDER, data={"hospital": None}), "#/data/hospital"),
    ("no data", {**an_event(ORDER, data=None), "data": None}, "#/data"),
    ("a text for a number", an_event(ORDER, data={"quantity": "600"}), "#/data/quantity"),
    ("a naive time", an_event(ORDER, time="2022-03-01T09:30:00"), "#/time"),
    ("a time far ahead", an_event(ORDER, time=FAR), "#/time"),
    ("an unknown type", an_event(ORDER, type="vbp.order.lost.v1"), "#/type"),
    ("a number for money", an_event(ORDER, data={"unit_price": 0.36}), "#/data/unit_price"),
    ("a bad decimal", an_event(ORDER, data={"unit_price": "0,36"}), "#/data/unit_price"),
    ("a negative quantity", an_event(ORDER, data={"quantity": -1}), "#/data/quantity"),
    ("nothing ordered", an_event(ORDER, data={"quantity": 0}), "#/data/quantity"),
    ("an unknown jurisdiction", an_event(ORDER, data=NOWHERE), "#/data/jurisdiction"),
    ("a bad deadline", an_event(ORDER, data={"deliver_by": "soon"}), "#/data/deliver_by"),
    ("an old specversion", an_event(ORDER, specversion="0.3"), "#/specversion"),
    ("a character NUL in an id", an_event(ORDER, id="a\0b"), "#"),
    ("a subject that is a number", an_event(ORDER, subject=5), "#/subject"),
    ("a number, not an object", 5, "#"),  # type: ignore[list-item]
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "pointer"), [(told, at) for _, told, at in INVALID], ids=[name for name, *_ in INVALID]
)
async def test_an_invalid_event_is_refused_with_its_field_and_a_remedy(
    door: httpx.AsyncClient, heard: Heard, told: dict[str, Any], pointer: str
) -> None:
    answer = await _post(door, told, STRUCTURED)
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
    answer = await _post(door, body, headers)
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
    answer = await _post(door, an_event(ORDER), headers)
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
    told = an_event(ORDER)
    exact = as_json(told).ljust(1 << 20)
    assert (await _post(door, exact, kind)).status_code == 202
    answer = await _post(door, exact + b" ", kind)
    assert answer.status_code == 413
    assert "1048576" in answer.json()["detail"]


async def test_a_batch_may_have_eight_mebibytes_and_no_more(door: httpx.AsyncClient) -> None:
    exact = as_json([an_event(ORDER)]).ljust(8 << 20)
    assert (await _post(door, exact, BATCH)).status_code == 202
    assert (await _post(door, exact + b" ", BATCH)).status_code == 413


async def test_a_batch_of_more_things_than_events_fit_is_refused_at_once(
    door: httpx.AsyncClient,
) -> None:
    answer = await _post(door, b"[" + b"0," * 60_000 + b"0]", BATCH)
    assert answer.status_code == 413


async def test_a_packed_event_is_measured_unpacked(door: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b" " * (50 << 20))
    answer = await _post(door, bomb, {**STRUCTURED, "content-encoding": "gzip"})
    assert answer.status_code == 413


@pytest.mark.parametrize("form", ["batch", "lines", "json"])
async def test_the_good_events_around_bad_ones_are_accepted(
    door: httpx.AsyncClient, heard: Heard, form: str
) -> None:
    good = [an_event(ORDER) for _ in range(3)]
    events = [good[0], *(told for _, told, _ in INVALID), good[1], good[2]]
    headers = {"batch": BATCH, "lines": LINES, "json": {"content-type": "application/json"}}[form]
    body = as_lines(events) if form == "lines" else as_json(events)
    answer = await _post(door, body, headers)
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [result["index"] for result in results] == list(range(len(events)))
    assert [result["id"] for result in results if result["accepted"]] == [e["id"] for e in good]
    refused = [result for result in results if not result["accepted"]]
    assert len(refused) == answer.json()["refused"] == len(INVALID)
    assert all(result["error"]["remedy"] for result in refused)
    assert refused[1]["error"]["field"] == "data.hospital"
    assert refused[1]["id"] == INVALID[1][1]["id"]
    assert await heard.ids() == {event["id"] for event in good}


async def test_a_batch_that_is_all_good_is_accepted(door: httpx.AsyncClient, heard: Heard) -> None:
    events = [an_event(ORDER) for _ in range(20)]
    answer = await _post(door, events, BATCH)
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["refused"]) == (20, 0)
    assert len(answer.json()["results"]) == 20
    assert await heard.ids() == {event["id"] for event in events}


async def test_an_empty_list_is_a_batch_of_nothing(door: httpx.AsyncClient) -> None:
    answer = await _post(door, b"[]", BATCH)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 0, "refused": 0, "results": []}


@pytest.mark.parametrize("body", [b"", b"\n \n\r\n"])
async def test_a_stream_without_events_is_a_bad_request(
    door: httpx.AsyncClient, body: bytes
) -> None:
    assert (await _post(door, body, LINES)).status_code == 400


async def test_the_index_of_a_stream_is_the_line(door: httpx.AsyncClient) -> None:
    one, two = as_json(an_event(ORDER)), as_json(an_event(ORDER))
    answer = await _post(door, b"\n" + one + b"\r\n\nwords\n" + two, LINES)
    results = answer.json()["results"]
    assert [(result["index"], result["accepted"]) for result in results] == [
        (1, True),
        (3, False),
        (4, True),
    ]


async def test_a_line_that_is_too_long_does_not_stop_its_neighbours(
    door: httpx.AsyncClient, heard: Heard
) -> None:
    before, long, after = (
        an_event(ORDER),
        an_event(ORDER, data={"note": "x" * (3 << 20)}),
        an_event(ORDER),
    )
    answer = await _post(door, as_lines([before, long, after]), LINES)
    results = answer.json()["results"]
    assert [result["accepted"] for result in results] == [True, False, True]
    assert "larger than 1048576" in results[1]["error"]["detail"]
    assert await heard.ids() == {before["id"], after["id"]}


@pytest.mark.parametrize("files", [1, 3], ids=["one file", "joined files"])
async def test_a_packed_stream_of_any_length_is_taken(
    door: httpx.AsyncClient, heard: Heard, files: int
) -> None:
    events = [an_event(ORDER) for _ in range(3000)]
    part = len(events) // files
    packed = b"".join(
        gzip.compress(as_lines(events[at : at + part])) for at in range(0, len(events), part)
    )

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(packed), 1000):
            yield packed[at : at + 1000]

    headers = {**LINES, "content-encoding": "gzip"}
    answer = await door.post("/v1/events", content=pieces(), headers=headers)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 3000
    assert await heard.ids() == {event["id"] for event in events}


async def test_what_came_before_a_broken_packing_is_taken_and_the_rest_asked_for(
    door: httpx.AsyncClient, heard: Heard
) -> None:
    events = [an_event(ORDER) for _ in range(500)]
    packed = gzip.compress(as_lines(events))
    headers = {**LINES, "content-encoding": "gzip"}
    answer = await _post(door, packed[: len(packed) // 2], headers)
    assert answer.status_code == 207
    *taken, broken = answer.json()["results"]
    assert 0 < len(taken) < 500
    assert broken["error"]["field"] == "body"
    assert broken["index"] == len(taken)
    assert await heard.ids() == {event["id"] for event in events[: len(taken)]}
    assert (await _post(door, b"\x1f\x8bnothing", headers)).status_code == 400


async def test_telling_an_event_twice_is_harmless(door: httpx.AsyncClient) -> None:
    told = an_event(ORDER)
    assert (await _post(door, told, STRUCTURED)).status_code == 202
    assert (await _post(door, [told, told], BATCH)).status_code == 202


async def test_events_of_many_clients_at_once_are_all_taken(
    door: httpx.AsyncClient, heard: Heard
) -> None:
    events = [an_event(ORDER) for _ in range(200)]
    answers = await asyncio.gather(*[_post(door, event, STRUCTURED) for event in events])
    assert {answer.status_code for answer in answers} == {202}
    assert await heard.ids() == {event["id"] for event in events}


async def test_every_count_is_born_at_zero_and_then_counts(door: httpx.AsyncClient) -> None:
    page = (await door.get("/metrics")).text
    assert metric(page, "vbp_events_accepted_total", type=ORDER) == 0
    assert metric(page, "vbp_events_refused_total", reason="jurisdiction") == 0
    route = {"service": "orders", "route": "/v1/events"}
    for status in ("202", "207", "400", "413", "415", "422", "503", "500"):
        assert metric(page, "vbp_http_requests_total", status=status, **route) == 0
    await _post(door, an_event(ORDER), STRUCTURED)
    await _post(door, an_event(ORDER, data={"jurisdiction": "cn-xx"}), STRUCTURED)
    page = (await door.get("/metrics")).text
    assert metric(page, "vbp_events_accepted_total", type=ORDER) == 1
    assert metric(page, "vbp_events_refused_total", reason="jurisdiction") == 1
    assert metric(page, "vbp_http_requests_total", status="202", **route) == 1
    assert metric(page, "vbp_publish_duration_seconds_count") == 1


async def test_bad_input_adds_no_series(door: httpx.AsyncClient) -> None:
    before = (await door.get("/metrics")).text.count("\n")
    for _, told, _ in INVALID:
        await _post(door, told, STRUCTURED)
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
    assert len(values) == 16
    answer = await _post(door, values, BATCH)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 16)


async def test_while_the_broker_is_away_nothing_is_accepted_and_the_door_says_so() -> None:
    app = create_app(Settings(kafka="127.0.0.1:1", publish_seconds=0.3), frozenset({"cn-sx"}))
    async with reached(app) as door:
        answer = await _post(door, an_event(ORDER), STRUCTURED)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["type"] == "urn:vbp:problem:broker-unavailable"
        batch = await _post(door, [an_event(ORDER), {}], BATCH)
        assert batch.status_code == 503
        assert [result["accepted"] for result in batch.json()["results"]] == [False, False]
        assert "harmless" in batch.json()["results"][0]["error"]["remedy"]
        ready = await door.get("/readyz")
        assert ready.status_code == 503
        assert "VBP_KAFKA" in ready.json()["detail"]
        assert (await door.get("/healthz")).status_code == 200
        page = (await door.get("/metrics")).text
        assert metric(page, "vbp_events_refused_total", reason="broker") == 2
