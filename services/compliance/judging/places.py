"""What a record holds that rules judge one by one: where, when, and who is named in it.

A record that holds nothing any more holds no such thing, as if it had never begun.
"""

from collections import Counter
from collections.abc import Iterator

from services.compliance.findings.finding import About
from services.compliance.judging.weighing import Place
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.funding_terms import FundingTerms
from services.compliance.law.prepayment_terms import PrepaymentTerms
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.usage_terms import UsageTerms
from services.compliance.records.account import ONWARD
from services.compliance.records.appointments import Appointments
from services.compliance.records.commitment import Commitment
from services.compliance.records.funding import Funding
from services.compliance.records.statement import Statement
from services.compliance.records.supply import DELIVERED, Supply
from services.compliance.records.usage import Usage
from shared.domain import calendar
from shared.domain.records.record import ProductEntry

LAST = calendar.LATEST
"""The area of what lasts is the one that was told last."""

LAST_DAY = calendar.day_of(LAST)

NO_COMMITMENT, NO_USAGE, NO_FUNDING = Commitment(), Usage(), Funding()


def in_commitment(record: Commitment, terms: CommitmentTerms) -> Iterator[Place]:
    """Give the hospital and the product, once something was agreed or bought, and its agreements.

    As what is found of them, agreements lie in no area.
    """
    if terms.agreements:
        about = About(terms.product, hospital=terms.hospital)
        yield Place("agreement", about, number=len(terms.agreements))
    if terms.agreements or record != NO_COMMITMENT:
        about = About(terms.product, terms.area_on(LAST_DAY), terms.hospital)
        yield Place("commitment", about)


def in_appointments(record: Appointments, terms: ProductTerms) -> Iterator[Place]:
    """Give the areas for which somebody was appointed, and the hospitals that agreed, by area."""
    areas = sorted({held.area for held in record.held.values()})
    hospitals = Counter(_area_of(terms, code) for code in terms.agreements())
    for maker in _makers(terms):
        for area in areas:
            yield Place("area", About(terms.product, area, manufacturer=maker))
        for place, number in hospitals.items():
            about = About(terms.product, place, manufacturer=maker)
            yield Place("commitment", about, number=number)


def in_supply(record: Supply, terms: ProductTerms) -> Iterator[Place]:
    """Give the product, the areas to which it was due, and its stock-outs by area."""
    yield from in_product(terms)
    due = {(maker, area) for (what, _, maker, area) in record.tallies if what == DELIVERED}
    for maker, area in sorted(due):
        yield Place("area", About(terms.product, area, manufacturer=maker))
    outages = Counter((held.manufacturer, held.area) for held in record.stock_outs.values())
    for (known, area), number in outages.items():
        yield Place("outage", About(terms.product, area, manufacturer=known), number=number)


def in_entry(_record: ProductEntry, terms: ProductTerms) -> Iterator[Place]:
    """Give the product, and the cycles that others may follow; agreements are not counted here."""
    yield from in_product(terms)
    told = terms.told
    if told is not None:
        yield Place("agreement", About(terms.product), number=len(told.cycles))


def in_product(terms: ProductTerms) -> Iterator[Place]:
    """Give the product, once for each maker that ever won it."""
    if terms.known:
        for maker in _makers(terms) or [""]:
            yield Place("product", About(terms.product, manufacturer=maker or None))


def in_usage(record: Usage, terms: UsageTerms) -> Iterator[Place]:
    """Give the hospital and the variety."""
    if record != NO_USAGE:
        yield Place("variety", terms.about(LAST_DAY))


def in_statement(record: Statement, terms: AccountTerms) -> Iterator[Place]:
    """Give what there was to pay, to pass on and to use in the month."""
    book = record.book
    if book is None:
        return
    if terms.leg == ONWARD:
        about = About(distributor=terms.payer, manufacturer=terms.payee)
        yield Place("payment", about, book.month, book.number)
        return
    about = About(None, terms.area_on(LAST), terms.payer, None, terms.payee)
    if book.number:
        yield Place("receipt", about, book.month, book.number)
    if book.advances:
        yield Place("payment", about, book.month, len(book.advances))
    if book.uses:
        yield Place("use", about, book.month, len(book.uses))


def in_funding(record: Funding, terms: FundingTerms) -> Iterator[Place]:
    """Give the hospital."""
    if record != NO_FUNDING:
        yield Place("hospital", About(None, terms.area_on(LAST), terms.hospital))


def in_prepayment(_record: object, terms: PrepaymentTerms) -> Iterator[Place]:
    """Give the prepayment, in the month in which it was made."""
    made = terms.made
    about = About(made.product, terms.area_on(LAST), made.hospital)
    yield Place("prepayment", about, made.day.isoformat()[:7])


def _makers(terms: ProductTerms) -> list[str]:
    told = terms.told
    return [] if told is None else sorted({it.manufacturer for it in told.cycles.values()})


def _area_of(terms: ProductTerms, hospital: str) -> str:
    known = terms.hospital(hospital)
    return "" if known is None else known.on(LAST_DAY).area
