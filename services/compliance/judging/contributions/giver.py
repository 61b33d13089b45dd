"""An order that is asked what it gives to others, and the rules that take it.

What is given by name (`Taken`) is given only where a rule that the policy of the order's day
carries takes it: the rule says so itself, here stands no rule's name.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from services.compliance.findings.finding import Missing, Watch
from services.compliance.findings.rule import Taken
from services.compliance.judging.contributions.contribution import Given, Unjudged
from services.compliance.judging.moment import Moment
from services.compliance.law.failing import failed_by_refusal, failed_by_silence
from services.compliance.law.order_terms import OrderTerms
from services.compliance.policies.policy import Policies, Policy
from services.compliance.policies.recalled import recalled
from services.compliance.records.evidence import Term
from services.compliance.records.failed import Failed
from services.compliance.rules import RULES
from shared.domain.records.order import Order
from shared.domain.records.telling import Fact

Takers = Mapping[Taken, tuple[str, ...]]
"""The names of the rules that take something."""

NOBODY: Takers = {}

OF_ALL = frozenset({"accepted"})
"""What is taken of every order placed, in scope or not."""

COUNTED = frozenset({"failed", "bought"})
"""What is only counted: no rule is unjudged while an order's scope is not known."""

AFTER_SOME_DAYS = frozenset({"undelivered", "stock_out", "delivered"})
"""What asks what had come some days after the order was due."""


class Stale(Struct, frozen=True, gc=False):
    """When an order of which nothing came counts as not supplied, by which terms and facts."""

    at: datetime
    terms: tuple[Term, ...]
    facts: tuple[Fact, ...]


class Giver:
    """An order at a moment, its terms, and who takes what it may give: nobody out of scope.

    `always` is taken of every order, by rules of whatever policy of the jurisdiction.
    `stale` is when nothing having come means that the order was not supplied, None where nobody
    asks. That it `went_well` (nobody refused, something came in time) most orders tell at a look.
    """

    __slots__ = (
        "_came_in_time",
        "_failing",
        "accepted",
        "always",
        "moment",
        "order",
        "stale",
        "takers",
        "terms",
        "went_well",
    )

    def __init__(
        self,
        order: Order,
        terms: OrderTerms,
        moment: Moment,
        takers: Takers,
        always: Takers = NOBODY,
    ) -> None:
        self.order = order
        self.terms = terms
        self.moment = moment
        self.takers = takers
        self.always = always
        self.accepted = order.accepted_by_day()
        self.stale = None if AFTER_SOME_DAYS.isdisjoint(takers) else _stale(terms)
        self.went_well = self._went_well()
        self._came_in_time: bool | None = None
        self._failing: tuple[Failed | Watch | None] | None = None

    def _went_well(self) -> bool:
        if self.order.rejections or not isinstance(self.stale, Stale):
            return False
        arrived = self.order.first_acceptance(self.moment.now)
        return arrived is not None and arrived <= self.stale.at

    @property
    def came_in_time(self) -> bool:
        """Whether all that was ordered had come when it was due; False where nobody knows when."""
        if self._came_in_time is None:
            due = self.terms.delivery_due()
            self._came_in_time = (
                not isinstance(due, Missing)
                and self.order.arrived_by(due.at) >= self.terms.placed.quantity
            )
        return self._came_in_time

    def failing(self) -> Failed | Watch | None:
        """Give how the supplier failed on the order, or when to look whether it did.

        That nothing came by its due counts once all until the due was heard: before that nobody
        says anything that rests on it.
        """
        if self._failing is None:
            self._failing = (self._how_it_fails(),)
        return self._failing[0]

    def _how_it_fails(self) -> Failed | Watch | None:
        late = None if self.came_in_time else failed_by_silence(self.order, self.terms)
        if late is None:
            return failed_by_refusal(self.order, self.terms)
        if self.moment.now <= late.at or self.moment.heard < late.at:
            return Watch(late.at, silent=True)
        return late

    def excused_by(self, instant: datetime) -> bool:
        """Whether all refusals until an instant are excused, and there is one."""
        if not self.order.rejections:
            return False
        told = self.terms.in_force.term("excused_reasons").value
        excused = told if isinstance(told, list) else []
        refused = [it.reason for it in self.order.rejections if it.telling.time <= instant]
        return bool(refused) and all(reason in excused for reason in refused)

    def unjudged(self, taken: Taken, missing: Missing | None) -> list[Given]:
        """Say that those who take something cannot judge for want of a term."""
        rules = () if missing is None else self.takers[taken]
        return [Unjudged(rule, missing) for rule in rules if missing is not None]


def _stale(terms: OrderTerms) -> Stale | Missing:
    due = terms.delivery_due()
    if isinstance(due, Missing):
        return due
    term, days = terms.days("stock_out_after_days")
    return Stale(due.at + days, (*due.terms, term), due.facts)


@recalled
def takers_among(carried: Collection[str]) -> Takers:
    """Give who takes what of the rules that a policy carries."""
    takers: dict[Taken, tuple[str, ...]] = {}
    for rule in RULES:
        for taken in rule.takes if rule.name in carried else ():
            takers[taken] = (*takers.get(taken, ()), rule.name)
    return takers


@lru_cache
def policies_taking(policies: Policies, jurisdiction: str, taken: Taken) -> tuple[Policy, ...]:
    """Give the policies of a jurisdiction that carry a rule which takes something."""
    of = policies.of(jurisdiction)
    return tuple(policy for policy in of if taken in takers_among(policy.rules))
