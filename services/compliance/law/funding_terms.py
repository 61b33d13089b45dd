"""The terms under which the funding of a hospital is judged."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from services.compliance.findings.finding import Missing
from services.compliance.law.account_terms import tolerance
from services.compliance.law.feeds import told_since
from services.compliance.law.law import Law
from services.compliance.law.order_terms import enrolled
from services.compliance.law.shares import Filled, Pledged, filled, shares_of
from services.compliance.law.terms import Terms
from services.compliance.policies.policy import Policy
from services.compliance.records.funding import Funding
from shared.domain import calendar


class FundingTerms(Terms):
    """What holds for the funding of one hospital."""

    def __init__(self, law: Law, jurisdiction: str, hospital: str) -> None:
        super().__init__(law, jurisdiction)
        self.hospital = hospital

    @property
    def tolerance(self) -> Decimal:
        """Give what may be left of something that is paid."""
        return tolerance(self._law, self.jurisdiction)

    def shares(self, funding: Funding, rule: str) -> Iterator[tuple[Policy, Filled] | Missing]:
        """Give what must be prepaid under each policy that carries a rule, and what is left."""
        for policy, pledged in self._by_policy(funding):
            if rule not in policy.rules:
                continue
            known = [held for held in pledged if held[1].category is not None]
            unknown = [pledge for _, pledge in pledged if pledge.category is None]
            if unknown:
                yield Missing("product")
            since = told_since(policy, "prepayments")
            if isinstance(since, Missing):
                if known:
                    yield since
                continue
            own = [held for held in known if held[1].start >= since.day]
            shares = shares_of(policy, own, unknown, self.calendar)
            for share in filled(shares, funding, self.tolerance):
                yield policy, share

    def _by_policy(self, funding: Funding) -> list[tuple[Policy, list[Pledged]]]:
        found: dict[str, list[Pledged]] = defaultdict(list)
        known: dict[str, Policy] = {}
        for product in sorted(funding.pledged):
            for pledge in funding.pledged[product].pledges:
                policy = self._law.policies.on(self.jurisdiction, date.fromordinal(pledge.day))
                if policy is not None:
                    known[policy.id] = policy
                    found[policy.id].append((product, pledge))
        return [(known[name], pledged) for name, pledged in found.items()]

    def area_on(self, instant: datetime) -> str | None:
        """Give the area of the hospital on a day, None if it was never enrolled."""
        held = enrolled(self._law.register.hospitals.get((self.jurisdiction, self.hospital)))
        return None if held is None else held.on(calendar.day_of(instant)).area

    def heard_by(self, deadline: datetime, told: datetime) -> datetime:
        """Until when all must have been heard before a silence counts."""
        return self._law.heard_by(deadline, told)
