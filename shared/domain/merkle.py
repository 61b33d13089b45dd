"""The root of a Merkle tree as RFC 6962 §2.1 draws it, of leaves that come one by one.

What is kept grows with the logarithm of their number. Leaves and inner nodes are hashed apart, so
that no node passes for a leaf.
"""

from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"


class Tree:
    """Takes leaves in their order; `root` is of those that came so far."""

    def __init__(self) -> None:
        self.leaves = 0
        # Roots of whole subtrees, the largest first: one for each 1 in the binary number of leaves.
        self._whole: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Take the next leaf."""
        root = sha256(LEAF + leaf).digest()
        grown = self.leaves
        while grown & 1:
            root = _above(self._whole.pop(), root)
            grown >>= 1
        self._whole.append(root)
        self.leaves += 1

    @property
    def root(self) -> bytes:
        """The root, 32 bytes; of no leaves, the digest of nothing."""
        if not self._whole:
            return sha256().digest()
        *larger, root = self._whole
        for left in reversed(larger):
            root = _above(left, root)
        return root


def _above(left: bytes, right: bytes) -> bytes:
    return sha256(NODE + left + right).digest()
