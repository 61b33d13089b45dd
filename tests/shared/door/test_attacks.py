"""What one client may do to a door while others are served, in a process of its own."""

import asyncio
import gzip
from collections import Counter

import httpx
import pytest

from tests.support.door_process import DoorProcess
from tests.support.doors import BATCH, LINES, ORDER, STRUCTURED, as_json, as_lines, metric
from tests.support.events import an_example

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

MOST = 50
"""MiB that no attack may make a door grow by."""

GZIP = {"content-encoding": "gzip"}
MANY = b"0\n" * 10_000_000
BLANKS = b"[" + b" " * ((8 << 20) - 2) + b"]"


async def _post(door: DoorProcess, body: bytes, headers: dict[str, str]) -> httpx.Response:
    (answer,) = await _many(door, 1, body, headers)
    return answer


async def _many(
    door: DoorProcess, times: int, body: bytes, headers: dict[str, str]
) -> list[httpx.Response]:
    every = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=300, limits=every, verify=False) as client:  # noqa: S501
        told = [
            client.post(f"{door.url}/v1/events", content=body, headers=headers)
            for _ in range(times)
        ]
        return await asyncio.gather(*told)


async def _left(door: DoorProcess, times: int, body: bytes, headers: dict[str, str]) -> None:
    """Send as many requests and leave before their answers."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = ["POST /v1/events HTTP/1.1", "host: door", *lines, f"content-length: {len(body)}"]
    request = "\r\n".join([*head, "", ""]).encode() + body
    for _ in range(times):
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(request)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def test_a_bomb_of_lines_is_stopped_after_a_thousand_and_told_from_where_to_go_on(
    attacked: DoorProcess,
) -> None:
    async with attacked.watched():
        answer = await _post(attacked, gzip.compress(MANY), {**LINES, **GZIP})
    problem = answer.json()
    assert answer.status_code == 422
    assert problem["type"] == "urn:vbp:problem:too-many-refused"
    assert (problem["accepted"], problem["refused"], len(problem["results"])) == (0, 1000, 1000)
    assert "from index 1000 on" in problem["detail"]
    assert attacked.peak < MOST
    assert attacked.healthy


async def test_what_was_accepted_before_the_stop_is_told(attacked: DoorProcess) -> None:
    good = [an_example(ORDER) for _ in range(300)]
    bad = [{"bad": number} for number in range(1_100)]
    for headers, body in (
        (LINES, as_lines([*good, *bad, *good])),
        (BATCH, as_json([*good, *bad, *good])),
    ):
        answer = await _post(attacked, body, headers)
        problem = answer.json()
        assert answer.status_code == problem["status"] == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert (problem["accepted"], problem["refused"]) == (300, 1000)
        assert [result["index"] for result in problem["results"]] == list(range(1_300))


async def test_the_work_ends_with_the_client_that_asked_for_it(attacked: DoorProcess) -> None:
    before = _accepted(await _metrics(attacked))
    events = as_lines([an_example(ORDER, data={"note": "x" * 3_000}) for _ in range(1_500)])
    async with attacked.watched():
        await _left(attacked, 30, gzip.compress(events), {**LINES, **GZIP})
        assert await attacked.quiet()
    assert _accepted(await _metrics(attacked)) - before < 30 * 1_500 / 2
    assert attacked.disk == 0
    assert attacked.peak < MOST


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (gzip.compress(MANY), {**LINES, **GZIP}, 422),
        (gzip.compress(BLANKS), {**BATCH, **GZIP}, 413),
        (gzip.compress(b"{" + b"x" * (8 << 20)), {**LINES, **GZIP}, 413),
        (gzip.compress(b"[" + b"0," * 49_000 + b"0]"), {**BATCH, **GZIP}, 422),
        (gzip.compress(b"[" * (1 << 20)), {**STRUCTURED, **GZIP}, 400),
        (gzip.compress(gzip.compress(MANY) * 100), {**LINES, **GZIP}, 413),
    ],
    ids=["many lines", "blanks", "one line", "many elements", "brackets", "gzip in gzip"],
)
async def test_a_hundred_small_bombs_at_once_hold_little(
    attacked: DoorProcess, body: bytes, headers: dict[str, str], status: int
) -> None:
    async with attacked.watched():
        answers = await _many(attacked, 100, body, headers)
    assert Counter(answer.status_code for answer in answers) == {status: 100}
    assert attacked.peak < MOST
    assert attacked.healthy


async def test_bodies_that_never_end_hold_little_and_are_sent_away(attacked: DoorProcess) -> None:
    part = gzip.compress(as_lines(an_example(ORDER) for _ in range(3_000)))[:-200]
    head = b"POST /v1/events HTTP/1.1\r\nhost: door\r\ncontent-encoding: gzip\r\n"
    head += b"content-type: application/cloudevents-batch+json\r\ncontent-length: 9000000\r\n\r\n"
    async with attacked.watched():
        answers = await asyncio.gather(
            *[attacked.talk(head + part, patience=150) for _ in range(24)]
        )
        honest = await _post(attacked, as_json(an_example(ORDER)), STRUCTURED)
    assert honest.status_code == 202
    assert {answer.split(b" ", 2)[1] for answer in answers} <= {b"408", b"429"}
    assert attacked.peak < MOST
    assert attacked.healthy


async def test_large_honest_batches_wait_for_their_turn(attacked: DoorProcess) -> None:
    events = as_json([an_example(ORDER, data={"note": "x" * 200_000}) for _ in range(40)])
    assert len(events) > 7 << 20
    async with attacked.watched():
        answers = await _many(attacked, 24, events, BATCH)
    assert Counter(answer.status_code for answer in answers) == {202: 24}
    assert attacked.peak < MOST
    assert attacked.healthy


async def _metrics(door: DoorProcess) -> str:
    async with httpx.AsyncClient(timeout=60) as client:
        return (await client.get(f"{door.url}/metrics")).text


def _accepted(page: str) -> float:
    return metric(page, "vbp_events_accepted_total", type=ORDER)
