"""Request bodies: their media types, gzip, limits, and streams of lines in bounded memory."""

import re
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from starlette.datastructures import Headers

from shared.adapters.problems import ProblemError
from shared.adapters.turns import Turns
from shared.domain.cloudevents import MAX_BYTES, STRUCTURED
from shared.door.arrival import BrokenBodyError
from shared.door.room import Share

BATCH = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
JSON = "application/json"
"""Many clients know no other type; one event or a list of events, told apart by their bracket."""

MAX_BATCH_BYTES = 8 << 20
_PIECE = 64 << 10
"""What gzip may give at a time: a bomb is refused, or read slowly, but never held."""

_GZIP = 16 + zlib.MAX_WBITS
_SOMETHING = re.compile(rb"\S")
_BOM = b"\xef\xbb\xbf"
_UTF_8 = {"utf-8", "utf8", "us-ascii", "ascii"}


class Form(NamedTuple):
    """What the head of a request says of its body; `length` is None where it does not tell."""

    kind: str
    packed: bool
    length: int | None

    @property
    def limit(self) -> int | None:
        """How many bytes it may have, unpacked; a stream is bounded by the settings."""
        return {STRUCTURED: MAX_BYTES, LINES: None}.get(self.kind, MAX_BATCH_BYTES)


def form(headers: Headers) -> Form:
    """Read the form of a body; raises ProblemError 415 for what carries no events, 413 if too long.

    So a client that waits to be asked for its body is not asked in vain.
    """
    packed = is_packed(headers)
    length = headers.get("content-length", "")
    known = length.isascii() and length.isdigit() and not packed
    found = Form(media_type(headers), packed, int(length) if known else None)
    if found.limit is not None and (found.length or 0) > found.limit:
        raise too_large(found.limit)
    return found


def media_type(headers: Headers) -> str:
    """Give the body's type if it is one that carries events; raises ProblemError 415 if not."""
    given = headers.getlist("content-type")
    if len(given) > 1:
        raise _unsupported("content-type is given more than once")
    kind, *parameters = (given[0] if given else "").split(";")
    kind = kind.strip().lower()
    if kind not in {STRUCTURED, BATCH, LINES, JSON}:
        raise _unsupported(f"content-type is {kind or 'missing'}")
    if "ce-specversion" in headers:
        raise _unsupported("the event's attributes are headers (binary mode)")
    for parameter in parameters:
        name, _, value = parameter.strip().lower().partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in _UTF_8:
            raise _unsupported(f"content-type says {parameter.strip()}")
    return kind


def _unsupported(found: str) -> ProblemError:
    detail = (
        f"{found}. Send {STRUCTURED} (one event), {BATCH} (a list of events) or "
        f"{LINES} (one event a line), as JSON in UTF-8"
    )
    accepted = {"Accept-Post": f"{STRUCTURED}, {BATCH}, {LINES}, {JSON}"}
    return ProblemError(415, "unsupported-content", detail, headers=accepted)


def is_packed(headers: Headers) -> bool:
    """Say whether the body is gzip; raises ProblemError 415 for other codings."""
    given = ",".join(headers.getlist("content-encoding")).lower()
    codings = [name for part in given.split(",") if (name := part.strip()) not in {"", "identity"}]
    if not codings:
        return False
    if codings in (["gzip"], ["x-gzip"]):
        return True
    detail = f"content-encoding is {', '.join(codings)}. Send gzip, or the body as it is"
    raise ProblemError(415, "unsupported-content", detail, headers={"Accept-Encoding": "gzip"})


class Bounds(NamedTuple):
    """How much a body may hold unpacked, in bytes, and how many times its size, above 1 MiB."""

    most: int
    ratio: int


async def pieces(
    packets: AsyncIterator[bytes], *, packed: bool, bounds: Bounds, turns: Turns
) -> AsyncIterator[bytes]:
    """Give the body in pieces, unpacked, without a byte order mark.

    Raises ProblemError 413 above the bounds, BrokenBodyError where gzip is broken or ends early.
    """
    came = gave = 0
    start: bytes | None = b""
    unpack = _Unpacking() if packed else None
    async for packet in packets:
        came += len(packet)
        # One packet may unpack to a thousand times its size.
        async for piece in turns.each((packet,) if unpack is None else unpack.pieces(packet)):
            gave += len(piece)
            _check_bounds(came, gave, bounds)
            if start is None:
                yield piece
            elif len(start := start + piece) >= len(_BOM):
                yield start.removeprefix(_BOM)
                start = None
    if unpack is not None:
        unpack.check_end()
    if start:
        yield start


def _check_bounds(came: int, gave: int, bounds: Bounds) -> None:
    if max(came, gave) > bounds.most:
        raise too_large(bounds.most)
    if gave > MAX_BYTES and gave > came * bounds.ratio:
        detail = (
            f"body: unpacks to more than {bounds.ratio} times its size. Send it in smaller parts, "
            "or not packed"
        )
        raise ProblemError(413, "too-large", detail)


class _Unpacking:
    """A body under gzip; files that were packed one by one and joined are gzip too."""

    def __init__(self) -> None:
        self._unpack = zlib.decompressobj(_GZIP)

    def pieces(self, packet: bytes) -> Iterator[bytes]:
        rest = packet
        while rest:
            if self._unpack.eof:
                rest = rest.lstrip(b"\0")  # Blocks of tapes and disks end in zeros.
                if not rest:
                    return
                self._unpack = zlib.decompressobj(_GZIP)
            try:
                piece = self._unpack.decompress(rest, _PIECE)
            except zlib.error as error:
                raise BrokenBodyError(f"gzip is broken: {error}") from None
            rest = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail
            yield piece

    def check_end(self) -> None:
        if not self._unpack.eof:
            raise BrokenBodyError("gzip ends early")


async def whole(stream: AsyncIterator[bytes], form: Form, share: Share) -> bytearray:
    """Give the whole body; raises ProblemError 413 above the limit of its kind, 400 if broken."""
    limit = form.limit or MAX_BATCH_BYTES
    most = limit if form.length is None else form.length
    body = bytearray()
    try:
        async for piece in stream:
            body += piece
            if len(body) > limit:
                raise too_large(limit)
            await share.cover(len(body), most)
    except BrokenBodyError as error:
        raise unreadable(error) from None
    if not body:
        raise empty()
    return body


def too_large(limit: int) -> ProblemError:
    """Make the problem of a body above `limit` bytes."""
    remedy = f"Send at most {MAX_BYTES} bytes in an event and {MAX_BATCH_BYTES} in a batch"
    detail = f"body: is larger than {limit} bytes. {remedy}, or a stream ({LINES}) in parts"
    return ProblemError(413, "too-large", detail)


def unreadable(error: BrokenBodyError) -> ProblemError:
    """Make the problem of a body that is broken from its beginning."""
    return ProblemError(400, "unreadable", f"body: {error}. Send it again, whole")


def empty() -> ProblemError:
    """Make the problem of a body without any event."""
    return ProblemError(400, "unreadable", "body: is empty. Send at least one event")


class LineCutter:
    """Cuts pieces into lines; a line over 1 MiB comes cut just above it, no more is held.

    Whoever reads such a line refuses it.
    """

    def __init__(self) -> None:
        self._index = 0
        self._rest = bytearray()

    @property
    def held(self) -> int:
        """The bytes of the line that has not ended yet."""
        return len(self._rest)

    def cut(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """Give the lines that hold something and now are whole, one by one, with their index.

        Indices begin at 0. All must be taken before the next piece is cut. What comes between such
        lines is counted and not cut up: a bomb of line ends is nothing.
        """
        at = 0
        if self._rest:
            end = piece.find(b"\n")
            # One byte too many is kept of a line that is too long, so that it stays too long.
            self._rest += piece[: len(piece) if end < 0 else end][: MAX_BYTES + 1 - len(self._rest)]
            if end < 0:
                return
            line, self._rest = bytes(self._rest), bytearray()
            self._index += 1
            if line.strip():
                yield self._index - 1, line
            at = end + 1
        while found := _SOMETHING.search(piece, at):
            start = max(at, piece.rfind(b"\n", at, found.start()) + 1)
            self._index += piece.count(b"\n", at, start)
            end = piece.find(b"\n", found.start())
            if end < 0:
                self._rest += piece[start : start + MAX_BYTES + 1]
                return
            self._index += 1
            yield self._index - 1, piece[start:end][: MAX_BYTES + 1]
            at = end + 1
        self._index += piece.count(b"\n", at)
        self._rest += piece[max(at, piece.rfind(b"\n", at) + 1) :][: MAX_BYTES + 1]

    def end(self) -> list[tuple[int, bytes]]:
        """Give the last line, if it has no end."""
        return [(self._index, bytes(self._rest))] if self._rest.strip() else []
