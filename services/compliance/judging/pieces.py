"""Pieces of bytes, one after the other, to which more can be added without reading them."""

from collections.abc import Iterable, Iterator

HEAD = 4
"""Bytes before each piece, which say how long it is."""


def pieces(of: Iterable[bytes]) -> bytes:
    """Write pieces one after the other."""
    return b"".join(len(piece).to_bytes(HEAD, "big") + piece for piece in of)


def parted(whole: bytes) -> Iterator[bytes]:
    """Read pieces that were written one after the other; raises ValueError where one is cut."""
    at = 0
    while at < len(whole):
        end = at + HEAD + int.from_bytes(whole[at : at + HEAD], "big")
        if end > len(whole):
            raise ValueError(f"a piece of {end - at - HEAD} bytes is cut after {len(whole) - at}")
        yield whole[at + HEAD : end]
        at = end
