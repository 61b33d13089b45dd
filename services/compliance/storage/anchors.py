"""Anchors: what the ends of all chains have come to, taken up and signed."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.compliance.findings import anchor
from services.compliance.findings.anchor import FIRST, Anchor, CaseLeaf, Leaf, SignedAnchor
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.calendar import instant_text
from shared.domain.merkle import Tree

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

AT_ONCE = 5_000
"""Leaves that are read at a time."""


async def last(connection: Connection) -> SignedAnchor | None:
    """Give the newest anchor that is kept."""
    line = await connection.fetchval(QUERIES["last"])
    return None if line is None else anchor.read(line, "the table compliance.anchor")


async def since(connection: Connection, number: int) -> list[SignedAnchor]:
    """Give the anchors that are kept behind one, the oldest first."""
    rows = await connection.fetch(QUERIES["since"], number)
    return [anchor.read(row["line"], "the table compliance.anchor") for row in rows]


async def take(
    connection: Connection, key: Ed25519PrivateKey, at: datetime, before: SignedAnchor | None
) -> SignedAnchor:
    """Anchor all chains that have grown, behind the anchor `before`; in one transaction.

    `at` is UTC. What others commit meanwhile is left for the next one.
    """
    number = 1 if before is None else before.anchor.number + 1
    async with connection.transaction():
        await connection.execute(QUERIES["add_leaves"], number)
        await connection.execute(QUERIES["add_cases"], number)
        root, leaves = await root_of(connection, number)
        told = Anchor(
            number, instant_text(at), before.anchor.digest if before else FIRST, root, leaves
        )
        signed = anchor.sign(told, key)
        await connection.execute(QUERIES["add"], number, signed.line)
    return signed


async def root_of(connection: Connection, number: int) -> tuple[str, int]:
    """Give the root of what an anchor took up, in hexadecimal, and how many leaves.

    To be asked in a transaction.
    """
    tree = Tree()
    async for row in connection.cursor(QUERIES["leaves"], number, prefetch=AT_ONCE):
        tree.add(Leaf(*row).raw)
    async for row in connection.cursor(QUERIES["cases"], number, prefetch=AT_ONCE):
        tree.add(CaseLeaf(*row).raw)
    return tree.root.hex(), tree.leaves
