"""Coverage at an instant: hospitals with products, distributors against the cap, and the gaps.

Computed from the register and the appointments as they are known now, by the rules themselves, for
one area or one product at a time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from services.compliance.answers import coverage_pairs
from services.compliance.answers.coverage_pairs import AppointedCount, Pair
from services.compliance.answers.coverage_shapes import (
    AppointedShown,
    Coverage,
    CoveredPair,
    Gap,
    HospitalShown,
    ProductShown,
    Waits,
)
from services.compliance.answers.database import Database, Row
from services.compliance.answers.names import called
from services.compliance.findings.finding import Finding
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.records.appointments import Appointments
from services.compliance.register.entries import (
    AGREEMENT,
    ENTRIES,
    EXEMPTION,
    HOSPITAL,
    PRODUCT,
    Entry,
)
from services.compliance.register.register import Register
from services.compliance.rules import coverage_gap
from shared.adapters.postgres import Connection, queries
from shared.domain import ids
from shared.domain.calendar import day_of, instant_text
from shared.domain.errors import InvalidArgumentError
from shared.domain.records.hospital import Hospital

QUERIES = queries(Path(__file__).with_suffix(".sql"))

MOST_AGREEMENTS: Final = 50_000
"""What is looked at for one answer; a second or two of work."""

Category = Literal["drug", "consumable"]

_read: Mapping[str, Callable[[bytes], Any]] = {
    entry.name: msgspec.msgpack.Decoder(entry.holds).decode for entry in ENTRIES
}

_record = msgspec.msgpack.Decoder(Appointments).decode


class CoverageAsked(NamedTuple):
    """Of which jurisdiction, at which instant; of an area, or of a product; only a category."""

    jurisdiction: str
    at: datetime
    area: str | None = None
    product: str | None = None
    category: Category | None = None
    gaps: bool = False


class _Known(NamedTuple):
    register: Register
    records: Mapping[str, Appointments]
    products: list[str]


class _Told(NamedTuple):
    """The violations that tell gaps and stand, the present, and until when all was heard."""

    violations: set[UUID]
    now: datetime
    heard: datetime | None

    def waits(self, finding: Finding) -> Waits:
        """Say why a gap is no violation yet."""
        if finding.occurred_at > self.now:
            return "ahead"
        if self.heard is None or (finding.heard_by or finding.occurred_at) > self.heard:
            return "hearing"
        return "judging"


class _Judged(NamedTuple):
    pairs: list[Pair]
    appointed: list[AppointedCount]
    products: list[ProductShown]


async def coverage_of(database: Database, policies: Policies, asked: CoverageAsked) -> Coverage:
    """Give the coverage of an area or a product.

    Raises InvalidArgumentError where that are more agreements than one answer looks at.
    """
    where = asked.jurisdiction
    async with database.snapshot() as connection:
        known = await _known(connection, asked)
        judged = await asyncio.to_thread(_judged, policies, known, asked)
        gaps = [pair for pair in judged.pairs if pair.finding is not None]
        told = await _told(connection, asked, gaps)
        kept = _kept(asked, judged.pairs)
        hospitals = {pair.hospital for pair in kept}
        shown = {pair.product for pair in kept} | ({asked.product} if asked.product else set())
        products = [one for one in judged.products if one.product in shown]
        makers = {one.manufacturer for one in products if one.manufacturer is not None}
        codes = {"hospital": hospitals, "product": shown, "manufacturer": makers}
        names = await _names(connection, where, codes)
    return Coverage(
        jurisdiction=where,
        at=instant_text(asked.at),
        area=asked.area,
        product=asked.product,
        hospitals=[HospitalShown(code, _area(known, asked, code)) for code in sorted(hospitals)],
        products=products,
        pairs=[
            CoveredPair(one.hospital, one.product, one.state, one.distributors, one.missing)
            for one in kept
        ],
        appointed=[
            AppointedShown(one.product, one.area, one.distributors, one.cap, one.over)
            for one in judged.appointed
            if one.product in shown
        ],
        gaps=[_gap(asked, pair, pair.finding, told) for pair in gaps if pair.finding],
        totals=coverage_pairs.totals(judged.pairs),
        names=names,
    )


def _area(known: _Known, asked: CoverageAsked, code: str) -> str | None:
    held = known.register.hospitals.get((asked.jurisdiction, code))
    return held.on(day_of(asked.at)).area if held is not None and held.enrolments else None


async def _known(connection: Connection, asked: CoverageAsked) -> _Known:
    """Read what of the register bears on the area or product."""
    where, register = asked.jurisdiction, Register()

    async def read(query: str, entry: Entry, *of: object) -> Sequence[Row]:
        rows = await connection.fetch(QUERIES[query], where, *of)
        for row in rows:
            register.put(entry, where, row["code"], _read[entry.name](row["body"]))
        return rows

    if asked.product is not None:
        agreements = await read(
            "agreements_of_product", AGREEMENT, asked.product, MOST_AGREEMENTS + 1
        )
        codes = sorted({held.hospital for held in register.agreements.values()})
        await read("hospitals", HOSPITAL, codes)
    else:
        await read("hospitals", HOSPITAL, None)
        there = [code for (_, code), held in register.hospitals.items() if _stands_in(held, asked)]
        for key in [key for key in register.hospitals if key[1] not in set(there)]:
            del register.hospitals[key]
        agreements = await read(
            "agreements_of_hospitals", AGREEMENT, sorted(there), MOST_AGREEMENTS + 1
        )
    if len(agreements) > MOST_AGREEMENTS:
        raise InvalidArgumentError(
            f"there are more than {MOST_AGREEMENTS:,} agreements to look at: ask for one product"
        )
    products = {held.product for held in register.agreements.values()} | (
        {asked.product} if asked.product else set()
    )
    await read("products", PRODUCT, sorted(products))
    await read("exemptions", EXEMPTION)
    rows = await connection.fetch(QUERIES["appointments"], where, sorted(products))
    records: dict[str, Any] = {row["code"]: _record(row["body"]) for row in rows}
    return _Known(register, records, sorted(products))


def _stands_in(hospital: Hospital, asked: CoverageAsked) -> bool:
    return bool(hospital.enrolments) and hospital.on(day_of(asked.at)).area == asked.area


def _judged(policies: Policies, known: _Known, asked: CoverageAsked) -> _Judged:
    law = Law(policies, known.register)
    found = _Judged([], [], [])
    for product in known.products:
        what = _what(law, asked, product)
        if asked.category not in {None, what.category}:
            continue
        record = known.records.get(product, Appointments())
        found.products.append(what)
        found.pairs.extend(
            coverage_pairs.pairs_of(law, asked.jurisdiction, product, record, asked.at)
        )
        counts = coverage_pairs.appointed_in(law, asked.jurisdiction, product, record, asked.at)
        found.appointed.extend(one for one in counts if asked.area in {None, one.area})
    return found


def _what(law: Law, asked: CoverageAsked, product: str) -> ProductShown:
    """Say what a product is at the instant, by the cycle that runs, else by any it had."""
    told = law.product(asked.jurisdiction, product)
    cycles = [] if told is None else [told.cycles[start] for start in sorted(told.cycles)]
    day = day_of(asked.at)
    running = [cycle for cycle in cycles if cycle.start <= day] or cycles
    if running:
        return ProductShown(product, running[-1].manufacturer, running[-1].category)
    listed = None if told is None else told.listed
    if listed is None:
        return ProductShown(product, None, None)
    return ProductShown(product, listed.manufacturer, listed.category)


async def _told(connection: Connection, asked: CoverageAsked, gaps: Sequence[Pair]) -> _Told:
    """Give which gaps are violations that have been told and stand, and how far that is heard."""
    names = [_violation(asked, pair.finding) for pair in gaps if pair.finding]
    told = await connection.fetch(QUERIES["told"], names)
    (heard,) = await connection.fetch(QUERIES["heard"])
    return _Told({row["id"] for row in told}, heard["now"], heard["until"])


def _violation(asked: CoverageAsked, finding: Finding) -> UUID:
    return ids.violation_id(asked.jurisdiction, coverage_gap.NAME, finding.subject, finding.anchor)


def _gap(asked: CoverageAsked, pair: Pair, finding: Finding, told: _Told) -> Gap:
    violation = _violation(asked, finding)
    stands = violation in told.violations
    return Gap(
        hospital=pair.hospital,
        area=finding.about.area or "",
        product=pair.product,
        manufacturer=finding.about.manufacturer,
        since=instant_text(finding.occurred_at),
        reason=pair.reason,
        exempt=pair.state == "exempt",
        violation=violation if stands else None,
        waits=None if stands else told.waits(finding),
    )


def _kept(asked: CoverageAsked, pairs: list[Pair]) -> list[Pair]:
    """Leave out the rows and columns that have no gap, if that was asked."""
    if not asked.gaps:
        return pairs
    gaps = [pair for pair in pairs if pair.finding is not None]
    hospitals, products = {pair.hospital for pair in gaps}, {pair.product for pair in gaps}
    return [pair for pair in pairs if pair.hospital in hospitals and pair.product in products]


async def _names(
    connection: Connection, where: str, codes: Mapping[str, set[str]]
) -> dict[str, dict[str, str]]:
    """Give how parties are called, by what they are and their code."""
    wanted = {(where, kind, code) for kind, of in codes.items() for code in of}
    found: dict[str, dict[str, str]] = {kind: {} for kind in codes}
    for (_, kind, code), name in (await called(connection.fetch, wanted)).items():
        found[kind][code] = name
    return found
