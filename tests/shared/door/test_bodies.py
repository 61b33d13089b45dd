import gzip
import itertools
import tracemalloc
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from shared.adapters.problems import ProblemError
from shared.domain.cloudevents import MAX_BYTES
from shared.door import bodies

GZIP = b"gzip"


async def _stream(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _request(packets: list[bytes], coding: bytes) -> Request:
    left = list(packets)

    async def receive() -> dict[str, object]:
        body = left.pop(0) if left else b""
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    headers = [(b"content-encoding", coding)]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def _lines(pieces: Iterable[bytes]) -> list[tuple[int, bytes]]:
    return [line async for some in bodies.lines(_stream(pieces)) for line in some]


def _cut(body: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[begin:end] for begin, end in itertools.pairwise(edges)]


@given(st.lists(st.binary(max_size=9) | st.just(b" ")), st.lists(st.integers(0, 200)))
async def test_lines_are_the_same_wherever_the_network_cuts_them(
    texts: list[bytes], cuts: list[int]
) -> None:
    body = b"\n".join([*texts, b"end"])
    wanted = [(at, line) for at, line in enumerate(body.split(b"\n")) if line.strip()]
    assert await _lines(_cut(body, cuts)) == wanted


async def test_a_line_over_the_limit_comes_cut_and_its_neighbours_whole() -> None:
    body = b"a\n" + b"x" * (5 * MAX_BYTES) + b"\nb"
    pieces = [body[at : at + 60_000] for at in range(0, len(body), 60_000)]
    lines = await _lines(pieces)
    assert [index for index, _ in lines] == [0, 1, 2]
    assert MAX_BYTES < len(lines[1][1]) < MAX_BYTES + 70_000
    assert (lines[0][1], lines[2][1]) == (b"a", b"b")


@pytest.mark.parametrize("filling", [b" ", b"\n"])
async def test_much_that_came_packed_is_never_held(filling: bytes) -> None:
    bomb = gzip.compress(filling * (16 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(ProblemError, match="is empty"):
            async for _ in bodies.lines(bodies.pieces(_request([bomb] * 4, GZIP))):
                pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@given(st.binary(min_size=1), st.lists(st.integers(0, 400)), st.integers(1, 3))
async def test_packed_bodies_are_unpacked_wherever_the_network_cuts_them(
    body: bytes, cuts: list[int], files: int
) -> None:
    packets = _cut(gzip.compress(body) * files, cuts)
    assert await bodies.whole(bodies.pieces(_request(packets, GZIP)), 1 << 20) == body * files


@pytest.mark.parametrize(
    "packed", [gzip.compress(b"a" * 1000)[:-9], b"words", b"\x1f\x8b\x08words", b""]
)
async def test_broken_packing_is_a_bad_request(packed: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        await bodies.whole(bodies.pieces(_request([packed], GZIP)), 1 << 20)
    assert caught.value.status == 400
