"""What a payment contributes: to the order that it names, or to an account, as money or a claim."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.compliance.findings.finding import Missing
from services.compliance.findings.rule import Taken
from services.compliance.judging.contributions.contribution import Contribution, Given, Unjudged
from services.compliance.judging.contributions.giver import Takers, policies_taking, takers_among
from services.compliance.law.feeds import told_since
from services.compliance.law.law import Law
from services.compliance.law.money import exact, times
from services.compliance.policies.policy import NOTHING, Policy
from services.compliance.records.account import ONWARD, SUPPLY, Claim, Money, Owing
from services.compliance.records.evidence import evidence_of
from services.compliance.records.paid_order import Remittance
from services.compliance.records.payment import Paid
from shared.domain import calendar, ids


class Received(NamedTuple):
    """A payment under the law of its day."""

    payment: str
    jurisdiction: str
    paid: Paid
    policy: Policy
    takers: Takers
    law: Law

    def unjudged(self, taken: Taken, missing: Missing) -> Iterator[Given]:
        """Say that those who take something cannot judge for want of a term."""
        return (Unjudged(rule, missing) for rule in self.takers.get(taken, ()))

    def taken(self, taken: Taken) -> bool:
        """Whether any policy of the jurisdiction carries a rule that takes something."""
        return bool(policies_taking(self.law.policies, self.jurisdiction, taken))


def contribute_payment(payment: str, jurisdiction: str, paid: Paid, law: Law) -> Iterator[Given]:
    """Give a payment as money to who owes it, and as a claim of those who must get it next."""
    day = calendar.day_of(paid.telling.time)
    policy = law.policies.on(jurisdiction, day) or NOTHING
    received = Received(payment, jurisdiction, paid, policy, takers_among(policy.rules), law)
    if paid.onward:
        if received.taken("passed_on"):
            money = Money(payment, paid.telling.time, paid.amount, product=paid.product)
            yield Contribution("account", ids.pair(paid.payer, paid.payee), ONWARD, money)
        return
    yield from _settles(received)
    yield from _must_pass_on(received)


def _settles(received: Received) -> Iterator[Given]:
    """Give it to the order that it names, else to the account of hospital and supplier."""
    paid, hospital = received.paid, received.paid.buyer
    if hospital is None:
        yield from received.unjudged("settlement", Missing("payment.hospital"))
        return
    if not received.taken("owed"):
        return
    money = Money(
        received.payment,
        paid.telling.time,
        paid.amount,
        paid.order,
        paid.receipt,
        paid.product,
    )
    if paid.order is not None:
        # It fits no claims but those of that order, and only the order knows whose they are.
        yield Contribution("order", paid.order, None, Remittance(hospital, money))
    else:
        yield Contribution("account", ids.pair(hospital, paid.supplier), SUPPLY, money)


def _must_pass_on(received: Received) -> Iterator[Given]:
    """Give it as a claim of the manufacturer whose product it pays for."""
    if "passed_on" not in received.takers:
        return
    paid = received.paid
    manufacturer = _manufacturer(received)
    if isinstance(manufacturer, Missing):
        yield from received.unjudged("passed_on", manufacturer)
        return
    if manufacturer is None or manufacturer == paid.supplier or paid.product is None:
        return
    since = told_since(received.policy, "onward")
    if isinstance(since, Missing):
        yield from received.unjudged("passed_on", since)
        return
    day = calendar.day_of(paid.telling.time)
    if day < since.day:
        return
    share = times(paid.amount, exact(received.policy.number("onward_share")))
    claim = Claim(
        received.payment,
        "",
        paid.product,
        ((paid.telling.time, share),),
        day.toordinal(),
        None,
        manufacturer,
        paid.telling.told,
        evidence_of(paid),
    )
    yield Contribution("account", ids.pair(paid.supplier, manufacturer), ONWARD, Owing(claim))


def _manufacturer(received: Received) -> str | Missing | None:
    """Give who had won the product last by the payment's day; None if nobody had."""
    paid, law, where = received.paid, received.law, received.jurisdiction
    if paid.product is None:
        return Missing("payment.product")
    product = law.register.products.get((where, paid.product))
    if product is None or not product.tellings():
        return Missing("product")
    begun = [
        stretch.cycle.manufacturer
        for stretch in law.stretches(where, paid.product, received.policy)
        if stretch.start <= _day_start(paid.telling.time)
    ]
    return begun[-1] if begun else None


def _day_start(instant: datetime) -> datetime:
    return calendar.start_of(calendar.day_of(instant))
