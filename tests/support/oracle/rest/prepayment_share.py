"""`prepayment-share`: half (of consumables three tenths) of what was agreed is paid in advance."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from tests.support.oracle.facts import World, day_of, midnight_of
from tests.support.oracle.findings import Finding, UnjudgedError
from tests.support.oracle.rest.cycles import (
    Agreement,
    Cycle,
    agreed_amount,
    agreements,
    is_known,
    is_under_the_policy,
    judged_agreements,
)
from tests.support.oracle.rest.days import (
    add,
    deadline_of_days,
    deadline_of_months,
    is_told_since,
    money,
    rounded,
    year_after,
)
from tests.support.oracle.rest.filling import Account, Claim, sum_of
from tests.support.oracle.rest.prepayments import prepayments
from tests.support.oracle.terms import area_on

RULE = "prepayment-share"
NAMES = ("agreement", "product", "category")
Signed = list[tuple[Agreement, Cycle]]


@dataclass(frozen=True)
class Share:
    """One claim of a hospital; `due` is None where its calendar is not published."""

    subject: str
    anchor: str
    amount: Decimal
    due: datetime | None
    age: tuple[date, str, str]
    signed: Signed

    @property
    def key(self) -> tuple[str, str]:
        """Which claim it is."""
        return (self.subject, self.anchor)


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    by_hospital: dict[str, Signed] = {}
    for agreement, cycle in judged_agreements(world, RULE):
        if is_told_since(world, RULE, "prepayments", agreement.start):
            by_hospital.setdefault(agreement.hospital, []).append((agreement, cycle))
    for hospital, signed in sorted(by_hospital.items()):
        shares = _by_year(world, signed) if world.policy.prepayment_by_year else []
        if not world.policy.prepayment_by_year:
            shares = [share for pair in signed for share in _two_shares(world, *pair)]
        yield from _of(world, hospital, shares)


def _of(world: World, hospital: str, shares: list[Share]) -> Iterator[Finding]:
    account = _account(world, hospital, shares)
    for share, claim in zip(shares, account.claims, strict=True):
        if share.due is None or _is_unjudged(world, hospital, share):
            continue
        paid = account.paid_at(claim)
        is_in_time = paid is not None and paid <= share.due
        if world.now <= share.due or is_in_time or share.due < midnight_of(world.policy.start):
            continue
        of_tianjin = {} if world.policy.prepayment_by_year else {"product": _product(share)}
        yield Finding(
            rule=RULE,
            subject=share.subject,
            anchor=share.anchor,
            severity="warning",
            occurred_at=share.due,
            cured_at=paid,
            observed=money(share.amount - account.left(claim, share.due)),
            limit=money(share.amount),
            parties={
                "hospital": hospital,
                "area": area_on(world, hospital, day_of(share.due)),
                **of_tianjin,
            },
        )


def _product(share: Share) -> str:
    return share.signed[0][0].product


def _account(world: World, hospital: str, shares: list[Share]) -> Account:
    claims = [
        Claim(
            key=share.key,
            age=share.age,
            stands=None,
            amount_at=partial(_always, share.amount),
            names={
                "agreement": frozenset(agreement.id for agreement, _ in share.signed),
                "product": frozenset(agreement.product for agreement, _ in share.signed),
                "category": frozenset(cycle["category"] for _, cycle in share.signed),
            },
        )
        for share in shares
    ]
    own = [prepayment for prepayment in prepayments(world) if prepayment.hospital == hospital]
    return Account(world, claims, [sum_of(p.time, p.id, p.data, NAMES) for p in own])


def _always(amount: Decimal, _: datetime) -> Decimal:
    return amount


def _by_year(world: World, signed: Signed) -> list[Share]:
    """One share a category and calendar year in which agreements start."""
    groups: dict[tuple[str, int], Signed] = {}
    for agreement, cycle in signed:
        groups.setdefault((cycle["category"], agreement.start.year), []).append((agreement, cycle))
    shares = []
    for (category, year), own in sorted(groups.items()):
        part = getattr(world.policy, f"prepayment_share_{category}")
        last = max(min(agreement.end, year_after(agreement.start)) for agreement, _ in own)
        total = sum((agreed_amount(*pair) for pair in own), Decimal(0))
        shares.append(
            Share(
                subject=own[0][0].hospital,
                anchor=f"{category}:{year}",
                amount=rounded(total * Decimal(str(part))),
                due=midnight_of(last),
                age=(last, category, ""),
                signed=own,
            )
        )
    return shares


def _two_shares(world: World, agreement: Agreement, cycle: Cycle) -> Iterator[Share]:
    """The first and the second prepayment for an agreement."""
    policy = world.policy
    total = agreed_amount(agreement, cycle)
    first = rounded(total * Decimal(str(policy.first_share)))
    signed_on = agreement.data.get("signed_on")
    signed = agreement.start if signed_on is None else date.fromisoformat(signed_on)
    due = deadline_of_days(signed, policy.first_prepayment_days)
    whose = [(agreement, cycle)]
    yield Share(agreement.id, "first", first, due, (day_of(due), agreement.id, "first"), whose)
    unrolled = deadline_of_days(add(signed, policy.second_prepayment_months), 0)
    second: datetime | None = None
    try:
        second = deadline_of_months(world, signed, policy.second_prepayment_months)
    except UnjudgedError as error:
        world.unjudged.add((RULE, str(error)))
    age = (day_of(second or unrolled), agreement.id, "second")
    yield Share(agreement.id, "second", total - first, second, age, whose)


def _is_unjudged(world: World, hospital: str, share: Share) -> bool:
    """Whether an agreement of an unknown product is started in the year of the share."""
    if not world.policy.prepayment_by_year:
        return False
    year = share.signed[0][0].start.year
    return any(
        agreement.start.year == year and is_under_the_policy(world, agreement)
        for agreement in agreements(world, hospital)
        if not is_known(world, agreement.product)
    )
