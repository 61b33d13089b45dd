"""`late-onward-payment`: money moves on within days, from hospital to supplier to manufacturer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from tests.support.oracle.facts import Telling, World, day_of, midnight_of
from tests.support.oracle.findings import Finding, UnjudgedError
from tests.support.oracle.rest.accounts import TO_SUPPLIER, account_of, receiver
from tests.support.oracle.rest.cycles import Agreement, is_known
from tests.support.oracle.rest.days import (
    DAY,
    deadline_of_workdays,
    feed_since,
    is_told_since,
    money,
    rounded,
)
from tests.support.oracle.rest.filling import Account, Claim, sum_of
from tests.support.oracle.rest.prepayment_use import claims_of
from tests.support.oracle.rest.prepayments import (
    Prepayment,
    agreement_named,
    known_cycle,
    prepayments,
)
from tests.support.oracle.terms import area_on, stretches

RULE = "late-onward-payment"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    for prepayment in prepayments(world):
        if world.policy.carries(RULE, prepayment.day):
            try:
                yield from _first_leg(world, prepayment)
            except UnjudgedError as error:
                world.unjudged.add((RULE, str(error)))
    for payment in world.first("payment.made", "payment"):
        is_law = world.policy.carries(RULE, day_of(payment.time))
        if is_law and payment.data["leg"] in TO_SUPPLIER:
            try:
                yield from _second_leg(world, payment)
            except UnjudgedError as error:
                world.unjudged.add((RULE, str(error)))


@dataclass(frozen=True)
class Onward:
    """A prepayment as money that should move on."""

    world: World
    account: Account
    agreement: Agreement
    prepayment: Prepayment

    @property
    def since(self) -> datetime:
        """The end of the prepayment's day."""
        return midnight_of(self.prepayment.day + DAY)

    def _claims(self) -> list[Claim]:
        claims = claims_of(self.account, self.agreement.product)
        return [claim for claim in claims if claim.stands_at(self.since)]

    def _left(self, instant: datetime) -> Decimal:
        return sum((self.account.left(claim, instant) for claim in self._claims()), Decimal(0))

    def fallen(self, instant: datetime) -> Decimal:
        """How far what was owed when the money came has fallen since."""
        return self._left(self.since) - self._left(instant)

    def before(self) -> Decimal:
        """U: what earlier prepayments still need to move on when this one comes."""
        used = Decimal(0)
        for earlier in self._earlier():
            need, theirs = earlier.need(), earlier.before()
            used += need - min(need, max(Decimal(0), earlier.fallen(self.since) - theirs))
        return used

    def _earlier(self) -> list["Onward"]:
        own = self.prepayment
        return [
            Onward(self.world, self.account, self.agreement, other)
            for other in prepayments(self.world)
            if (other.time, other.id) < (own.time, own.id)
            and agreement_named(self.world, other) == self.agreement
            and _counts(self.world, other)
        ]

    def need(self) -> Decimal:
        """What of the prepaid sum should move on."""
        return min(self.prepayment.amount, max(Decimal(0), self._left(self.since) - self.before()))

    def done_at(self) -> datetime | None:
        """When enough had moved on, None if it has not by now."""
        wanted = self.before() + self.need() - self.world.policy.rounding_tolerance
        for instant in [self.since, *self.account.instants()]:
            if instant >= self.since and self.fallen(instant) >= wanted:
                return instant
        return None


def _counts(world: World, prepayment: Prepayment) -> bool:
    since = feed_since(world, "payments")
    is_law = world.policy.carries(RULE, prepayment.day)
    return is_law and since is not None and since <= prepayment.day


def _first_leg(world: World, prepayment: Prepayment) -> Iterator[Finding]:
    agreement = agreement_named(world, prepayment)
    if agreement is None:
        raise UnjudgedError("prepayment.agreement")
    if known_cycle(world, agreement) is None:
        return
    distributor = agreement.data.get("distributor")
    if distributor is None:
        raise UnjudgedError("agreement.distributor")
    if not is_told_since(world, RULE, "payments", prepayment.day):
        return
    due = deadline_of_workdays(prepayment.day, world.policy.hospital_onward_workdays)
    account = account_of(world, agreement.hospital, distributor)
    onward = Onward(world, account, agreement, prepayment)
    if world.now <= due or onward.need() <= world.policy.rounding_tolerance:
        return
    done = onward.done_at()
    if done is not None and done <= due:
        return
    yield Finding(
        rule=RULE,
        subject=prepayment.id,
        anchor="onward",
        severity="breach",
        occurred_at=due,
        cured_at=done,
        observed=money(max(Decimal(0), onward.fallen(due) - onward.before())),
        limit=money(onward.need()),
        parties={
            "hospital": agreement.hospital,
            "product": agreement.product,
            "distributor": distributor,
            "area": area_on(world, agreement.hospital, day_of(due)),
        },
    )


def _second_leg(world: World, payment: Telling) -> Iterator[Finding]:
    manufacturer = _manufacturer(world, payment)
    distributor = receiver(payment)
    if manufacturer in (None, distributor):
        return
    if not is_told_since(world, RULE, "onward", day_of(payment.time)):
        return
    due = deadline_of_workdays(day_of(payment.time), world.policy.distributor_onward_workdays)
    account = _passing_on(world, distributor, str(manufacturer))
    (claim,) = [claim for claim in account.claims if claim.key == payment.data["payment"]]
    paid = account.paid_at(claim)
    if world.now <= due or (paid is not None and paid <= due):
        return
    yield Finding(
        rule=RULE,
        subject=payment.data["payment"],
        anchor="onward",
        severity="warning",
        occurred_at=due,
        cured_at=paid,
        observed=money(account.left(claim, due)),
        limit=money(claim.amount_at(due)),
        parties={
            "product": payment.data["product"],
            "distributor": distributor,
            "manufacturer": manufacturer,
        },
    )


def _manufacturer(world: World, payment: Telling) -> str | None:
    """Who should get the money next; raises UnjudgedError where the product is not known."""
    product = payment.data.get("product")
    if product is None:
        raise UnjudgedError("payment.product")
    if not is_known(world, product):
        raise UnjudgedError("product")
    begun = [s for s in stretches(world, product) if s.start <= day_of(payment.time)]
    return begun[-1].cycle["manufacturer"] if begun else None


def _passing_on(world: World, distributor: str, manufacturer: str) -> Account:
    """What a distributor owes a manufacturer of the money that it got for its goods."""
    told = world.first("payment.made", "payment")
    claims = [_claim(world, t) for t in told if _is_claim(world, t, distributor, manufacturer)]
    sums = [
        sum_of(t.time, t.data["payment"], t.data, ("product",))
        for t in told
        if t.data["leg"] == "distributor_to_manufacturer"
        and (t.data["payer"], t.data["payee"]) == (distributor, manufacturer)
    ]
    return Account(world, claims, sums)


def _is_claim(world: World, payment: Telling, distributor: str, manufacturer: str) -> bool:
    since, day = feed_since(world, "onward"), day_of(payment.time)
    if payment.data["leg"] not in TO_SUPPLIER or receiver(payment) != distributor:
        return False
    if since is None or day < since or not world.policy.carries(RULE, day):
        return False
    try:
        return _manufacturer(world, payment) == manufacturer
    except UnjudgedError:
        return False


def _claim(world: World, payment: Telling) -> Claim:
    share = Decimal(str(world.policy.onward_share))
    amount = rounded(Decimal(payment.data["amount"]) * share)
    return Claim(
        key=payment.data["payment"],
        age=(payment.time, payment.data["payment"]),
        stands=payment.time,
        amount_at=partial(_always, amount),
        names={"product": frozenset({payment.data["product"]})},
    )


def _always(amount: Decimal, _: datetime) -> Decimal:
    return amount
