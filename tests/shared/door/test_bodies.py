import gzip
import itertools
import tracemalloc
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.problems import ProblemError
from shared.adapters.turns import Turns
from shared.domain.cloudevents import MAX_BYTES
from shared.door import bodies
from shared.door.room import Room


async def _stream(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _unpacked(
    packets: Iterable[bytes], ratio: int = 100, most: int = 1 << 30
) -> AsyncIterator[bytes]:
    return bodies.pieces(
        _stream(packets), packed=True, bounds=bodies.Bounds(most, ratio), turns=Turns()
    )


def _plain(packets: Iterable[bytes]) -> AsyncIterator[bytes]:
    return bodies.pieces(
        _stream(packets), packed=False, bounds=bodies.Bounds(1 << 30, 1), turns=Turns()
    )


async def _whole(stream: AsyncIterator[bytes]) -> bytes:
    form = bodies.Form(bodies.BATCH, packed=True, length=None)
    with Room(64 << 20, 1, 1).entered() as share:
        return bytes(await bodies.whole(stream, form, share))


def _lines(pieces: Iterable[bytes]) -> list[tuple[int, bytes]]:
    cutter = bodies.LineCutter()
    return [line for piece in pieces for line in cutter.cut(piece)] + cutter.end()


def _cut(body: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[begin:end] for begin, end in itertools.pairwise(edges)]


@given(st.lists(st.binary(max_size=9) | st.just(b" ")), st.lists(st.integers(0, 200)))
async def test_lines_are_the_same_wherever_the_network_cuts_them(
    texts: list[bytes], cuts: list[int]
) -> None:
    body = b"\n".join([*texts, b"end"])
    wanted = [(at, line) for at, line in enumerate(body.split(b"\n")) if line.strip()]
    assert _lines(_cut(body, cuts)) == wanted


async def test_a_line_over_the_limit_comes_cut_and_its_neighbours_whole() -> None:
    body = b"a\n" + b"x" * (5 * MAX_BYTES) + b"\nb"
    pieces = [body[at : at + 60_000] for at in range(0, len(body), 60_000)]
    lines = _lines(pieces)
    assert [index for index, _ in lines] == [0, 1, 2]
    assert MAX_BYTES < len(lines[1][1]) < MAX_BYTES + 70_000
    assert (lines[0][1], lines[2][1]) == (b"a", b"b")


@pytest.mark.parametrize("filling", [b" ", b"\n"])
async def test_much_that_came_packed_is_never_held(filling: bytes) -> None:
    bomb = gzip.compress(filling * (16 << 20))
    tracemalloc.start()
    try:
        cutter = bodies.LineCutter()
        async for piece in _unpacked([bomb] * 4, ratio=1_100):
            assert list(cutter.cut(piece)) == []
        assert cutter.end() == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@given(
    st.binary(min_size=1).filter(lambda body: not body.startswith(b"\xef\xbb\xbf")),
    st.lists(st.integers(0, 400)),
    st.integers(1, 3),
)
async def test_packed_bodies_are_unpacked_wherever_the_network_cuts_them(
    body: bytes, cuts: list[int], files: int
) -> None:
    packets = _cut(gzip.compress(body) * files, cuts)
    assert await _whole(_unpacked(packets)) == body * files


@pytest.mark.parametrize(
    "packed", [gzip.compress(b"a" * 1000, mtime=0)[:-9], b"words", b"\x1f\x8b\x08words", b""]
)
async def test_broken_packing_is_a_bad_request(packed: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        await _whole(_unpacked([packed]))
    assert caught.value.status == 400


async def test_what_unpacks_to_more_than_a_hundred_times_its_size_is_no_body() -> None:
    with pytest.raises(ProblemError, match="more than 100 times its size") as caught:
        await _whole(_unpacked([gzip.compress(b" " * (7 << 20))]))
    assert caught.value.status == 413


async def test_a_stream_has_a_bound_packed_and_unpacked() -> None:
    line = b"x" * (1 << 20)
    for stream in (_unpacked([gzip.compress(line)] * 3, 10_000, 2 << 20),):
        with pytest.raises(ProblemError, match="larger than 2097152 bytes"):
            async for _ in stream:
                pass


@given(st.binary(), st.lists(st.integers(0, 40)))
async def test_a_byte_order_mark_is_left_out_wherever_the_network_cuts_it(
    body: bytes, cuts: list[int]
) -> None:
    packets = _cut(b"\xef\xbb\xbf" + body, cuts)
    assert b"".join([piece async for piece in _plain(packets)]) == body


@given(st.binary(), st.lists(st.integers(0, 40)))
async def test_nothing_else_is_left_out(body: bytes, cuts: list[int]) -> None:
    given = b"".join([piece async for piece in _plain(_cut(body, cuts))])
    assert given == body.removeprefix(b"\xef\xbb\xbf")


@given(st.integers(0, 40))
async def test_zeros_after_gzip_say_nothing_and_anything_else_is_broken(zeros: int) -> None:
    packed = gzip.compress(b"[]") + b"\0" * zeros
    assert await _whole(_unpacked([packed])) == b"[]"
    with pytest.raises(ProblemError, match="gzip is broken"):
        await _whole(_unpacked([packed + b"garbage"]))
