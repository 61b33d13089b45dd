"""The tree of RFC 6962, against its own definition and its published roots."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.merkle import Tree


def defined(leaves: list[bytes]) -> bytes:
    """Give the root word by word as the RFC defines it."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + defined(leaves[:half]) + defined(leaves[half:])).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """Give the root of a tree that took leaves one by one."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


@given(st.lists(st.binary(max_size=3), max_size=70))
def test_the_root_is_the_one_that_the_rfc_defines(leaves: list[bytes]) -> None:
    """Leaf by leaf it comes to what the definition gives at once."""
    assert root_of(leaves) == defined(leaves)


def test_the_published_roots_come_out() -> None:
    """Those of the reference implementation's own tests (certificate-transparency)."""
    leaves = [bytes.fromhex(raw) for raw in ("", "00", "10", "2021", "3031", "40414243")]
    leaves += [bytes.fromhex("5051525354555657"), bytes(range(0x60, 0x70))]
    published = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    assert {count: root_of(leaves[:count]).hex() for count in published} == published


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=40), st.data())
def test_any_other_leaves_have_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    """Changed, left out, put in, or in another order."""
    at = data.draw(st.integers(0, len(leaves) - 1))
    others = [
        [*leaves[:at], leaves[at] + b"x", *leaves[at + 1 :]],
        [*leaves[:at], *leaves[at + 1 :]],
        [*leaves[:at], b"yyyy", *leaves[at:]],
    ]
    if leaves[0] != leaves[-1]:
        others.append([leaves[-1], *leaves[1:-1], leaves[0]])
    assert all(root_of(other) != root_of(leaves) for other in others)
