"""An anchor: what the history of all violations and cases had come to at an instant, signed.

A chain of hashes shows what was changed within it, but whoever owns the database can write a whole
chain anew, cut off its end, or take it away. So the ends of all chains that have grown are hashed
into one root, hour by hour; it is signed and told outside the database. Each anchor names the one
before, so that none can be left out.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from shared.domain.errors import InvalidArgumentError

FIRST: Final = "0" * 64
"""What the first anchor names as the one before."""


class Leaf(NamedTuple):
    """The end of a chain: a violation, the number of its last line, and that line's hash."""

    violation: UUID
    seq: int
    head: bytes

    @property
    def raw(self) -> bytes:
        """Give the bytes that are hashed: 16, 8 (the most significant first), 32."""
        return self.violation.bytes + self.seq.to_bytes(8, "big") + self.head


class CaseLeaf(NamedTuple):
    """The end of a case's chain, by the name of the case; in the tree behind all violations."""

    case: str
    seq: int
    head: bytes

    @property
    def raw(self) -> bytes:
        """Give the bytes that are hashed: the SHA-256 of the name, 8, 32; no violation's are 72."""
        return sha256(self.case.encode()).digest() + self.seq.to_bytes(8, "big") + self.head


class Anchor(Struct, frozen=True, forbid_unknown_fields=True):
    """The root of the `leaves` chains that have grown since the anchor before, in hexadecimal.

    `previous` is the digest of that anchor's text, `at` the instant (UTC) as of which it holds.
    """

    number: int
    at: str
    previous: str
    root: str
    leaves: int

    @property
    def text(self) -> bytes:
        """Give the bytes that are signed."""
        return msgspec.json.encode(self)

    @property
    def digest(self) -> str:
        """Give what the next anchor names."""
        return sha256(self.text).hexdigest()


class SignedAnchor(Struct, frozen=True, forbid_unknown_fields=True):
    """An anchor as it is told: the fingerprint of the key, and the signature in hexadecimal."""

    anchor: Anchor
    key: str
    signature: str

    @property
    def line(self) -> bytes:
        """Give it as a line of a file, or as the message of a topic."""
        return msgspec.json.encode(self)


def sign(anchor: Anchor, key: Ed25519PrivateKey) -> SignedAnchor:
    """Sign an anchor."""
    return SignedAnchor(anchor, fingerprint(key.public_key()), key.sign(anchor.text).hex())


def read(line: bytes, name: str) -> SignedAnchor:
    """Read an anchor as it was told; raises InvalidArgumentError that says where it stands."""
    try:
        return msgspec.json.decode(line, type=SignedAnchor)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = f"{name}: is no anchor ({error}). Give the file as it was written"
        raise InvalidArgumentError(problem) from error


def problems_of(signed: SignedAnchor, keys: Mapping[str, Ed25519PublicKey]) -> list[str]:
    """Say why an anchor cannot be believed; `keys` are those that are, by fingerprint."""
    key = keys.get(signed.key)
    if key is None:
        return [f"is signed with key {signed.key}, which is not among those that are trusted"]
    try:
        key.verify(bytes.fromhex(signed.signature), signed.anchor.text)
    except (InvalidSignature, ValueError):
        return ["was changed: its signature does not fit"]
    return []


def fingerprint(key: Ed25519PublicKey) -> str:
    """Name a key: the first 16 bytes of the SHA-256 of its 32 bytes, in hex."""
    return sha256(key.public_bytes_raw()).hexdigest()[:32]
