"""What each kind of record asks of the register before it can be judged."""

from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Subject
from services.compliance.judging.whereabouts import of_statement
from services.compliance.records.commitment import Commitment
from services.compliance.records.payment import Payment
from services.compliance.records.prepayment import Prepayment
from services.compliance.records.statement import Statement
from services.compliance.records.usage import Usage
from shared.domain import ids
from shared.domain.records.order import Order
from shared.domain.records.record import Record


def need_of_usage(needs: Needs, subject: Subject, usage: Usage) -> None:
    """Ask for the hospital."""
    hospital, _ = ids.parts(subject.key)
    needs.hospitals.add((subject.jurisdiction, hospital))
    needs.kin.update((subject.jurisdiction, product) for product in usage.contracts)


def need_of_order(needs: Needs, subject: Subject, order: Order) -> None:
    """Ask for all that the terms of an order rest on."""
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


def need_of_commitment(needs: Needs, subject: Subject, commitment: Commitment) -> None:
    """Ask for the product, the hospital and their agreements."""
    hospital, product = ids.parts(subject.key)
    needs.products.add((subject.jurisdiction, product))
    needs.hospitals.add((subject.jurisdiction, hospital))
    needs.between.add((subject.jurisdiction, product, hospital))
    for held in commitment.dealings.values():
        if held.agreement is not None:
            needs.named.add((subject.jurisdiction, held.agreement))


def need_of_payment(needs: Needs, subject: Subject, payment: Payment) -> None:
    """Ask for the products that a payment names."""
    for told in payment.told:
        if told.product is not None:
            needs.products.add((subject.jurisdiction, told.product))


def need_of_prepayment(needs: Needs, subject: Subject, prepayment: Prepayment) -> None:
    """Ask for the agreements and products that a prepayment names."""
    where = subject.jurisdiction
    for made in prepayment.told:
        needs.hospitals.add((where, made.hospital))
        if made.agreement is not None:
            needs.contracts.add((where, made.agreement))
        elif made.product is not None:
            needs.products.add((where, made.product))
            needs.between.add((where, made.product, made.hospital))


def need_hospital(needs: Needs, subject: Subject, _record: Record) -> None:
    """Ask for the hospital that is the key."""
    needs.hospitals.add((subject.jurisdiction, subject.key))


def need_of_statement(needs: Needs, subject: Subject, statement: Statement) -> None:
    """Ask for the hospital of an account."""
    hospital = of_statement(subject.key).hospital
    if hospital is not None and statement.book is not None:
        needs.hospitals.add((subject.jurisdiction, hospital))


def need_nothing(_needs: Needs, _subject: Subject, _record: Record) -> None:
    """Ask the register for nothing: what the record holds says it all."""


def need_product(needs: Needs, subject: Subject, _record: Record) -> None:
    """Ask for the product that is the key."""
    needs.products.add((subject.jurisdiction, subject.key))


def need_whole_product(needs: Needs, subject: Subject, _record: Record) -> None:
    """Ask for the product that is the key, with all its agreements."""
    needs.products.add((subject.jurisdiction, subject.key))
    needs.whole.add((subject.jurisdiction, subject.key))


def need_of_product_entry(needs: Needs, subject: Subject, record: Record) -> None:
    """Ask for the product that is the key, with its prices and its kin."""
    need_whole_product(needs, subject, record)
    needs.prices.add((subject.jurisdiction, subject.key))
    needs.kin.add((subject.jurisdiction, subject.key))
