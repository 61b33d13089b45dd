"""Agreements as they are judged: under their policy, in their cycle (rules.md, *Agreements*).

One without days is void and nothing is said of it. One signed in the bridge for what comes next
belongs to what comes next.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from services.compliance.findings.finding import Missing
from services.compliance.law.intervals import Interval, difference, instants_of, intersection
from services.compliance.law.law import Law, remembered
from services.compliance.law.supply_period import Stretch
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import Term
from shared.domain import calendar
from shared.domain.records.agreement import Agreement
from shared.domain.records.product import Cycle, Product

Days = tuple[date, date]
"""Days `[start, end)`."""


class Agreed(NamedTuple):
    """An agreement, its policy and its cycle; `withdrawn` is the day on which its product leaves.

    It is 9999-12-31 for a product that stays.
    """

    agreement: Agreement
    policy: Policy
    cycle: Cycle
    withdrawn: date

    @property
    def start(self) -> datetime:
        """Give its first instant."""
        return calendar.start_of(self.agreement.start)

    @property
    def end(self) -> datetime:
        """Give the instant at which it is over."""
        return calendar.start_of(self.agreement.end)

    @property
    def quantity(self) -> Term:
        """Give the agreed quantity as a value."""
        held = self.agreement
        source = f"agreement {held.agreement}"
        return Term("agreed_quantity", held.quantity, "agreement", source)

    @property
    def first(self) -> date:
        """Give the first of its days that its policy holds on."""
        return max(self.agreement.start, self.policy.in_force)

    @property
    def before_notice(self) -> bool:
        """Whether it began before its policy did: what the notice asks was not yet said."""
        return self.agreement.start < self.policy.in_force


class CycleDays(NamedTuple):
    """A cycle, and the days `[start, until)` on which it lasts, bridges left out."""

    cycle: Cycle
    start: date
    until: date

    @property
    def instants(self) -> Interval:
        """Give its days as instants."""
        return calendar.start_of(self.start), calendar.start_of(self.until)


@remembered
def cycles_of(law: Law, jurisdiction: str, code: str) -> list[CycleDays]:
    """Give the cycles of a product, in order; none of one that nobody selected."""
    product = law.product(jurisdiction, code)
    if product is None:
        return []
    return [
        CycleDays(cycle, start, cycle_end(product, cycle))
        for start, cycle in sorted(product.cycles.items())
    ]


def policy_of(law: Law, jurisdiction: str, agreement: Agreement) -> Policy | None:
    """Give the policy of the first of an agreement's days that has one, as it is on that day."""
    first: tuple[date, Policy] | None = None
    for policy in law.policies.of(jurisdiction):
        day = max(agreement.start, policy.in_force)
        if day < agreement.end and policy.holds_on(day) and (first is None or day < first[0]):
            first = (day, policy)
    return None if first is None else first[1].on(first[0])


def agreed_under(
    law: Law, jurisdiction: str, agreement: Agreement, policy: Policy
) -> Agreed | Missing | None:
    """Give an agreement as it is judged under its policy; None where its product was not supplied.

    It is unjudged if nobody told of its product.
    """
    product = law.product(jurisdiction, agreement.product)
    if product is None:
        return Missing("product")
    cycles = cycles_of(law, jurisdiction, agreement.product)
    cycle = cycle_of(agreement, cycles, law.stretches(jurisdiction, agreement.product, policy))
    if cycle is None:
        return None
    return Agreed(agreement, policy, cycle, deselected_on(product, cycle))


@remembered
def judged_under(
    law: Law, jurisdiction: str, code: str
) -> tuple[Policy, Agreed | Missing | None] | None:
    """Give the policy of an agreement, by its id, and how it is judged under it.

    None where no policy holds on any of its days.
    """
    agreement = law.register.agreements[jurisdiction, code]
    policy = policy_of(law, jurisdiction, agreement)
    if policy is None:
        return None
    return policy, agreed_under(law, jurisdiction, agreement, policy)


def cycle_of(
    agreement: Agreement, cycles: Iterable[CycleDays], stretches: Sequence[Stretch]
) -> Cycle | None:
    """Give an agreement's cycle.

    The one that holds its start, else that of the first stretch that begins on its later days, else
    that of the bridge in which its start lies.
    """
    for lasting in cycles:
        if lasting.start <= agreement.start < lasting.until:
            return lasting.cycle
    start, end = calendar.start_of(agreement.start), calendar.start_of(agreement.end)
    for stretch in stretches:
        if start < stretch.start < end:
            return stretch.cycle
    return next((it.cycle for it in stretches if it.start <= start < it.end), None)


@lru_cache(maxsize=4_096)
def without_agreement(
    bound: Interval, signed: tuple[Days, ...], enrolled: tuple[Days, ...] | None, in_force: Interval
) -> list[Interval]:
    """Give when nothing was signed, of the time in which a hospital was bound and enrolled.

    `enrolled` is None where nobody enrolled it. Most hospitals are bound alike: what was tendered
    together is agreed on for the same days.
    """
    gaps = difference([bound], [instants_of(*days) for days in signed])
    if gaps and enrolled is not None:
        gaps = intersection(gaps, [instants_of(*days) for days in enrolled])
    return intersection(gaps, [in_force]) if gaps else []


def next_start(product: Product, cycle: Cycle) -> date:
    """Give where the product's next cycle starts, 9999-12-31 if none was told."""
    return min((start for start in product.cycles if start > cycle.start), default=date.max)


def cycle_end(product: Product, cycle: Cycle) -> date:
    """Give the day on which a cycle is over, its bridge left out."""
    return min(cycle.end, next_start(product, cycle), deselected_on(product, cycle))


def deselected_on(product: Product, cycle: Cycle) -> date:
    """Give the day on which the product leaves a cycle, 9999-12-31 if it does not."""
    gone = product.deselected
    return gone.on if gone is not None and gone.on > cycle.start else date.max
