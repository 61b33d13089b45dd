"""What orders and commitments contribute to the use of a variety by their hospital."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Contribution, Given, Unjudged
from services.compliance.judging.contributions.giver import Giver, policies_taking, takers_among
from services.compliance.law.agreements import Agreed
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.law import Law
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
from shared.domain.records.product import Cycle, Listed


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
    own = None if terms.stretch is None else terms.stretch.cycle.traits.variety
    stretches = [terms.stretch_under(policy) for policy in judging]
    begun = tuple([None if it is None else it.start for it in stretches])
    for variety, books in terms.of_product(_books, begun):
        told = failed if variety == own else None
        if accepted or told is not None:
            used = Used(terms.order, books, accepted, told)
            yield Contribution("usage", variety, terms.placed.hospital, used)


def _books(
    law: Law, jurisdiction: str, code: str, begun: tuple[datetime | None, ...]
) -> list[tuple[str, tuple[str, ...]]]:
    """Give the varieties that a product was ever told of, and the books of its orders in each.

    One book for each policy that judges. Those orders share them whose stretches have `begun` at
    the same instants; where that is None the product was not selected.
    """
    judging = policies_taking(law.policies, jurisdiction, "consumed")
    told_as = [
        _told_as(law, jurisdiction, code, policy, start)
        for policy, start in zip(judging, begun, strict=True)
    ]
    told = law.register.products[jurisdiction, code].tellings()
    varieties = {one.traits.variety for one in told if one.traits.variety is not None}
    return [
        (variety, tuple(map(partial(_book, code, variety), judging, told_as)))
        for variety in sorted(varieties)
    ]


def _told_as(
    law: Law, jurisdiction: str, code: str, policy: Policy, start: datetime | None
) -> Cycle | Listed | None:
    """Give what a product was: selected by the cycle of a stretch, else listed, else neither."""
    for stretch in law.stretches(jurisdiction, code, policy):
        if stretch.start == start:
            return stretch.cycle
    return law.register.products[jurisdiction, code].listed


def _book(product: str, variety: str, policy: Policy, told: Cycle | Listed | None) -> str:
    """Give a book as one text: of what the product was told as on the day of its orders."""
    if told is None or told.traits.variety != variety:
        return UsageBook(policy.id, product, NEITHER, "").key
    kind = SELECTED if isinstance(told, Cycle) else LISTED
    equivalent = told.traits.equivalent
    return UsageBook(policy.id, product, kind, "" if equivalent is None else f"{equivalent:f}").key


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
