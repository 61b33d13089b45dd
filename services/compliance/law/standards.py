"""What a product is and what the insurance pays for it, instant by instant, beside its kin.

A product is selected while it has a stretch, else listed if it was told so; its variety, class and
other traits are those of that cycle or listing. What is paid is compared per common unit, exactly.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from services.compliance.findings.finding import Missing
from services.compliance.law.intervals import Interval, difference, intersection
from services.compliance.law.law import Law, remembered
from services.compliance.law.pieces import Steps, cut
from services.compliance.policies.policy import Policy
from services.compliance.register.pricing import Standard
from shared.domain.records.product import Cycle, Listed

ONE = Fraction(1)


class Insured(NamedTuple):
    """A part `[start, end)` of time in which a product is one thing, and its standard one or none.

    `told` is the cycle whose stretch it is, or the listing.
    """

    start: datetime
    end: datetime
    product: str
    told: Cycle | Listed
    standard: Standard | None

    @property
    def cycle(self) -> Cycle | None:
        """Give the cycle by which it is selected."""
        return self.told if isinstance(self.told, Cycle) else None

    @property
    def unit(self) -> Fraction:
        """Give how many common units one base unit holds."""
        equivalent = self.told.traits.equivalent
        return ONE if equivalent is None else Fraction(equivalent)

    @property
    def paid(self) -> Fraction | None:
        """Give what is paid for a common unit."""
        return None if self.standard is None else Fraction(self.standard.price) / self.unit

    @property
    def asked(self) -> Fraction | None:
        """Give the selected price of a common unit."""
        return None if self.cycle is None else Fraction(self.cycle.selected_price) / self.unit


class Measure(NamedTuple):
    """A part of time in which products are held against one amount a common unit, and whose."""

    start: datetime
    end: datetime
    amount: Fraction
    of: Insured


Amount = Callable[[Insured], Fraction | None]


class Catalogue:
    """The products of a jurisdiction under a policy, within its days."""

    def __init__(self, law: Law, jurisdiction: str, policy: Policy) -> None:
        self._law = law
        self._where = jurisdiction
        self._policy = policy
        self._days = law.days_in_force(policy)

    def of(self, product: str) -> list[Insured]:
        """Give what a product in the catalogue is on the policy's days, in order."""
        known = self._law.register.products.get((self._where, product))
        if known is None:
            return []
        steps = Steps(self._law.standards(self._where, product), lambda held: held.effective_on)
        return [
            Insured(start, end, product, told, steps.at(start))
            for span, told in sorted(self._spans(product, known.listed), key=lambda it: it[0])
            if told.traits.in_catalogue
            for start, end in cut(span, steps.instants)
        ]

    def _spans(
        self, product: str, listed: Listed | None
    ) -> Iterator[tuple[Interval, Cycle | Listed]]:
        taken: list[Interval] = []
        for stretch in self._law.stretches(self._where, product, self._policy):
            for span in intersection([(stretch.start, stretch.end)], [self._days]):
                taken.append(span)
                yield span, stretch.cycle
        if listed is not None:
            for span in difference([self._days], taken):
                yield span, listed

    def kin(self, family: str) -> list[Insured]:
        """Give what all products of a variety or class are, while they are of it."""
        return [
            part
            for product in self._law.register.kin(self._where, family)
            for part in self.of(product)
            if family in part.told.traits.families
        ]

    def incomparable(self, family: str, category: str | None = None) -> Missing | None:
        """Say what lacks to compare the products of a family."""
        return incomparable(self._law, self._where, family, category)


@remembered
def incomparable(law: Law, jurisdiction: str, family: str, category: str | None) -> Missing | None:
    """Say what lacks if some of a family were told with `equivalent` and some without."""
    told = {
        one.traits.equivalent is None
        for product in law.register.kin(jurisdiction, family)
        for one in law.register.products[jurisdiction, product].tellings()
        if family in one.traits.families and category in {None, one.category}
    }
    return Missing("product.equivalent") if len(told) > 1 else None


def extreme(parts: Iterable[Insured], amount: Amount, *, highest: bool) -> list[Measure]:
    """Give the highest or lowest amount at each instant at which there is any, in order."""
    rated = [(found, one) for one in parts if (found := amount(one)) is not None]
    rated.sort(key=lambda it: (-it[0] if highest else it[0], it[1].product, it[1].start))
    covered: list[Interval] = []
    measures: list[Measure] = []
    for found, one in rated:
        fresh = difference([(one.start, one.end)], covered)
        measures += (Measure(start, end, found, one) for start, end in fresh)
        covered = [*covered, *fresh]
    return sorted(measures, key=lambda measure: measure.start)


def beside(
    part: Insured, measures: Sequence[Measure]
) -> Iterator[tuple[datetime, datetime, Measure]]:
    """Give the parts of a part in which there is a measure, each with it."""
    for measure in measures:
        start, end = max(part.start, measure.start), min(part.end, measure.end)
        if start < end:
            yield start, end, measure
