"""The kinds of record, one row each: what there is to add when a new one comes.

Kinds are judged level by level, and what a record contributes goes to kinds of a later level: an
order of level 1 to commitments and supplies of level 2; a payment is of level 0, for it may name
an order, and the use of a variety of level 3, for commitments contribute to it too. A kind may be
heard and gathered at once.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from services.compliance.findings.finding import Missing, Watch
from services.compliance.findings.rule import Rule
from services.compliance.judging.contributions.announcement import (
    contribute_announcement,
    contribute_stock,
)
from services.compliance.judging.contributions.contribution import Unjudged
from services.compliance.judging.contributions.giver import COUNTED, OF_ALL
from services.compliance.judging.contributions.order import contribute_order
from services.compliance.judging.contributions.payment import contribute_payment
from services.compliance.judging.contributions.pledges import contribute_pledges
from services.compliance.judging.contributions.prepayment import contribute_prepayment
from services.compliance.judging.contributions.statement import contribute_statements
from services.compliance.judging.contributions.usage import contribute_contracts
from services.compliance.judging.kind import Kind, Said, by_rules, outcomes, said_by
from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Columns, Subject
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.funding_terms import FundingTerms
from services.compliance.law.goods_terms import GoodsTerms
from services.compliance.law.law import Law
from services.compliance.law.order_terms import OrderTerms
from services.compliance.law.prepayment_terms import PrepaymentTerms
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.usage_terms import UsageTerms
from services.compliance.records.account import SUPPLY, Account
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


def _order(kind: Kind, subject: Subject, record: PaidOrder, law: Law, moment: Moment) -> list[Said]:
    said: list[Said] = []
    if record.contested is not None:
        said += record.contradictions()
    ahead = record.next_instant(moment.now)
    if ahead is not None:
        said.append(Watch(ahead))
    order = record.as_of(moment.now)
    placed = order.placed
    if placed is None or order.goods_came_before(placed.telling.time):
        said += _goods(kind, subject, order, law, moment)
    if placed is None:
        return said
    terms = OrderTerms(law, subject.jurisdiction, subject.key, placed)
    awaits = placed.agreement if isinstance(terms.agreement, Missing) else None
    said.append(Columns(placed.product, placed.hospital, terms.area, awaits))
    scope, carried = terms.scope(), terms.in_force.rules
    if isinstance(scope, Missing):
        said += (Unjudged(name, scope) for name in kind.unjudged if name in carried)
    in_scope = scope is True
    if in_scope:
        rules = [rule for rule in kind.rules if rule.name in carried]
        said += outcomes(rules, order, terms, moment)
    said += contribute_order(order, terms, moment, in_scope=in_scope, paid=record.paid)
    return said


def _goods(kind: Kind, subject: Subject, order: Order, law: Law, moment: Moment) -> Iterator[Said]:
    """Say what rules find in goods that came before their order was placed."""
    goods = order.first_goods()
    if goods is None:
        return
    if order.placed is None:
        yield Columns(goods.product, goods.hospital)
    terms = GoodsTerms(law, subject.jurisdiction, subject.key, goods)
    for rule in kind.rules:
        if rule.judge_goods is not None and rule.name in terms.in_force.rules:
            yield from said_by(rule, rule.judge_goods(order, terms, moment.now))


def _payment(
    _kind: Kind, subject: Subject, record: Payment, law: Law, moment: Moment
) -> list[Said]:
    ahead = record.next_instant(moment.now)
    if ahead is not None:
        return [Watch(ahead)]
    paid = record.by(moment.now)
    if paid is None:
        return []
    where = subject.jurisdiction
    return [Columns(paid.product), *contribute_payment(subject.key, where, paid, law)]


def _prepayment(
    kind: Kind, subject: Subject, record: Prepayment, law: Law, moment: Moment
) -> list[Said]:
    said: list[Said] = []
    ahead = record.next_instant(moment.now)
    if ahead is not None:
        said.append(Watch(ahead))
    made = record.by(moment.now)
    if made is None:
        return said
    terms = PrepaymentTerms(law, subject.jurisdiction, subject.key, made)
    agreement = terms.meant()
    product = made.product if isinstance(agreement, Missing) else agreement.product
    said.append(Columns(product, made.hospital, None, made.agreement))
    said += outcomes(kind.rules, record, terms, moment)
    said += contribute_prepayment(record, terms, moment)
    return said


def _commitment(
    kind: Kind, subject: Subject, record: Commitment, law: Law, moment: Moment
) -> list[Said]:
    terms = _commitment_terms(law, subject)
    said: list[Said] = [_between(subject.key)]
    said += outcomes(kind.rules, record, terms, moment)
    said += contribute_pledges(terms)
    said += contribute_contracts(terms)
    return said


def _of_hospital_alone(key: str) -> Columns:
    return Columns(None, key)


def _funding_terms(law: Law, subject: Subject) -> FundingTerms:
    return FundingTerms(law, subject.jurisdiction, subject.key)


def _account(
    _kind: Kind, subject: Subject, record: Account, law: Law, _moment: Moment
) -> list[Said]:
    terms = AccountTerms(law, subject.jurisdiction, subject.key)
    return [_of_account(subject.key), *contribute_statements(record, subject.key, terms)]


def _of_account(key: str) -> Columns:
    """Give the columns of an account, which may be of many products."""
    leg, between = ids.parts(key)
    return Columns(None, ids.parts(between)[0] if leg == SUPPLY else None)


def _of_statement(key: str) -> Columns:
    return _of_account(ids.parts(key)[0])


def _statement_terms(law: Law, subject: Subject) -> AccountTerms:
    return AccountTerms(law, subject.jurisdiction, ids.parts(subject.key)[0])


def _announcement(
    _kind: Kind, subject: Subject, record: Announcement, _law: Law, moment: Moment
) -> list[Said]:
    said: list[Said] = []
    ahead = record.next_instant(moment.now)
    if ahead is not None:
        said.append(Watch(ahead))
    for contribution in contribute_announcement(record, subject.key, moment):
        said += (Columns(contribution.of), contribution)
    return said


def _stock(_kind: Kind, subject: Subject, record: Stock, _law: Law, moment: Moment) -> list[Said]:
    said: list[Said] = [Columns(subject.key)]
    ahead = record.next_instant(moment.now)
    if ahead is not None:
        said.append(Watch(ahead))
    return [*said, *contribute_stock(record, subject.key, moment)]


def _between(key: str) -> Columns:
    """Give the columns of a record between a hospital and a product."""
    hospital, product = ids.parts(key)
    return Columns(product, hospital)


def _of_hospital(product: str, hospital: str) -> str:
    """Give the key of a record between a hospital and a product."""
    return ids.pair(hospital, product)


def _of_variety(key: str) -> Columns:
    """Give the columns of a record of a hospital and a variety, in the place of a product."""
    hospital, variety = ids.parts(key)
    return Columns(ids.pair("variety", variety), hospital)


def _usage_terms(law: Law, subject: Subject) -> UsageTerms:
    return UsageTerms(law, subject.jurisdiction, *ids.parts(subject.key))


def _usage_needs(needs: Needs, subject: Subject, usage: Usage) -> None:
    hospital, _ = ids.parts(subject.key)
    needs.hospitals.add((subject.jurisdiction, hospital))
    needs.kin.update((subject.jurisdiction, product) for product in usage.contracts)


def _commitment_terms(law: Law, subject: Subject) -> CommitmentTerms:
    return CommitmentTerms(law, subject.jurisdiction, *ids.parts(subject.key))


def _product_terms(law: Law, subject: Subject) -> ProductTerms:
    return ProductTerms(law, subject.jurisdiction, subject.key)


def _order_needs(needs: Needs, subject: Subject, order: Order) -> None:
    where = subject.jurisdiction
    for placed in order.placings():
        needs.products.add((where, placed.product))
        needs.hospitals.add((where, placed.hospital))
        needs.between.add((where, placed.product, placed.hospital))
        needs.entrusted.add((where, placed.product))
        if placed.agreement is not None:
            needs.named.add((where, placed.agreement))
    for goods in order.goods():
        if goods.product is not None:
            needs.products.add((where, goods.product))


def _commitment_needs(needs: Needs, subject: Subject, commitment: Commitment) -> None:
    hospital, product = ids.parts(subject.key)
    needs.products.add((subject.jurisdiction, product))
    needs.hospitals.add((subject.jurisdiction, hospital))
    needs.between.add((subject.jurisdiction, product, hospital))
    for held in commitment.dealings.values():
        if held.agreement is not None:
            needs.named.add((subject.jurisdiction, held.agreement))


def _payment_needs(needs: Needs, subject: Subject, payment: Payment) -> None:
    for told in payment.told:
        if told.product is not None:
            needs.products.add((subject.jurisdiction, told.product))


def _prepayment_needs(needs: Needs, subject: Subject, prepayment: Prepayment) -> None:
    where = subject.jurisdiction
    for made in prepayment.told:
        needs.hospitals.add((where, made.hospital))
        if made.agreement is not None:
            needs.contracts.add((where, made.agreement))
        elif made.product is not None:
            needs.products.add((where, made.product))
            needs.between.add((where, made.product, made.hospital))


def _hospital(needs: Needs, subject: Subject, _record: Record) -> None:
    needs.hospitals.add((subject.jurisdiction, subject.key))


def _statement_needs(needs: Needs, subject: Subject, statement: Statement) -> None:
    hospital = _of_statement(subject.key).hospital
    if hospital is not None and statement.book is not None:
        needs.hospitals.add((subject.jurisdiction, hospital))


def _nothing(_needs: Needs, _subject: Subject, _record: Record) -> None:
    """Ask the register for nothing: what the record holds says it all."""


def _product(needs: Needs, subject: Subject, _record: Record) -> None:
    needs.products.add((subject.jurisdiction, subject.key))


def _whole_product(needs: Needs, subject: Subject, _record: Record) -> None:
    needs.products.add((subject.jurisdiction, subject.key))
    needs.whole.add((subject.jurisdiction, subject.key))


def _product_entry(needs: Needs, subject: Subject, record: Record) -> None:
    _whole_product(needs, subject, record)
    needs.prices.add((subject.jurisdiction, subject.key))
    needs.kin.add((subject.jurisdiction, subject.key))


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
            says=_payment,
            needs=_payment_needs,
        ),
        Kind(
            name="prepayment",
            level=0,
            record=Prepayment,
            says=_prepayment,
            needs=_prepayment_needs,
            rules=_on(Prepayment),
        ),
        Kind(
            name="order",
            level=1,
            record=PaidOrder,
            says=_order,
            needs=_order_needs,
            rules=_on(Order),
            unjudged=tuple(rule.name for rule in RULES if _needs_scope(rule)),
        ),
        Kind(
            name="announcement",
            level=1,
            record=Announcement,
            says=_announcement,
            needs=_nothing,
        ),
        Kind(
            name="account",
            level=2,
            record=Account,
            says=_account,
            needs=_nothing,
            columns=_of_account,
        ),
        Kind(
            name="statement",
            level=3,
            record=Statement,
            says=by_rules,
            needs=_statement_needs,
            rules=_on(Statement),
            terms=_statement_terms,
            columns=_of_statement,
        ),
        Kind(
            name="stock",
            level=1,
            record=Stock,
            says=_stock,
            needs=_nothing,
        ),
        Kind(
            name="funding",
            level=3,
            record=Funding,
            says=by_rules,
            needs=_hospital,
            rules=_on(Funding),
            terms=_funding_terms,
            columns=_of_hospital_alone,
        ),
        Kind(
            name="commitment",
            level=2,
            record=Commitment,
            says=_commitment,
            needs=_commitment_needs,
            rules=_on(Commitment),
            columns=_between,
            begun_by=(AGREEMENT,),
            begins=_of_hospital,
        ),
        Kind(
            name="appointments",
            level=2,
            record=Appointments,
            says=by_rules,
            needs=_whole_product,
            rules=_on(Appointments),
            terms=_product_terms,
            begun_by=(AGREEMENT,),
            agreements=True,
        ),
        Kind(
            name="supply",
            level=2,
            record=Supply,
            says=by_rules,
            needs=_product,
            rules=_on(Supply),
            terms=_product_terms,
            begun_by=(PRODUCT,),
        ),
        Kind(
            name="product",
            level=2,
            record=ProductEntry,
            says=by_rules,
            needs=_product_entry,
            rules=_on(ProductEntry),
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
            needs=_usage_needs,
            rules=_on(Usage),
            terms=_usage_terms,
            columns=_of_variety,
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
