"""Checks the history against its anchors, and these against what was told outside the database."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.compliance.findings import anchor
from services.compliance.findings.anchor import FIRST, CaseLeaf, Leaf, SignedAnchor
from shared.adapters.postgres import Connection, queries
from shared.domain.errors import InvalidArgumentError
from shared.domain.merkle import Tree

QUERIES = queries(Path(__file__).with_suffix(".sql"))

AT_ONCE = 5_000
"""Leaves that are read at a time."""


class Outside(NamedTuple):
    """What is known beside the database: trusted keys by fingerprint, and a file's anchors.

    None where there is no file, which is not one without anchors.
    """

    keys: Mapping[str, Ed25519PublicKey] = {}
    told: Mapping[int, SignedAnchor] | None = None


def read_file(path: Path) -> dict[int, SignedAnchor]:
    """Read the anchors of a file; a line that a crash broke off is passed over.

    Raises InvalidArgumentError that names the line which is none, or stands twice.
    """
    told: dict[int, SignedAnchor] = {}
    lines = path.read_bytes().split(b"\n")
    for number, (line, following) in enumerate(pairwise(lines), 1):
        if not line or (line != following and following.startswith(line)):
            continue
        name = f"{path}, line {number}"
        signed = anchor.read(line, name)
        if told.setdefault(signed.anchor.number, signed) != signed:
            problem = f"{name}: is another anchor {signed.anchor.number} than the one before it"
            raise InvalidArgumentError(f"{problem}. Two databases must not write one file")
    return told


async def check(connection: Connection, outside: Outside) -> tuple[int, list[str]]:
    """Give how many anchors there are, and all that does not fit; in a transaction."""
    rows = await connection.fetch(QUERIES["anchors"])
    kept = {row["number"]: anchor.read(row["line"], f"anchor {row['number']}") for row in rows}
    trees = await _trees(connection)
    problems = [*_beside(kept, outside.told or {}, told=outside.told is not None)]
    problems += _chained(kept, outside)
    problems += _rooted(kept, trees)
    for row in await connection.fetch(QUERIES["gone"]):
        what = "is gone" if row["gone"] else "was changed"
        name = f"violation {row['violation']}: line {row['seq']} of its history"
        problems.append(f"{name} {what} since anchor {row['anchor']}")
    for row in await connection.fetch(QUERIES["gone_cases"]):
        what = "is gone" if row["gone"] else "was changed"
        name = f"case {row['case_id']}: line {row['seq']} of its history"
        problems.append(f"{name} {what} since anchor {row['anchor']}")
    return len(kept), problems


async def _trees(connection: Connection) -> dict[int, Tree]:
    trees: dict[int, Tree] = {}
    async for number, *leaf in connection.cursor(QUERIES["leaves"], prefetch=AT_ONCE):
        trees.setdefault(number, Tree()).add(Leaf(*leaf).raw)
    async for number, *leaf in connection.cursor(QUERIES["cases"], prefetch=AT_ONCE):
        trees.setdefault(number, Tree()).add(CaseLeaf(*leaf).raw)
    return trees


def _beside(
    kept: Mapping[int, SignedAnchor], outside: Mapping[int, SignedAnchor], *, told: bool
) -> Iterator[str]:
    """Compare what is kept with what was told."""
    newest = max(outside, default=0)
    for number in sorted(kept.keys() | outside.keys()):
        if number not in kept:
            yield f"anchor {number}: is gone, though it was told"
        elif number in outside and kept[number] != outside[number]:
            yield f"anchor {number}: is another than the one that was told"
        elif told and number < newest and number not in outside:
            yield f"anchor {number}: was never told, though later ones were"


def _chained(kept: Mapping[int, SignedAnchor], outside: Outside) -> Iterator[str]:
    """Check signatures, and that each anchor names the one before."""
    known = {**(outside.told or {}), **kept}
    for number, signed in sorted(known.items()):
        if outside.keys:
            yield from _named(number, anchor.problems_of(signed, outside.keys))
        before = known.get(number - 1)
        expected = FIRST if number == 1 else before.anchor.digest if before else None
        if signed.anchor.number != number:
            yield f"anchor {number}: calls itself {signed.anchor.number}"
        elif expected is None:
            yield f"anchor {number - 1}: is gone"
        elif signed.anchor.previous != expected:
            yield f"anchor {number}: does not name the one before it"


def _rooted(kept: Mapping[int, SignedAnchor], trees: Mapping[int, Tree]) -> Iterator[str]:
    """Compare what each anchor took up with the root that it tells."""
    for number in sorted(kept.keys() | trees.keys()):
        if number not in kept:
            yield f"anchor {number}: is gone, though what it took up is kept"
            continue
        told, tree = kept[number].anchor, trees.get(number, Tree())
        if (told.root, told.leaves) != (tree.root.hex(), tree.leaves):
            yield (
                f"anchor {number}: took up {told.leaves} chains with the root {told.root}; "
                f"those kept are {tree.leaves} with {tree.root.hex()}"
            )


def _named(number: int, problems: Iterable[str]) -> Iterator[str]:
    return (f"anchor {number}: {problem}" for problem in problems)
