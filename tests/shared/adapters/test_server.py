"""What is no HTTP, or half of it: always a problem or a clean close, never a trace in the log."""

import asyncio
import random
import socket
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters import server
from shared.adapters.headers import SECURITY
from tests.support.answers_on_wire import Answer, answers
from tests.support.door_process import DoorProcess, door_process
from tests.support.doors import ORDER, as_json, as_lines, metric
from tests.support.events import an_example

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def door(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door of few connections; at the end its log holds no trace of a bug."""
    log = tmp_path_factory.mktemp("door") / "log"
    with door_process(
        kafka, log, {"VBP_MAX_CONNECTIONS": "60", "VBP_MAX_CONNECTIONS_PER_CLIENT": "40"}
    ) as running:
        yield running
    assert "Traceback" not in running.text()
    assert '"level":"error"' not in running.text()


def _request(
    *headers: str, body: bytes = b"", line: str = "POST /v1/events HTTP/1.1", host: bool = True
) -> bytes:
    head = [line, *(["host: door"] if host else []), *headers, "", ""]
    return "\r\n".join(head).encode() + body


def _post(body: bytes, *headers: str) -> bytes:
    form = "content-type: application/cloudevents+json"
    return _request(form, f"content-length: {len(body)}", *headers, body=body)


def _one() -> bytes:
    return as_json(an_example(ORDER))


def _chunked(*chunks: bytes) -> bytes:
    head = ("transfer-encoding: chunked", "content-type: application/x-ndjson")
    return _request(*head, body=b"".join(chunks))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _secured(answer: Answer) -> None:
    assert answer.headers.items() >= SECURITY.items()
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 404),
        (_request(line="GET /healthz HTTP/1.1", host=False), 400),
        (_request("host: another", line="GET /healthz HTTP/1.1"), 400),
        (_request("x y: z", line="GET /healthz HTTP/1.1"), 400),
        (_request("content-length: -1"), 400),
        (_request("content-length: 5", "content-length: 6"), 400),
        (_request("transfer-encoding: gzip"), 501),
        (_request("x: " + "y" * 40_000), 431),
        (b"GET /" + b"a" * 40_000, 431),
        (_request(line="GET /%1b[2J%0aforged HTTP/1.1"), 404),
        (_request(line="BREW /v1/events HTTP/1.1"), 405),
        (_request(line="OPTIONS /v1/events HTTP/1.1"), 405),
        (_request("upgrade: websocket", "connection: upgrade", line="GET /x HTTP/1.1"), 404),
        (_request(line="CONNECT door:443 HTTP/1.1"), 404),
        (_request("content-type: text/plain", "content-type: application/json"), 415),
        (_request("content-length: 99999999", "content-type: application/json"), 413),
        (_chunked(b"zz\r\n"), 400),
        (_chunked(b"5;" + b"x" * 40_000), 400),
        (_chunked(b"-5\r\nhello\r\n0\r\n\r\n"), 400),
        (_chunked(_chunk(b"[1"), b"0\r\n\r\n"), 207),
        (_post(_one()[:-5]), 400),
    ],
)
async def test_every_refusal_is_a_problem_whoever_makes_it(
    door: DoorProcess, sent: bytes, status: int
) -> None:
    (answer,) = answers(await door.talk(sent))
    assert answer.status == status
    _secured(answer)
    if status != 207:
        assert answer.problem["detail"]
    assert "\x1b" not in door.text()


async def test_a_connection_that_brings_no_head_is_closed_and_a_slow_one_told(
    door: DoorProcess,
) -> None:
    silent, slow, steady = await asyncio.gather(
        door.talk(b""),
        door.talk(b"GET / HTTP/1.1\r\n"),
        door.talk(b"GET / HTTP/1.1\r\n", *[b"x: y\r\n"] * 24, pause=0.5),
    )
    assert silent == b""
    for late in (slow, steady):
        (answer,) = answers(late)
        assert answer.status == 408
        assert f"{server.HEAD_SECONDS:g} s" in answer.problem["detail"]


async def test_events_before_chunks_that_are_no_http_are_taken_and_told(door: DoorProcess) -> None:
    lines = as_lines([an_example(ORDER), an_example(ORDER)])
    (answer,) = answers(await door.talk(_chunked(_chunk(lines), b"nonsense\r\n")))
    assert answer.status == 207
    assert answer.body.count(b'"accepted":true') == 2
    assert b'"index":2' in answer.body
    assert b"is no HTTP" in answer.body


async def test_requests_in_one_packet_are_answered_in_their_order(door: DoorProcess) -> None:
    sent = _post(_one()) + _post(b"{}") + _post(_one())
    assert [answer.status for answer in answers(await door.talk(sent))] == [202, 422, 202]


async def test_a_length_that_is_too_short_makes_what_follows_no_http(door: DoorProcess) -> None:
    body = _one()
    short = _request(
        "content-type: application/cloudevents+json",
        f"content-length: {len(body) - 9}",
        body=body + b"\r\n\r\n",
    )
    first, second = answers(await door.talk(short))
    assert (first.status, second.status) == (400, 400)
    assert "is no HTTP" in second.problem["detail"]


async def test_a_client_that_half_closes_is_gone(door: DoorProcess) -> None:
    body = as_lines(an_example(ORDER) for _ in range(300))
    for sent in (_chunked(_chunk(body)), _post(_one())[:-10], b"GET / HTTP", b""):
        assert await door.talk(sent, half=True) == b""


async def test_a_body_of_a_client_that_has_left_is_not_read_further(door: DoorProcess) -> None:
    body = as_lines(an_example(ORDER) for _ in range(900))
    form = ("content-type: application/x-ndjson", f"content-length: {len(body)}")
    before = await _accepted(door)
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", door.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            await asyncio.to_thread(client.sendall, _request(*form, body=body))
    assert await door.quiet()
    assert await _accepted(door) - before < 10 * 900 / 4


async def _accepted(door: DoorProcess) -> float:
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"{door.url}/metrics", timeout=30)).text
    return metric(page, "vbp_events_accepted_total", type=ORDER)


async def test_one_address_cannot_take_the_connections_of_all(door: DoorProcess) -> None:
    head = b"POST /v1/events HTTP/1.1\r\nhost: door\r\ncontent-length: 9\r\n"
    begun = head + b"content-type: application/json\r\n\r\n{"
    busy = []
    try:
        for _ in range(40):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(begun)
            busy.append((reader, writer))
        await asyncio.sleep(0.5)
        (refused,) = answers(await door.talk(_post(_one())))
        assert refused.status == 429
        assert refused.headers["retry-after"] == "5"
        _secured(refused)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", door.port, local_addr=("127.0.0.2", 0)
        )
        writer.write(_post(_one()))
        assert (await asyncio.wait_for(reader.readline(), 30)).split()[1] == b"202"
        writer.close()
    finally:
        for _, writer in busy:
            writer.close()


async def test_who_expects_to_be_asked_is_asked_only_for_what_is_taken(door: DoorProcess) -> None:
    interim, answer = answers(await door.talk(_post(_one(), "expect: 100-continue")))
    assert (interim.status, answer.status) == (100, 202)
    long = _request(
        "content-type: application/json", "content-length: 99999999", "expect: 100-continue"
    )
    (answer,) = answers(await door.talk(long))
    assert answer.status == 413


async def test_head_is_answered_like_get_without_a_body(door: DoorProcess) -> None:
    for path, status in (("/healthz", 200), ("/docs", 200), ("/nowhere", 404), ("/v1/events", 405)):
        sent = _request(line=f"HEAD {path} HTTP/1.1")
        (answer,) = answers(await door.talk(sent), "HEAD")
        assert (answer.status, answer.body) == (status, b"")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
    allowed = answers(await door.talk(_request(line="OPTIONS /v1/events HTTP/1.1")))[0]
    assert allowed.headers["allow"] == "POST"


async def test_idle_connections_keep_nobody_out(door: DoorProcess) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(200)]
    try:
        (answer,) = answers(await door.talk(_post(_one())))
        assert answer.status == 202
    finally:
        for _, writer in idle:
            writer.close()


async def test_of_connections_that_come_at_one_moment_no_more_stay_than_may(
    door: DoorProcess,
) -> None:
    asked = [asyncio.open_connection("127.0.0.1", door.port) for _ in range(300)]
    flood = await asyncio.gather(*asked)
    try:
        (answer,) = answers(await door.talk(_post(_one())))
        assert answer.status == 202
        held = [one for one in door.process.net_connections("tcp") if one.laddr.port == door.port]
        assert len([one for one in held if one.status == "ESTABLISHED"]) <= 41
    finally:
        for _, writer in flood:
            writer.close()


REQUESTS = [
    _post(b'{"specversion":"1.0"}'),
    _chunked(_chunk(b'{"id":1}\n'), _chunk(b"[]\n"), b"0\r\n\r\n"),
    _request("accept: */*", line="GET /healthz HTTP/1.1"),
    _post(b"{}", "content-encoding: gzip") + _request(line="GET /metrics HTTP/1.0"),
]


def _spoilt(seed: int) -> bytes:
    """A request in which some bytes were lost, doubled, turned or put in."""
    dice = random.Random(seed)
    sent = bytearray(dice.choice(REQUESTS))
    for _ in range(dice.randint(1, 6)):
        at, end = sorted(dice.randrange(len(sent) + 1) for _ in range(2))
        end = min(end, at + dice.choice([1, 2, 40]))
        bits = [b"", b"\r\n", b"\0", b":", bytes([dice.randrange(256)]), bytes(sent[at:end]) * 2]
        sent[at:end] = dice.choice(bits)
    return bytes(sent)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 2**32), min_size=40, max_size=50))
async def test_whatever_is_sent_ends_in_an_answer_or_a_close(
    door: DoorProcess, seeds: list[int]
) -> None:
    async def send(seed: int) -> None:
        got = await door.talk(_spoilt(seed), patience=3)
        for answer in answers(got):
            _secured(answer)
            if answer.status >= 400:
                assert answer.problem["detail"]

    await asyncio.gather(*[send(seed) for seed in seeds])
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{door.url}/healthz", timeout=30)).status_code == 200
