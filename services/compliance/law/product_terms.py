"""The terms under which the records of a product are judged."""

from datetime import date

from services.compliance.law.law import Law
from services.compliance.law.order_terms import enrolled
from services.compliance.law.supply_period import Stretch
from services.compliance.policies.policy import Policy
from services.compliance.register.agreement import Agreement
from services.compliance.register.hospital import Hospital


class ProductTerms:
    """What holds for a product: its policies, supply period, agreements and their hospitals."""

    def __init__(self, law: Law, jurisdiction: str, product: str) -> None:
        self.law = law
        self.jurisdiction = jurisdiction
        self.product = product

    @property
    def known(self) -> bool:
        """Whether the register knows the product at all."""
        found = self.law.register.products.get((self.jurisdiction, self.product))
        return found is not None and bool(found.cycles or found.listed)

    def policies(self, rule: str) -> list[Policy]:
        """Give the policies of the jurisdiction that carry a rule."""
        return [
            policy
            for policy in self.law.policies.of(self.jurisdiction)
            if rule in policy.rules and policy.scope == "selected"
        ]

    def policy_on(self, day: date) -> Policy | None:
        """Give the policy in force on a day."""
        return self.law.policies.on(self.jurisdiction, day)

    def stretches(self, policy: Policy) -> list[Stretch]:
        """Give the supply period, cycle by cycle."""
        return self.law.stretches(self.jurisdiction, self.product, policy)

    def agreements(self) -> dict[str, dict[str, Agreement]]:
        """Give all agreements for the product, by hospital and by id."""
        return self.law.register.of_product(self.jurisdiction, self.product)

    def hospital(self, code: str) -> Hospital | None:
        """Give a hospital, None if nobody enrolled it."""
        return enrolled(self.law.register.hospitals.get((self.jurisdiction, code)))
