"""What a payment contributes: money, to the order that it names or to an account."""

from collections.abc import Iterator
from typing import NamedTuple

from services.compliance.findings.finding import Missing
from services.compliance.findings.rule import Taken
from services.compliance.judging.contributions.contribution import Contribution, Given, Unjudged
from services.compliance.judging.contributions.giver import Takers, takers_among
from services.compliance.law.law import Law
from services.compliance.policies.policy import NOTHING, Policy
from services.compliance.records.account import SUPPLY, Money
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
        policies = self.law.policies.of(self.jurisdiction)
        return any(taken in takers_among(policy.rules) for policy in policies)


def contribute_payment(payment: str, jurisdiction: str, paid: Paid, law: Law) -> Iterator[Given]:
    """Give a payment to what it settles."""
    day = calendar.day_of(paid.telling.time)
    policy = law.policies.on(jurisdiction, day) or NOTHING
    received = Received(payment, jurisdiction, paid, policy, takers_among(policy.rules), law)
    if not paid.onward:
        yield from _settles(received)


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
