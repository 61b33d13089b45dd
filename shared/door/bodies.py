"""Request bodies: their media types, gzip, limits, and streams of lines in bounded memory."""

import asyncio
import zlib
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.datastructures import Headers

from shared.adapters.problems import ProblemError
from shared.domain.cloudevents import MAX_BYTES, STRUCTURED

BATCH = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
JSON = "application/json"
"""Many clients know no other type; one event or a list of events, told apart by their bracket."""

MAX_BATCH_BYTES = 8 << 20
_PIECE = 64 << 10
"""What gzip may give at a time: a bomb is refused, or read slowly, but never held."""

_GZIP = 16 + zlib.MAX_WBITS


class BrokenBodyError(Exception):
    """The rest of the body cannot be read."""


def media_type(headers: Headers) -> str:
    """Give the body's type if it is one that carries events; raises ProblemError 415 if not."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind not in {STRUCTURED, BATCH, LINES, JSON}:
        raise _unsupported(f"content-type is {kind or 'missing'}")
    if "ce-specversion" in headers:
        raise _unsupported("the event's attributes are headers (binary mode)")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if charset not in {"", "utf-8", "utf8"}:
        raise _unsupported(f"content-type says {parameters.strip()}")
    return kind


def _unsupported(found: str) -> ProblemError:
    detail = (
        f"{found}. Send {STRUCTURED} (one event), {BATCH} (a list of events) or "
        f"{LINES} (one event a line), as JSON in UTF-8"
    )
    accepted = {"Accept-Post": f"{STRUCTURED}, {BATCH}, {LINES}, {JSON}"}
    return ProblemError(415, "unsupported-content", detail, headers=accepted)


def pieces(request: Request) -> AsyncIterator[bytes]:
    """Give the body in pieces, unpacked if it is gzip; raises ProblemError 415 for other codings.

    The pieces raise BrokenBodyError where gzip is broken or ends early.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        return request.stream()
    if coding in {"gzip", "x-gzip"}:
        return _unpacked(request.stream())
    detail = f"content-encoding is {coding}. Send gzip, or the body as it is"
    headers = {"Accept-Encoding": "gzip"}
    raise ProblemError(415, "unsupported-content", detail, headers=headers)


async def _unpacked(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    unpack = zlib.decompressobj(_GZIP)
    async for packed in stream:
        rest = packed
        while rest:
            if unpack.eof:  # Files that were packed one by one and joined are gzip too.
                unpack = zlib.decompressobj(_GZIP)
            try:
                piece = unpack.decompress(rest, _PIECE)
            except zlib.error as error:
                raise BrokenBodyError(f"gzip is broken: {error}") from None
            rest = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
            # One packet may unpack to a thousand times its size: let others have a turn.
            await asyncio.sleep(0)
            yield piece
    if not unpack.eof:
        raise BrokenBodyError("gzip ends early")


async def whole(stream: AsyncIterator[bytes], limit: int) -> bytes:
    """Give the whole body; raises ProblemError 413 above `limit` bytes, 400 if it is broken."""
    body = bytearray()
    try:
        async for piece in stream:
            body += piece
            if len(body) > limit:
                raise too_large(limit)
    except BrokenBodyError as error:
        raise unreadable(error) from None
    if not body:
        raise empty()
    return bytes(body)


def too_large(limit: int) -> ProblemError:
    """Make the problem of a body above `limit` bytes."""
    remedy = f"Send at most {MAX_BYTES} bytes in an event and {MAX_BATCH_BYTES} in a batch"
    detail = f"body: is larger than {limit} bytes. {remedy}; a stream ({LINES}) has no end"
    return ProblemError(413, "too-large", detail)


def unreadable(error: BrokenBodyError) -> ProblemError:
    """Make the problem of a body that is broken from its beginning."""
    return ProblemError(400, "unreadable", f"body: {error}. Send it again, whole")


def empty() -> ProblemError:
    """Make the problem of a body without any event."""
    return ProblemError(400, "unreadable", "body: is empty. Send at least one event")


async def lines(stream: AsyncIterator[bytes]) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Give the lines that hold something, with their index from 0, some at a time.

    A line over 1 MiB comes cut just above it, which whoever reads it refuses; no more is held.
    Raises ProblemError 400 at the end if there was none.
    """
    index, found = 0, False
    rest = b""
    async for piece in stream:
        if not rest and not piece.strip():  # A bomb of line ends is counted, not cut up.
            index += piece.count(b"\n")
            rest = piece.rpartition(b"\n")[2]
            continue
        *complete, rest = (rest + piece).split(b"\n")
        some = [(index + at, line) for at, line in enumerate(complete) if line.strip()]
        index += len(complete)
        # One byte too many is kept of a line that is too long, so that it stays too long.
        rest = rest[: MAX_BYTES + 1]
        if some:
            found = True
            yield some
    if rest.strip():
        yield [(index, rest)]
    elif not found:
        raise empty()
