"""What all terms share: the law of one jurisdiction, which rules ask through them."""

from services.compliance.law.intervals import Interval
from services.compliance.law.law import Law
from services.compliance.law.working_days import Calendar
from services.compliance.policies.policy import Policies, Policy


class Terms:
    """The law as it holds in a jurisdiction."""

    def __init__(self, law: Law, jurisdiction: str) -> None:
        self._law = law
        self.jurisdiction = jurisdiction

    @property
    def known_policies(self) -> Policies:
        """All policies, whatever they carry."""
        return self._law.policies

    @property
    def calendar(self) -> Calendar:
        """The working days, as far as they are known."""
        return self._law.calendar

    def policies(self, rule: str) -> list[Policy]:
        """Give the policies of the jurisdiction that carry a rule."""
        return [
            policy
            for policy in self._law.policies.of(self.jurisdiction)
            if rule in policy.rules and policy.scope == "selected"
        ]

    def days_in_force(self, policy: Policy) -> Interval:
        """Give the days of a policy as instants."""
        return self._law.days_in_force(policy)
