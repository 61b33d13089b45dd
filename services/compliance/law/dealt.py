"""What a hospital agreed and bought of a product in a cycle, and since when that binds it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.compliance.law.agreements import CycleDays
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.intervals import Interval
from services.compliance.law.periods import Month
from services.compliance.policies.policy import Policy
from shared.domain import calendar
from shared.domain.records.agreement import Agreement
from shared.domain.records.product import Cycle


class Bound(NamedTuple):
    """Since when a hospital is bound in a cycle, by what was told when, and by which agreement."""

    since: datetime
    told: datetime
    agreement: Agreement | None


class Dealt(NamedTuple):
    """A cycle as instants under a policy, the agreements in force in it, and days of orders.

    Those are ordinals, in order.
    """

    cycle: Cycle
    lasting: Interval
    policy: Policy
    agreements: list[Agreement]
    bought: Sequence[int]

    @property
    def is_covered(self) -> bool:
        """Whether one agreement is in force on all its days, so that there can be no gap."""
        start, end = self.lasting
        return any(
            calendar.start_of(held.start) <= start and calendar.start_of(held.end) >= end
            for held in self.agreements
        )

    @property
    def months(self) -> list[str]:
        """Give the months in which the hospital bought."""
        return sorted({str(Month.of(date.fromordinal(day))) for day in self.bought})

    def bound(self, told: Mapping[int, Sequence[datetime]]) -> Bound | None:
        """Tell since when the hospital is bound, None if nothing binds it.

        `told` is when the orders of a day (ordinal) were told, in order.
        """
        ways = []
        if self.agreements:
            first = min(self.agreements, key=lambda held: (held.start, held.telling.order_key))
            since = max(calendar.start_of(first.start), self.lasting[0])
            ways.append(Bound(since, first.telling.told, first))
        if self.bought:
            day = self.bought[0]
            bought = calendar.start_of(date.fromordinal(day))
            ways.append(Bound(bought, told[day][0], None))
        return min(ways, key=lambda way: way.since, default=None)


def dealt_in(
    lasting: CycleDays, policy: Policy, bought: Sequence[int], terms: CommitmentTerms
) -> Dealt | None:
    """Give what was agreed and bought in a cycle; None if nothing, or in no day of the policy.

    `bought` are the days of all orders, as ordinals, in order.
    """
    start, until = lasting.start, lasting.until
    if until <= policy.in_force or start >= (policy.until or date.max):
        return None
    agreements = [held for held in terms.agreements if held.start < until and held.end > start]
    days = bought[bisect_left(bought, start.toordinal()) : bisect_left(bought, until.toordinal())]
    if not (agreements or days):
        return None
    return Dealt(lasting.cycle, lasting.instants, policy, agreements, days)
