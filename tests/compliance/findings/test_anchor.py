"""What an anchor says is signed as a whole, and is read back as it was written."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from services.compliance.findings import anchor
from services.compliance.findings.anchor import FIRST, Anchor
from shared.domain.errors import InvalidArgumentError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUSTED = {anchor.fingerprint(KEY.public_key()): KEY.public_key()}
SIGNED = anchor.sign(Anchor(7, "2026-11-27T07:00:00.000000Z", FIRST, "ab" * 32, 12), KEY)

SIGNATURE = SIGNED.line.rindex(b':"') + 2
"""Where the digits of the signature begin."""


def test_a_signed_anchor_is_read_back_and_believed() -> None:
    read = anchor.read(SIGNED.line, "the line")
    assert read == SIGNED
    assert anchor.problems_of(read, TRUSTED) == []


def test_a_key_that_nobody_trusts_is_named() -> None:
    (problem,) = anchor.problems_of(SIGNED, {})
    assert SIGNED.key in problem


@given(st.integers(0, len(SIGNED.line) - 1), st.integers(0, 255))
@example(6, ord("O"))
@example(len(SIGNED.line) - 5, ord("E"))
def test_whatever_byte_is_changed_it_is_not_believed(at: int, byte: int) -> None:
    changed = SIGNED.line[:at] + bytes([byte]) + SIGNED.line[at + 1 :]
    # A hexadecimal digit of the signature may be written in two ways; then it says the same.
    same = changed.lower() == SIGNED.line.lower() if at >= SIGNATURE else changed == SIGNED.line
    assert believed(changed) == same


def believed(line: bytes) -> bool:
    """Whether a line is an anchor that somebody trusted has signed."""
    try:
        return not anchor.problems_of(anchor.read(line, "the line"), TRUSTED)
    except InvalidArgumentError:
        return False


@pytest.mark.parametrize("line", [b"", b"{}", b"\xff", b"[]", SIGNED.line[:-1], b"null"])
def test_what_is_no_anchor_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(InvalidArgumentError, match="the line: is no anchor"):
        anchor.read(line, "the line")
