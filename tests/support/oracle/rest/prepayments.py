"""Prepayments, and the agreement that each is for."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.support.oracle.facts import Telling, World, day_of
from tests.support.oracle.findings import UnjudgedError
from tests.support.oracle.rest.cycles import (
    Agreement,
    Cycle,
    agreements,
    all_told,
    cycle_of,
    end_of,
    is_known,
)
from tests.support.oracle.rest.days import DAY, deadline_of_months


@dataclass(frozen=True)
class Prepayment:
    """Money paid to a hospital in advance."""

    id: str
    time: datetime
    hospital: str
    amount: Decimal
    data: Any

    @property
    def day(self) -> date:
        """Its day."""
        return day_of(self.time)


def prepayments(world: World) -> list[Prepayment]:
    """Every prepayment, in the order of (time, id)."""
    told = world.first("prepayment.made", "prepayment")
    made = [
        Prepayment(
            id=t.data["prepayment"],
            time=t.time,
            hospital=t.data["hospital"],
            amount=Decimal(t.data["amount"]),
            data=t.data,
        )
        for t in told
    ]
    return sorted(made, key=lambda prepayment: (prepayment.time, prepayment.id))


def _returns(world: World, prepayment: Prepayment) -> list[Telling]:
    told = world.first("prepayment.returned", "return")
    return [telling for telling in told if telling.data["prepayment"] == prepayment.id]


def returned(world: World, prepayment: Prepayment, until: datetime) -> Decimal:
    """What of a prepayment was returned or offset at or before an instant."""
    amounts = (Decimal(t.data["amount"]) for t in _returns(world, prepayment) if t.time <= until)
    return sum(amounts, Decimal(0))


def done_at(world: World, prepayment: Prepayment) -> datetime | None:
    """When all of it was back, not before its own time; None if it is not by now."""
    instants = {prepayment.time} | {telling.time for telling in _returns(world, prepayment)}
    for instant in sorted(i for i in instants if prepayment.time <= i <= world.now):
        left = prepayment.amount - returned(world, prepayment, instant)
        if left <= world.policy.rounding_tolerance:
            return instant
    return None


def agreement_named(world: World, prepayment: Prepayment) -> Agreement | None:
    """The agreement that a prepayment names, if it is one of its hospital, void or not."""
    for agreement in all_told(world):
        is_named = agreement.id == prepayment.data.get("agreement")
        if is_named and agreement.hospital == prepayment.hospital:
            return agreement
    return None


def agreement_meant(world: World, prepayment: Prepayment) -> Agreement:
    """The agreement that a prepayment names, or that its product points to.

    Raises UnjudgedError with what is missing.
    """
    named = prepayment.data.get("agreement")
    if named is not None:
        found = agreement_named(world, prepayment)
        if found is not None:
            return found
        is_told = any(agreement.id == named for agreement in all_told(world))
        raise UnjudgedError("prepayment.agreement" if is_told else "agreement")
    product = prepayment.data.get("product")
    own = agreements(world, prepayment.hospital, product) if product is not None else []
    in_force = [agreement for agreement in own if agreement.is_in_force(prepayment.day)]
    if in_force:
        return in_force[-1]
    later = [agreement for agreement in own if agreement.start > prepayment.day]
    if later:
        return min(reversed(later), key=lambda agreement: agreement.start)
    raise UnjudgedError("prepayment.agreement")


def known_cycle(world: World, agreement: Agreement) -> Cycle | None:
    """The cycle of an agreement of which something can be said.

    Raises UnjudgedError for a product of which nobody told.
    """
    is_void = agreement.start >= agreement.end
    is_law = agreement.meets(world.policy.start, world.policy.until)
    if is_void or not is_law:
        return None
    if not is_known(world, agreement.product):
        raise UnjudgedError("product")
    return cycle_of(world, agreement)


def return_base(world: World, agreement: Agreement, cycle: Cycle) -> date:
    """The day after which the months of a return are counted."""
    return (end_of(world, cycle) if world.policy.return_after_cycle else agreement.end) - DAY


def return_due(world: World, agreement: Agreement, cycle: Cycle) -> datetime:
    """When the prepayments for an agreement must be back.

    Raises UnjudgedError where the calendar of a year is not held.
    """
    base = return_base(world, agreement, cycle)
    return deadline_of_months(world, base, world.policy.return_months)
