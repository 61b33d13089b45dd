"""What an order contributes to the records that gather many of them, one giving a taker."""

from collections.abc import Callable

from services.compliance.judging.contributions.contribution import Given
from services.compliance.judging.contributions.giver import NOBODY, Giver, takers_among
from services.compliance.judging.contributions.stock_out import give_stock_out
from services.compliance.judging.contributions.volume import give_volume
from services.compliance.judging.moment import Moment
from services.compliance.law.order_terms import OrderTerms
from shared.domain.records.order import Order

GIVINGS: tuple[Callable[[Giver], list[Given]], ...] = (give_volume, give_stock_out)


def contribute_order(
    order: Order, terms: OrderTerms, moment: Moment, *, in_scope: bool
) -> list[Given]:
    """Give an order's quantities and, in scope, what went wrong and its stock-out."""
    if not terms.gathered:
        return []
    takers = takers_among(terms.in_force.rules) if in_scope else NOBODY
    giver = Giver(order, terms, moment, takers)
    given: list[Given] = []
    for give in GIVINGS:
        given += give(giver)
    return given
