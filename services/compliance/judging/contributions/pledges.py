"""What agreements contribute to the funding of their hospital: what is owed for them in advance."""

from decimal import Decimal

from services.compliance.findings.finding import Missing
from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.contributions.giver import takers_among
from services.compliance.law.agreements import Agreed
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.money import times
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import evidence_of
from services.compliance.records.funding import Pledge, Pledges
from shared.domain.records.agreement import Agreement


def contribute_pledges(terms: CommitmentTerms) -> list[Contribution]:
    """Give the agreements of a hospital for a product, where prepayments are owed for them."""
    pledges = tuple(
        _pledge(agreement, policy, agreed)
        for agreement, policy, agreed in terms.held
        if agreed is not None and "agreed" in takers_among(policy.rules)
    )
    if not pledges:
        return []
    return [Contribution("funding", terms.hospital, None, Pledges(terms.product, pledges))]


def _pledge(agreement: Agreement, policy: Policy, agreed: Agreed | Missing) -> Pledge:
    cycle = None if isinstance(agreed, Missing) else agreed.cycle
    amount = Decimal(0)
    if cycle is not None:
        price = cycle.selected_price if agreement.unit_price is None else agreement.unit_price
        amount = times(agreement.quantity, price)
    return Pledge(
        agreement.agreement,
        agreement.start,
        agreement.end,
        agreement.signed_on,
        max(agreement.start, policy.in_force).toordinal(),
        None if cycle is None else cycle.category,
        amount,
        agreement.telling.told,
        evidence_of(agreement),
    )
