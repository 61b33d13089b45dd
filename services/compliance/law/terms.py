"""What all terms share: the law of one jurisdiction, which rules ask through them."""

from functools import lru_cache

from services.compliance.law.intervals import Interval
from services.compliance.law.law import Law
from services.compliance.law.working_days import Calendar
from services.compliance.policies.policy import Policies, Policy


@lru_cache(maxsize=1024)
def _carrying(policies: Policies, jurisdiction: str, rule: str) -> tuple[Policy, ...]:
    known = (policy for policy in policies.of(jurisdiction) if policy.scope == "selected")
    return tuple(policy for policy in known if rule in policy.rules)


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
        return list(_carrying(self._law.policies, self.jurisdiction, rule))

    @property
    def carried_ever(self) -> tuple[str, ...]:
        """The rules that any policy of the jurisdiction carries, whatever its days."""
        return self._law.policies.carried(self.jurisdiction)

    def days_in_force(self, policy: Policy) -> Interval:
        """Give the days of a policy as instants."""
        return self._law.days_in_force(policy)
