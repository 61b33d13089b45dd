"""The terms under which an account and its statements are judged."""

from collections.abc import Hashable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from services.compliance.findings.finding import About
from services.compliance.law.derived import derived
from services.compliance.law.law import Law
from services.compliance.law.money import exact
from services.compliance.law.order_terms import enrolled
from services.compliance.law.periods import Month
from services.compliance.law.terms import Terms
from services.compliance.policies.policy import NOTHING, Policies, Policy
from services.compliance.records.account import ONWARD, Claim
from shared.domain import calendar, ids

SETTLED_WITHIN = "settlement_months"
"""By the end of so many months after that of its acceptance a receipt is paid."""

TOLERANCE = "rounding_tolerance"
"""Something is paid when no more than this is left of it (yuan)."""


class AccountTerms(Terms):
    """What holds between a payer and a payee."""

    def __init__(self, law: Law, jurisdiction: str, account: str) -> None:
        super().__init__(law, jurisdiction)
        self.leg, between = ids.parts(account)
        self.payer, self.payee = ids.parts(between)

    def policy_on(self, ordinal: int) -> Policy:
        """Give the policy in force on a day, one that carries nothing if there is none."""
        return _policy_on(self._law.policies, self.jurisdiction, ordinal)

    @derived
    def tolerance(self) -> Decimal:
        """Give what may be left of something that is paid: one value for all of an account."""
        return tolerance(self._law, self.jurisdiction)

    @property
    def under(self) -> Hashable:
        """Give all that is asked of the law for a claim itself: the register has no part in it."""
        return self._law.policies, self._law.settle

    @property
    def digest(self) -> str:
        """Give what tells the policies of the jurisdiction apart from such with other words."""
        return self._law.policies.digest(self.jurisdiction)

    def settlement_due(self, claim: Claim) -> datetime | None:
        """Give until when a receipt is to be paid, None where no policy says so."""
        return self.settlement_due_of(claim.day, calendar.day_of(claim.stands))

    def settlement_due_of(self, ordinal: int, stood: date) -> datetime | None:
        """Give it for a day (ordinal) whose policy judges, and one since which the claim stands."""
        return _settlement_due(self._law.policies, self.jurisdiction, ordinal, stood)

    def heard_by(self, deadline: datetime, told: datetime) -> datetime:
        """Until when all must have been heard before a silence counts."""
        return self._law.heard_by(deadline, told)

    def area_on(self, instant: datetime) -> str | None:
        """Give the area of the hospital that pays on a day, None if it was never enrolled."""
        held = enrolled(self._law.register.hospitals.get((self.jurisdiction, self.payer)))
        return None if held is None else held.on(calendar.day_of(instant)).area

    def about(self, claim: Claim) -> About:
        """Give the parties of a claim."""
        if self.leg == ONWARD:
            return About(claim.product, None, None, self.payee, self.payer)
        return About(
            claim.product, claim.area, self.payer, claim.manufacturer, self.payee, claim.order
        )


def _policy_on(policies: Policies, jurisdiction: str, ordinal: int) -> Policy:
    return policies.on(jurisdiction, date.fromordinal(ordinal)) or NOTHING


@lru_cache(maxsize=16_384)
def _settlement_due(
    policies: Policies, jurisdiction: str, ordinal: int, stood: date
) -> datetime | None:
    policy = _policy_on(policies, jurisdiction, ordinal)
    if SETTLED_WITHIN not in policy.values:
        return None
    return Month.of(stood).later(int(policy.number(SETTLED_WITHIN))).end


def tolerance(law: Law, jurisdiction: str) -> Decimal:
    """Give what may be left of something that is paid, by the last policy that says so.

    An account lasts longer than a day's policy: should the value change, its first one holds.
    """
    return _tolerance(law.policies, jurisdiction)


@lru_cache
def _tolerance(policies: Policies, jurisdiction: str) -> Decimal:
    telling = [policy for policy in policies.of(jurisdiction) if TOLERANCE in policy.told]
    if not telling:
        return Decimal(0)
    last = telling[-1]
    return exact(last.on(last.in_force).number(TOLERANCE))
