import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.doors import BATCH, INVALID, LINES, ORDER, Heard, as_json, as_lines, post
from tests.support.events import an_example

pytestmark = pytest.mark.integration


async def test_a_batch_may_have_eight_mebibytes_and_no_more(door: httpx.AsyncClient) -> None:
    exact = as_json([an_example(ORDER)]).ljust(8 << 20)
    assert (await post(door, exact, BATCH)).status_code == 202
    assert (await post(door, exact + b" ", BATCH)).status_code == 413


async def test_a_batch_of_more_things_than_events_fit_is_refused_at_once(
    door: httpx.AsyncClient,
) -> None:
    answer = await post(door, b"[" + b"0," * 60_000 + b"0]", BATCH)
    assert answer.status_code == 413


@pytest.mark.parametrize("form", ["batch", "lines", "json"])
async def test_the_good_events_around_bad_ones_are_accepted(
    door: httpx.AsyncClient, heard: Heard, form: str
) -> None:
    good = [an_example(ORDER) for _ in range(3)]
    events = [good[0], *(told for _, told, _ in INVALID), good[1], good[2]]
    headers = {"batch": BATCH, "lines": LINES, "json": {"content-type": "application/json"}}[form]
    body = as_lines(events) if form == "lines" else as_json(events)
    answer = await post(door, body, headers)
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
    events = [an_example(ORDER) for _ in range(20)]
    answer = await post(door, events, BATCH)
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["refused"]) == (20, 0)
    assert len(answer.json()["results"]) == 20
    assert await heard.ids() == {event["id"] for event in events}


async def test_an_empty_list_is_a_batch_of_nothing(door: httpx.AsyncClient) -> None:
    answer = await post(door, b"[]", BATCH)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 0, "refused": 0, "results": []}


@pytest.mark.parametrize("body", [b"", b"\n \n\r\n"])
async def test_a_stream_without_events_is_a_bad_request(
    door: httpx.AsyncClient, body: bytes
) -> None:
    assert (await post(door, body, LINES)).status_code == 400


async def test_the_index_of_a_stream_is_the_line(door: httpx.AsyncClient) -> None:
    one, two = as_json(an_example(ORDER)), as_json(an_example(ORDER))
    answer = await post(door, b"\n" + one + b"\r\n\nwords\n" + two, LINES)
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
        an_example(ORDER),
        an_example(ORDER, data={"note": "x" * (3 << 20)}),
        an_example(ORDER),
    )
    answer = await post(door, as_lines([before, long, after]), LINES)
    results = answer.json()["results"]
    assert [result["accepted"] for result in results] == [True, False, True]
    assert "larger than 1048576" in results[1]["error"]["detail"]
    assert await heard.ids() == {before["id"], after["id"]}


@pytest.mark.parametrize("files", [1, 3], ids=["one file", "joined files"])
async def test_a_packed_stream_of_any_length_is_taken(
    door: httpx.AsyncClient, heard: Heard, files: int
) -> None:
    events = [an_example(ORDER) for _ in range(3000)]
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
    events = [an_example(ORDER) for _ in range(500)]
    packed = gzip.compress(as_lines(events))
    headers = {**LINES, "content-encoding": "gzip"}
    answer = await post(door, packed[: len(packed) // 2], headers)
    assert answer.status_code == 207
    *taken, broken = answer.json()["results"]
    assert 0 < len(taken) < 500
    assert broken["error"]["field"] == "body"
    assert broken["index"] == len(taken)
    assert await heard.ids() == {event["id"] for event in events[: len(taken)]}
    assert (await post(door, b"\x1f\x8bnothing", headers)).status_code == 400
