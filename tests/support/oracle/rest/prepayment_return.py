"""`prepayment-return`: what was paid in advance goes back after the cycle, or the agreement."""

from collections.abc import Iterator

from tests.support.oracle.facts import World, day_of, midnight_of
from tests.support.oracle.findings import Finding, UnjudgedError
from tests.support.oracle.rest.days import is_told_since, money
from tests.support.oracle.rest.prepayments import (
    Prepayment,
    agreement_meant,
    done_at,
    known_cycle,
    prepayments,
    return_base,
    return_due,
    returned,
)
from tests.support.oracle.terms import area_on

RULE = "prepayment-return"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    if RULE not in world.policy.rules:
        return
    for prepayment in prepayments(world):
        try:
            agreement_meant(world, prepayment)
        except UnjudgedError as error:
            # Without an agreement its own day says whether there is a policy.
            if world.policy.carries(RULE, prepayment.day):
                world.unjudged.add((RULE, str(error)))
            continue
        try:
            yield from _of(world, prepayment)
        except UnjudgedError as error:
            world.unjudged.add((RULE, str(error)))


def _of(world: World, prepayment: Prepayment) -> Iterator[Finding]:
    policy = world.policy
    agreement = agreement_meant(world, prepayment)
    cycle = known_cycle(world, agreement)
    if cycle is None:
        return
    base = return_base(world, agreement, cycle)
    if policy.return_after_cycle and base.year not in policy.return_years:
        return
    due = return_due(world, agreement, cycle)
    is_told = is_told_since(world, RULE, "prepayments", day_of(due))
    if not is_told or due < midnight_of(policy.start) or prepayment.time >= due:
        return
    done = done_at(world, prepayment)
    if world.now <= due or (done is not None and done <= due):
        return
    yield Finding(
        rule=RULE,
        subject=prepayment.id,
        anchor="return",
        severity="warning" if policy.return_after_cycle else "breach",
        occurred_at=due,
        cured_at=done,
        observed=money(returned(world, prepayment, due)),
        limit=money(prepayment.amount),
        parties={
            "hospital": prepayment.hospital,
            "area": area_on(world, prepayment.hospital, day_of(due)),
            "product": agreement.product,
        },
    )
