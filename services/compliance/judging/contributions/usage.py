"""What orders and commitments contribute to the use of a variety by their hospital."""

from collections.abc import Iterator
from functools import lru_cache

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Contribution, Given, Unjudged
from services.compliance.judging.contributions.giver import Giver, policies_taking, takers_among
from services.compliance.law.agreements import Agreed
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.order_terms import OrderTerms
from services.compliance.law.periods import due_month
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import evidence_of
from services.compliance.records.failed import Failed
from services.compliance.records.usage import (
    LISTED,
    NEITHER,
    SELECTED,
    Contract,
    Contracts,
    UsageBook,
    Used,
)
from shared.domain.records.product import Cycle


def give_use(giver: Giver) -> list[Given]:
    """Give what was accepted of an order to each variety that its product was ever told of."""
    terms = giver.terms
    judging = policies_taking(terms.known_policies, terms.jurisdiction, "consumed")
    if not judging or terms.product is None:
        return []
    given: list[Given] = []
    failed = giver.failing() if "failed" in giver.takers else None
    if isinstance(failed, Watch):
        given.append(failed)
    elif failed is not None and failed.missing_by(due_month(failed.at).later(1).first_day):
        given += _used(terms, judging, giver.accepted, failed)
        return given
    if giver.accepted:
        given += _used(terms, judging, giver.accepted, None)
    return given


def _used(
    terms: OrderTerms, judging: tuple[Policy, ...], accepted: dict[int, int], failed: Failed | None
) -> Iterator[Contribution]:
    """Give it to the variety that the product is of on the day, and to all that it was of.

    Only an order of that variety's selected product tells that its supplier failed.
    """
    placed = terms.placed
    own = None if terms.stretch is None else terms.stretch.cycle.traits.variety
    for variety in terms.varieties:
        books = tuple(_book(terms, policy, variety) for policy in judging)
        used = Used(terms.order, books, accepted, failed if variety == own else None)
        if accepted or used.failed is not None:
            yield Contribution("usage", variety, placed.hospital, used)


def _book(terms: OrderTerms, policy: Policy, variety: str) -> str:
    told = terms.told_as(policy)
    if told is None or told.traits.variety != variety:
        return _key(policy.id, terms.placed.product, NEITHER, "")
    kind = SELECTED if isinstance(told, Cycle) else LISTED
    equivalent = told.traits.equivalent
    return _key(
        policy.id, terms.placed.product, kind, "" if equivalent is None else f"{equivalent:f}"
    )


@lru_cache(maxsize=16_384)
def _key(policy: str, product: str, kind: str, equivalent: str) -> str:
    """Give a book as one text: most orders count in the same few."""
    return UsageBook(policy, product, kind, equivalent).key


def contribute_contracts(terms: CommitmentTerms) -> Iterator[Contribution | Unjudged]:
    """Give what a hospital agreed on of a product to the varieties of its cycles."""
    by_variety: dict[str, list[Contract]] = {}
    for policy, agreed in terms.every_agreed:
        takers = takers_among(policy.rules).get("consumed", ())
        if isinstance(agreed, Missing):
            yield from (Unjudged(rule, agreed) for rule in takers)
        elif takers and (variety := agreed.cycle.traits.variety) is not None:
            by_variety.setdefault(variety, []).append(_contract(agreed))
    for variety, contracts in by_variety.items():
        value = Contracts(terms.product, tuple(contracts))
        yield Contribution("usage", variety, terms.hospital, value)


def _contract(agreed: Agreed) -> Contract:
    held, cycle = agreed.agreement, agreed.cycle
    return Contract(
        agreed.policy.id,
        held.agreement,
        held.start,
        held.end,
        held.quantity,
        cycle.traits.equivalent,
        agreed.withdrawn,
        held.telling.told,
        evidence_of(held, cycle),
    )
