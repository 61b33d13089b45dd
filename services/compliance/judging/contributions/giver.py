"""An order that is asked what it gives to others, and the rules that take it.

What is given by name (`Taken`) is given only where a rule that the policy of the order's day
carries takes it: the rule says so itself, here stands no rule's name.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from services.compliance.findings.finding import Missing, Watch
from services.compliance.findings.rule import Taken
from services.compliance.judging.contributions.contribution import Given, Unjudged
from services.compliance.judging.moment import Moment
from services.compliance.law.failing import failed_by_refusal, failed_by_silence
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.evidence import Term
from services.compliance.records.failed import Failed
from services.compliance.rules import RULES
from shared.domain.records.order import Order
from shared.domain.records.telling import Fact

Takers = Mapping[Taken, tuple[str, ...]]
"""The names of the rules that take something."""

NOBODY: Takers = {}


class Stale(Struct, frozen=True, gc=False):
    """When an order of which nothing came counts as not supplied, by which terms and facts."""

    at: datetime
    terms: tuple[Term, ...]
    facts: tuple[Fact, ...]


class Giver:
    """An order at a moment, its terms, and who takes what it may give: nobody out of scope.

    `stale` is when nothing having come means that the order was not supplied, None where nobody
    asks. That it `went_well` (nobody refused, something came in time) most orders tell at a look.
    """

    __slots__ = ("moment", "order", "stale", "takers", "terms", "went_well")

    def __init__(self, order: Order, terms: OrderTerms, moment: Moment, takers: Takers) -> None:
        self.order = order
        self.terms = terms
        self.moment = moment
        self.takers = takers
        self.stale = _stale(terms) if "undelivered" in takers or "stock_out" in takers else None
        self.went_well = self._went_well()

    def _went_well(self) -> bool:
        if self.order.rejections or not isinstance(self.stale, Stale):
            return False
        arrived = self.order.first_acceptance(self.moment.now)
        return arrived is not None and arrived <= self.stale.at

    def failing(self) -> Failed | Watch | None:
        """Give how the supplier failed on the order, or when to look whether it did.

        That nothing came by its due counts once all until the due was heard: before that nobody
        says anything that rests on it.
        """
        late = failed_by_silence(self.order, self.terms)
        if late is None:
            return failed_by_refusal(self.order, self.terms)
        if self.moment.now <= late.at or self.moment.heard < late.at:
            return Watch(late.at, silent=True)
        return late

    def unjudged(self, taken: Taken, missing: Missing) -> list[Given]:
        """Say that those who take something cannot judge for want of a term."""
        return [Unjudged(rule, missing) for rule in self.takers[taken]]


def _stale(terms: OrderTerms) -> Stale | Missing:
    due = terms.delivery_due()
    if isinstance(due, Missing):
        return due
    term, days = terms.days("stock_out_after_days")
    return Stale(due.at + days, (*due.terms, term), due.facts)


def takers_among(carried: Iterable[str]) -> Takers:
    """Give who takes what of the rules that a policy carries."""
    return _takers(tuple(carried))


@lru_cache
def _takers(carried: tuple[str, ...]) -> Takers:
    takers: dict[Taken, tuple[str, ...]] = {}
    for rule in RULES:
        for taken in rule.takes if rule.name in carried else ():
            takers[taken] = (*takers.get(taken, ()), rule.name)
    return takers
