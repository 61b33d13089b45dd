"""What an order contributes to the records that gather many of them, one giving a taker."""

from collections.abc import Callable, Mapping

from services.compliance.findings.finding import Missing
from services.compliance.judging.contributions.bill import give_bill
from services.compliance.judging.contributions.contribution import Given
from services.compliance.judging.contributions.giver import NOBODY, Giver, Takers, takers_among
from services.compliance.judging.contributions.supply import give_supply
from services.compliance.judging.contributions.usage import give_use
from services.compliance.judging.contributions.volume import give_volume
from services.compliance.judging.moment import Moment
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.paid_order import Remittance
from shared.domain.records.order import Order

GIVINGS: tuple[Callable[[Giver], list[Given]], ...] = (give_volume, give_supply, give_use)
NO_PAYMENTS: Mapping[str, Remittance] = {}


def contribute_order(
    order: Order,
    terms: OrderTerms,
    moment: Moment,
    *,
    in_scope: bool,
    paid: Mapping[str, Remittance] = NO_PAYMENTS,
) -> list[Given]:
    """Give an order's quantities and, in scope, what went wrong, how it was supplied, its bill."""
    if not terms.gathered:
        return []
    takers = takers_among(terms.in_force.rules) if in_scope else _while_unknown(terms)
    giver = Giver(order, terms, moment, takers, takers_among(terms.carried_ever))
    given: list[Given] = []
    for give in GIVINGS:
        given += give(giver)
    given += give_bill(giver, paid)
    return given


def _while_unknown(terms: OrderTerms) -> Takers:
    """Give who takes that something was bought, where it is not known whether that is in scope."""
    if not isinstance(terms.scope(), Missing):
        return NOBODY
    takers = takers_among(terms.in_force.rules)
    return {"bought": takers["bought"]} if "bought" in takers else NOBODY
