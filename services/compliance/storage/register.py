"""The register as told: its entries, the law's version, and the records that a change touches."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from services.compliance.judging.dossier import encode
from services.compliance.judging.kinds import begun_with, resting_on_agreements, resting_on_kin
from services.compliance.judging.subjects import Subject
from services.compliance.register.changes import Changes, Touch
from services.compliance.register.entries import (
    AGREEMENT,
    EXEMPTION,
    HOSPITAL,
    OF_PRODUCTS,
    PRODUCT,
    STANDARD,
)
from services.compliance.register.register import Key
from services.compliance.storage import dossiers
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.errors import ConflictError

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

AT_ONCE = 10_000
"""Pairs of product and hospital for which records are begun at once."""


async def hold_law(connection: Connection, versions: Mapping[str, int]) -> None:
    """Hold the law as it was judged under, or raise ConflictError if it moved."""
    if not versions:
        return
    rows = await connection.fetch(QUERIES["share_law"], sorted(versions))
    if any(versions[row["jurisdiction"]] != row["version"] for row in rows):
        raise ConflictError("the register moved while the batch was judged")


async def move_law(connection: Connection, jurisdictions: list[str]) -> dict[str, int]:
    """Move the law on; gives the new versions."""
    if not jurisdictions:
        return {}
    rows = await connection.fetch(QUERIES["move_law"], jurisdictions)
    return {row["jurisdiction"]: row["version"] for row in rows}


async def save_areas(connection: Connection, changes: Changes) -> None:
    """Note the areas in which hospitals take part, before anything is counted by area."""
    areas = {
        (where, told.area) for where, _, _, held in changes.of(HOSPITAL) for told in held.enrolments
    }
    if areas:
        await connection.execute(QUERIES["save_areas"], *columns(sorted(areas)))


async def save(connection: Connection, changes: Changes, begun: Iterable[Subject]) -> None:
    """Write what changed of the register, the records begun with it, and what it touches."""
    kept = changes.of(*OF_PRODUCTS, HOSPITAL, EXEMPTION)
    references = [(*name, encode(held)) for *name, held in kept]
    if references:
        await connection.execute(QUERIES["save_references"], *columns(references))
    agreements = [
        (where, code, held.product, held.hospital, encode(held))
        for where, _, code, held in changes.of(AGREEMENT)
    ]
    if agreements:
        await connection.execute(QUERIES["save_agreements"], *columns(agreements))
    begins = list(begun)
    await dossiers.end_waiting(connection, changes.agreements)
    await dossiers.begin(connection, begins)
    products = await _with_agreements(connection, changes.touches)
    kin = await _with_kin(connection, changes)
    soon = {*begins, *resting_on_agreements(products), *resting_on_kin(kin)}
    await dossiers.look_soon(connection, soon)
    await touch(connection, changes.touches)


async def begin_all(connection: Connection, jurisdiction: str) -> None:
    """Begin the records that entries told long ago would begin today, where there are none.

    A version whose rules read a new kind of record finds a register that others were told of.
    """
    told = await connection.fetch(QUERIES["beginnings"], jurisdiction)
    begins = [subject for row in told for subject in begun_with(*row)]
    await dossiers.begin(connection, begins)
    last = ("", "")
    while agreed := await connection.fetch(QUERIES["agreed"], jurisdiction, *last, AT_ONCE):
        begins = [
            subject
            for product, hospital in agreed
            for subject in begun_with(AGREEMENT.name, jurisdiction, product, hospital)
        ]
        await dossiers.begin(connection, dict.fromkeys(begins))
        last = tuple(agreed[-1])


async def _with_agreements(connection: Connection, touches: Iterable[Touch]) -> set[Key]:
    """Give the products whose agreements, or the hospitals that have them, are touched.

    What touches a product and no hospital reaches all records of the product anyway.
    """
    products = {(where, product) for where, product, hospital in touches if product and hospital}
    hospitals = [
        (where, hospital) for where, product, hospital in touches if not product and hospital
    ]
    if hospitals:
        rows = await connection.fetch(QUERIES["products_of_hospitals"], *columns(hospitals))
        products.update((row["jurisdiction"], row["product"]) for row in rows)
    return products


async def _with_kin(connection: Connection, changes: Changes) -> set[Key]:
    """Note the varieties and classes of products that were told; give all products of them."""
    told = list(changes.of(PRODUCT, STANDARD))
    families = [
        (where, family, code)
        for where, name, code, held in told
        if name == PRODUCT.name
        for family in sorted(held.families)
    ]
    if families:
        await connection.execute(QUERIES["save_families"], *columns(families))
    if not told:
        return set()
    asked = sorted({(where, code) for where, _, code, _ in told})
    rows = await connection.fetch(QUERIES["kin"], *columns(asked))
    return {(row["jurisdiction"], row["product"]) for row in rows}


async def touch(connection: Connection, touches: Iterable[Touch]) -> None:
    """Note that records must be judged again, because the law that they rest on has moved."""
    noted = list(touches)
    if noted:
        await connection.execute(QUERIES["touch"], *columns(noted))


async def expand_touches(connection: Connection, at_most: int) -> bool:
    """Mark the next range of records that were touched; gives whether there were any."""
    async with connection.transaction():
        return await _expand_pairs(connection, at_most) or await _expand_wide(connection, at_most)


async def _expand_pairs(connection: Connection, at_most: int) -> bool:
    rows = await connection.fetch(QUERIES["claim_pair_touches"], at_most)
    if rows:
        await connection.execute(QUERIES["expand_pairs"], *columns(rows))
    return bool(rows)


async def _expand_wide(connection: Connection, at_most: int) -> bool:
    claimed = await connection.fetchrow(QUERIES["claim_wide_touch"])
    if claimed is None:
        return False
    number, *range_left = claimed
    last = await connection.fetchrow(QUERIES["expand_wide"], *range_left, at_most)
    if last is None or last["reached"] < at_most:
        await connection.execute(QUERIES["end_touch"], number)
    else:
        await connection.execute(QUERIES["move_touch"], number, last["kind"], last["key"])
    return True
