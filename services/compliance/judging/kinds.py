"""The kinds of record, one row each: what there is to add when a new one comes.

Kinds are judged level by level, and what a record contributes goes to kinds of a later level: an
order of level 1 to commitments and supplies of level 2; a payment is of level 0, for it may name
an order, and the use of a variety of level 3, for commitments contribute to it too. A kind may be
heard and gathered at once. What each says stands in saying.py, what it asks of the register in
asking.py, and where it stands in whereabouts.py.
"""

from collections.abc import Iterable
from typing import Any, cast

from services.compliance.findings.rule import Rule
from services.compliance.judging import places
from services.compliance.judging.asking import (
    need_hospital,
    need_nothing,
    need_of_commitment,
    need_of_order,
    need_of_payment,
    need_of_prepayment,
    need_of_product_entry,
    need_of_statement,
    need_of_usage,
    need_product,
    need_whole_product,
)
from services.compliance.judging.contributions.giver import COUNTED, OF_ALL
from services.compliance.judging.kind import Kind, by_rules
from services.compliance.judging.saying import (
    say_account,
    say_announcement,
    say_commitment,
    say_order,
    say_payment,
    say_prepayment,
    say_stock,
)
from services.compliance.judging.subjects import Subject
from services.compliance.judging.weighing import beside
from services.compliance.judging.whereabouts import (
    between,
    of_account,
    of_hospital,
    of_statement,
    of_variety,
)
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.funding_terms import FundingTerms
from services.compliance.law.law import Law
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.usage_terms import UsageTerms
from services.compliance.records.account import Account
from services.compliance.records.announcement import Announcement
from services.compliance.records.appointments import Appointments
from services.compliance.records.commitment import Commitment
from services.compliance.records.funding import Funding
from services.compliance.records.paid_order import PaidOrder
from services.compliance.records.payment import Payment
from services.compliance.records.prepayment import Prepayment
from services.compliance.records.statement import Statement
from services.compliance.records.stock import Stock
from services.compliance.records.supply import Supply
from services.compliance.records.usage import Usage
from services.compliance.register.entries import AGREEMENT, ENTRIES, OF_PRODUCTS, PRODUCT, entry_of
from services.compliance.register.register import Key
from services.compliance.rules import RULES
from shared.domain import ids
from shared.domain.cloudevents import Event
from shared.domain.records.order import Order
from shared.domain.records.record import Heard, ProductEntry, Record


def _funding_terms(law: Law, subject: Subject) -> FundingTerms:
    return FundingTerms(law, subject.jurisdiction, subject.key)


def _statement_terms(law: Law, subject: Subject) -> AccountTerms:
    return AccountTerms(law, subject.jurisdiction, ids.parts(subject.key)[0])


def _of_hospital(product: str, hospital: str) -> str:
    """Give the key of a record between a hospital and a product."""
    return ids.pair(hospital, product)


def _usage_terms(law: Law, subject: Subject) -> UsageTerms:
    return UsageTerms(law, subject.jurisdiction, *ids.parts(subject.key))


def _commitment_terms(law: Law, subject: Subject) -> CommitmentTerms:
    return CommitmentTerms(law, subject.jurisdiction, *ids.parts(subject.key))


def _product_terms(law: Law, subject: Subject) -> ProductTerms:
    return ProductTerms(law, subject.jurisdiction, subject.key)


def _on(*records: type[Record]) -> tuple[Rule, ...]:
    """Give the rules that read some records."""
    return tuple(rule for rule in RULES if rule.record in records)


def _needs_scope(rule: Rule) -> bool:
    """Whether a rule cannot judge while nobody knows whether an order is in scope."""
    return rule.record is Order or bool(set(rule.takes) - OF_ALL - COUNTED)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="payment",
            level=0,
            record=Payment,
            says=say_payment,
            needs=need_of_payment,
        ),
        Kind(
            name="prepayment",
            level=0,
            record=Prepayment,
            says=say_prepayment,
            needs=need_of_prepayment,
            rules=_on(Prepayment),
            places=places.in_prepayment,
        ),
        Kind(
            name="order",
            level=1,
            record=PaidOrder,
            says=say_order,
            needs=need_of_order,
            rules=_on(Order),
            unjudged=tuple(rule.name for rule in RULES if _needs_scope(rule)),
            beside=beside("order", Order),
        ),
        Kind(
            name="announcement",
            level=1,
            record=Announcement,
            says=say_announcement,
            needs=need_nothing,
        ),
        Kind(
            name="account",
            level=2,
            record=Account,
            says=say_account,
            needs=need_nothing,
            columns=of_account,
            shared=True,
        ),
        Kind(
            name="statement",
            level=3,
            record=Statement,
            says=by_rules,
            needs=need_of_statement,
            rules=_on(Statement),
            places=places.in_statement,
            terms=_statement_terms,
            columns=of_statement,
        ),
        Kind(
            name="stock",
            level=1,
            record=Stock,
            says=say_stock,
            needs=need_nothing,
        ),
        Kind(
            name="funding",
            level=3,
            record=Funding,
            says=by_rules,
            needs=need_hospital,
            rules=_on(Funding),
            places=places.in_funding,
            terms=_funding_terms,
            columns=of_hospital,
            shared=True,
        ),
        Kind(
            name="commitment",
            level=2,
            record=Commitment,
            says=say_commitment,
            needs=need_of_commitment,
            rules=_on(Commitment),
            places=places.in_commitment,
            beside=beside("agreement", Commitment),
            columns=between,
            begun_by=(AGREEMENT,),
            begins=_of_hospital,
        ),
        Kind(
            name="appointments",
            level=2,
            record=Appointments,
            says=by_rules,
            needs=need_whole_product,
            rules=_on(Appointments),
            places=places.in_appointments,
            terms=_product_terms,
            begun_by=(AGREEMENT,),
            agreements=True,
        ),
        Kind(
            name="supply",
            level=2,
            record=Supply,
            says=by_rules,
            needs=need_product,
            rules=_on(Supply),
            places=places.in_supply,
            terms=_product_terms,
            begun_by=(PRODUCT,),
        ),
        Kind(
            name="product",
            level=2,
            record=ProductEntry,
            says=by_rules,
            needs=need_of_product_entry,
            rules=_on(ProductEntry),
            places=places.in_entry,
            terms=_product_terms,
            begun_by=(*OF_PRODUCTS, AGREEMENT),
            agreements=True,
            kin=True,
        ),
        Kind(
            name="usage",
            level=3,
            record=Usage,
            says=by_rules,
            needs=need_of_usage,
            rules=_on(Usage),
            places=places.in_usage,
            terms=_usage_terms,
            columns=of_variety,
            shared=True,
        ),
    )
}

_BEGUN_BY = {
    entry.name: tuple(kind.name for kind in KINDS.values() if entry in kind.begun_by)
    for entry in ENTRIES
}

LAST_HEARD = max(kind.level for kind in KINDS.values() if issubclass(kind.record, Heard))
"""The last level of those that events merge into: the shares of a replay are judged so far."""

LEVELS = tuple(sorted({kind.level for kind in KINDS.values()}))
"""Records are judged in this order, so that what gathers has all that others contribute."""


def begun(events: Iterable[Event]) -> dict[Subject, None]:
    """Give the records that register events begin: a product without appointments has its own.

    A kind without rules begins none.
    """
    subjects: dict[Subject, None] = {}
    for event in events:
        entry, data = entry_of(event), cast(Any, event.data)
        if entry is not None and _BEGUN_BY[entry.name]:
            hospital = getattr(data, "hospital", "")
            for begins in begun_with(entry.name, data.jurisdiction, data.product, hospital):
                subjects[begins] = None
    return subjects


def begun_with(entry: str, jurisdiction: str, product: str, hospital: str = "") -> list[Subject]:
    """Give the records that an entry of the register begins, by its name.

    It is of a product; an agreement is of a hospital too.
    """
    kinds = [KINDS[name] for name in _BEGUN_BY[entry]]
    return [
        Subject(jurisdiction, kind.name, kind.begins(product, hospital))
        for kind in kinds
        if kind.rules
    ]


def resting_on_agreements(products: Iterable[Key]) -> list[Subject]:
    """Give the records of products that are judged by all their agreements, in order."""
    kinds = [kind.name for kind in KINDS.values() if kind.agreements and kind.rules]
    return sorted(Subject(where, kind, product) for where, product in products for kind in kinds)


def resting_on_kin(products: Iterable[Key]) -> list[Subject]:
    """Give the records of products that are held against others of their kind, in order."""
    kinds = [kind.name for kind in KINDS.values() if kind.kin and kind.rules]
    return sorted(Subject(where, kind, product) for where, product in products for kind in kinds)
