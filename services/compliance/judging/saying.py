"""What is said of each kind of record: what its rules find, and what it contributes to others."""

from collections.abc import Iterator, Mapping

from services.compliance.findings.finding import Missing, Watch
from services.compliance.findings.rule import Rule
from services.compliance.judging.contributions.announcement import (
    contribute_announcement,
    contribute_stock,
)
from services.compliance.judging.contributions.contribution import Unjudged
from services.compliance.judging.contributions.order import contribute_order
from services.compliance.judging.contributions.payment import contribute_payment
from services.compliance.judging.contributions.pledges import contribute_pledges
from services.compliance.judging.contributions.prepayment import contribute_prepayment
from services.compliance.judging.contributions.statement import contribute_statements
from services.compliance.judging.contributions.usage import contribute_contracts
from services.compliance.judging.kind import Kind, Said, outcomes, said_by, weighed_outcomes
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Columns, Subject
from services.compliance.judging.weighing import Score, weigh_goods, weigh_order
from services.compliance.judging.whereabouts import between, of_account
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.goods_terms import GoodsTerms
from services.compliance.law.law import Law
from services.compliance.law.order_terms import OrderTerms
from services.compliance.law.prepayment_terms import PrepaymentTerms
from services.compliance.policies.policy import Carried
from services.compliance.policies.recalled import recalled
from services.compliance.records.account import Account
from services.compliance.records.announcement import Announcement
from services.compliance.records.commitment import Commitment
from services.compliance.records.paid_order import PaidOrder
from services.compliance.records.payment import Payment
from services.compliance.records.prepayment import Prepayment
from services.compliance.records.stock import Stock
from shared.domain import ids
from shared.domain.records.order import Order
from shared.domain.records.record import Heard


def say_order(
    kind: Kind, subject: Subject, record: PaidOrder, law: Law, moment: Moment
) -> list[Said]:
    """Say what rules find in an order, and what it gives to others."""
    said: list[Said] = []
    if record.contested is not None:
        said += record.contradictions()
    said += _ahead(record, moment)
    order = record.as_of(moment.now)
    placed, of_goods = order.placed, Score()
    if placed is None or order.goods_came_before(placed.telling.time):
        goods = order.first_goods()
        if goods is not None:
            held = GoodsTerms(law, subject.jurisdiction, subject.key, goods)
            said += say_goods(kind, order, held, moment, of_goods)
    if placed is None:
        return said
    terms = OrderTerms(law, subject.jurisdiction, subject.key, placed)
    awaits = placed.agreement if isinstance(terms.agreement, Missing) else None
    said.append(Columns(placed.product, placed.hospital, terms.area, awaits))
    scope, carried = terms.scope(), terms.in_force.rules
    lacking: set[str] = set()
    score, in_scope = Score(), scope is True
    if isinstance(scope, Missing):
        lacking = {name for name in kind.unjudged if name in carried}
        said += (Unjudged(name, scope) for name in sorted(lacking))
    if in_scope:
        said += outcomes(_carried_by(carried, kind.rules), order, terms, moment, score)
    given = contribute_order(order, terms, moment, in_scope=in_scope, paid=record.paid)
    said += given
    if in_scope:
        lacking = {item.rule for item in given if isinstance(item, Unjudged)}
        score.judged += [name for name in kind.beside if name in carried and name not in lacking]
    if of_goods.found:
        score.leave(of_goods.judged)
    said += weigh_order(order, terms, score, lacking)
    return said


@recalled
def _carried_by(carried: Mapping[str, Carried], rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.name in carried)


def say_goods(
    kind: Kind, order: Order, terms: GoodsTerms, moment: Moment, score: Score
) -> Iterator[Said]:
    """Say what rules find in goods that came before their order was placed; adds to `score`.

    An order that was placed too late counts by its goods, with which lies what is found of it.
    """
    if order.placed is None:
        yield Columns(terms.goods.product, terms.goods.hospital)
    for rule in kind.rules:
        if rule.judge_goods is not None and rule.name in terms.in_force.rules:
            outcomes_of_goods = rule.judge_goods(order, terms, moment.now)
            told = [said_by(rule, outcome) for outcome in outcomes_of_goods]
            score.take(rule, told)
            yield from told
    if score.found or (order.placed is None and (terms.stretch is not None or score.unjudged)):
        yield from weigh_goods(terms, score)


def say_payment(
    _kind: Kind, subject: Subject, record: Payment, law: Law, moment: Moment
) -> list[Said]:
    """Say what a payment gives to its order and to accounts."""
    if ahead := _ahead(record, moment):
        return ahead
    paid = record.by(moment.now)
    if paid is None:
        return []
    where = subject.jurisdiction
    return [Columns(paid.product), *contribute_payment(subject.key, where, paid, law)]


def say_prepayment(
    kind: Kind, subject: Subject, record: Prepayment, law: Law, moment: Moment
) -> list[Said]:
    """Say what rules find in a prepayment, and what it gives to funding and accounts."""
    said = _ahead(record, moment)
    made = record.by(moment.now)
    if made is None:
        return said
    terms = PrepaymentTerms(law, subject.jurisdiction, subject.key, made)
    agreement = terms.meant()
    product = made.product if isinstance(agreement, Missing) else agreement.product
    said.append(Columns(product, made.hospital, None, made.agreement))
    said += weighed_outcomes(kind, record, terms, moment)
    said += contribute_prepayment(record, terms, moment)
    return said


def say_commitment(
    kind: Kind, subject: Subject, record: Commitment, law: Law, moment: Moment
) -> list[Said]:
    """Say what rules find in a commitment, and what it pledges to others."""
    terms = CommitmentTerms(law, subject.jurisdiction, *ids.parts(subject.key))
    said: list[Said] = [between(subject.key)]
    said += weighed_outcomes(kind, record, terms, moment)
    said += contribute_pledges(terms)
    said += contribute_contracts(terms)
    return said


def say_account(
    _kind: Kind, subject: Subject, record: Account, law: Law, moment: Moment
) -> list[Said]:
    """Say what an account gives to its statements."""
    terms = AccountTerms(law, subject.jurisdiction, subject.key)
    return [of_account(subject.key), *contribute_statements(record, subject.key, terms, moment)]


def say_announcement(
    _kind: Kind, subject: Subject, record: Announcement, _law: Law, moment: Moment
) -> list[Said]:
    """Say what an announcement gives to the record of its product."""
    said = _ahead(record, moment)
    for contribution in contribute_announcement(record, subject.key, moment):
        said += (Columns(contribution.of), contribution)
    return said


def say_stock(
    _kind: Kind, subject: Subject, record: Stock, _law: Law, moment: Moment
) -> list[Said]:
    """Say what the stock reports of a product give to its supply."""
    given = contribute_stock(record, subject.key, moment)
    return [Columns(subject.key), *_ahead(record, moment), *given]


def _ahead(record: Heard, moment: Moment) -> list[Said]:
    """Say when something that a record was told, and that lies ahead, comes due."""
    instant = record.next_instant(moment.now)
    return [] if instant is None else [Watch(instant)]
