"""`prepayment-use`: what was paid in advance pays for the goods of its agreement."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from tests.support.oracle.facts import World, day_of, midnight_of
from tests.support.oracle.findings import Finding, UnjudgedError
from tests.support.oracle.rest.accounts import account_of
from tests.support.oracle.rest.cycles import Agreement
from tests.support.oracle.rest.days import DAY, is_told_since, money
from tests.support.oracle.rest.filling import Account, Claim
from tests.support.oracle.rest.prepayments import (
    Prepayment,
    agreement_named,
    done_at,
    known_cycle,
    prepayments,
    return_due,
)
from tests.support.oracle.terms import area_on

RULE = "prepayment-use"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    if RULE not in world.policy.rules:
        return
    made: dict[str, list[Prepayment]] = {}
    meant: dict[str, Agreement] = {}
    for prepayment in prepayments(world):
        agreement = agreement_named(world, prepayment)
        if agreement is not None:
            made.setdefault(agreement.id, []).append(prepayment)
            meant[agreement.id] = agreement
        elif world.policy.carries(RULE, prepayment.day):
            world.unjudged.add((RULE, "prepayment.agreement"))
    for id_, agreement in sorted(meant.items()):
        try:
            yield from _of(world, agreement, made[id_])
        except UnjudgedError as error:
            world.unjudged.add((RULE, str(error)))


def _of(world: World, agreement: Agreement, made: list[Prepayment]) -> Iterator[Finding]:
    cycle = known_cycle(world, agreement)
    if cycle is None:
        return
    distributor = agreement.data.get("distributor")
    if distributor is None:
        raise UnjudgedError("agreement.distributor")
    due = return_due(world, agreement, cycle)
    own = [prepayment for prepayment in made if prepayment.time < due]
    if not own or not is_told_since(world, RULE, "payments", own[0].day):
        return
    since, until = midnight_of(own[0].day + DAY), _until(world, own, due)
    if until <= since or world.now <= until or until < midnight_of(world.policy.start):
        return
    account = account_of(world, agreement.hospital, distributor)
    could, used = _could_and_used(account, agreement.product, since, until)
    limit = min(sum((prepayment.amount for prepayment in own), Decimal(0)), could)
    if used >= limit - world.policy.rounding_tolerance:
        return
    yield Finding(
        rule=RULE,
        subject=agreement.id,
        anchor="use",
        severity="breach",
        occurred_at=until,
        cured_at=until,
        observed=money(used),
        limit=money(limit),
        parties={
            "hospital": agreement.hospital,
            "product": agreement.product,
            "distributor": distributor,
            "area": area_on(world, agreement.hospital, day_of(until)),
        },
    )


def _until(world: World, own: list[Prepayment], due: datetime) -> datetime:
    """The earlier of the return's due and the instant from which all of them were done."""
    done = [done_at(world, prepayment) for prepayment in own]
    all_done = max((instant for instant in done if instant is not None), default=due)
    return due if None in done else min(due, all_done)


def claims_of(account: Account, product: str) -> list[Claim]:
    """The account's claims of one product."""
    return [claim for claim in account.claims if product in claim.names["product"]]


def _could_and_used(
    account: Account, product: str, since: datetime, until: datetime
) -> tuple[Decimal, Decimal]:
    """What could be paid from the prepayments until an instant, and what was paid."""
    could = unpaid = Decimal(0)
    for claim in claims_of(account, product):
        if not claim.stands_at(until):
            continue
        amount = claim.amount_at(until)
        could += min(account.left(claim, since), amount) if claim.stands_at(since) else amount
        unpaid += account.left(claim, until)
    return could, could - unpaid
