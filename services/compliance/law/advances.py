"""What prepayments came to in an account: what of them had to move on, and what was used.

Both rest on what is left of the account's claims of the agreement's product (rules.md,
`late-onward-payment`, `prepayment-use`).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from services.compliance.law.filling import value_at
from services.compliance.law.money import less, total
from services.compliance.law.prepayment_terms import done_at
from services.compliance.records.account import Advance, Claim, Step
from services.compliance.records.statement import Settling, Use
from shared.domain import calendar

NOTHING = Decimal(0)

_agreement = attrgetter("agreement")


def moving_on(advances: Iterable[Advance], settlings: Sequence[Settling]) -> list[Settling]:
    """Give prepayments as claims of what must move on, with what of that has not yet.

    Those for one agreement are told first in, first out: what an earlier one still needs is none
    that a later one could pay.
    """
    found: list[Settling] = []
    counted = (advance for advance in advances if advance.moves_on)
    for _, own in groupby(sorted(counted, key=_in_order), key=_agreement):
        before: list[Onward] = []
        for advance in own:
            onward = Onward(advance, settlings, before)
            before.append(onward)
            found.append(onward.settling())
    return found


class Onward:
    """A prepayment as money that should move on, from the end of its day on."""

    def __init__(
        self, advance: Advance, settlings: Sequence[Settling], earlier: Iterable["Onward"]
    ) -> None:
        self.advance = advance
        self.since = calendar.end_of(date.fromordinal(advance.day))
        self._claims = [
            it
            for it in settlings
            if it.claim.product == advance.product and it.claim.stands <= self.since
        ]
        self._owed = self._left(self.since)
        self._used = total(one.open_at(self.since) for one in list(earlier))
        self.need = min(advance.amount, max(NOTHING, less(self._owed, self._used)))

    def _left(self, instant: datetime) -> Decimal:
        return total(value_at(it.left, instant) for it in self._claims)

    def open_at(self, instant: datetime) -> Decimal:
        """Give what of its need has not moved on by an instant."""
        fallen = less(less(self._owed, self._left(instant)), self._used)
        return less(self.need, min(self.need, max(NOTHING, fallen)))

    def settling(self) -> Settling:
        """Give it as a claim of its need."""
        later = {at for it in self._claims for at, _ in it.left if at > self.since}
        steps: list[Step] = [(self.since, self.open_at(self.since))]
        for instant in sorted(later):
            left = self.open_at(instant)
            if left != steps[-1][1]:
                steps.append((instant, left))
        held = self.advance
        claim = Claim(
            held.prepayment,
            "",
            held.product,
            ((self.since, self.need),),
            held.day,
            None,
            None,
            held.told,
            held.evidence,
        )
        return Settling(claim, tuple(steps))


def uses(
    advances: Iterable[Advance], settlings: Sequence[Settling], tolerance: Decimal
) -> list[Use]:
    """Give, agreement by agreement, what all prepayments for it were used for."""
    found = []
    counted = (it for it in advances if it.due is not None and it.time < it.due)
    for _, own in groupby(sorted(counted, key=_in_order), key=_agreement):
        use = _use(list(own), settlings, tolerance)
        if use is not None:
            found.append(use)
    return found


def _use(own: list[Advance], settlings: Sequence[Settling], tolerance: Decimal) -> Use | None:
    first, due = own[0], own[0].due
    if not first.used or due is None:
        return None
    since = calendar.end_of(date.fromordinal(first.day))
    done = [done_at(it.time, it.amount, it.returned, tolerance) for it in own]
    known = [instant for instant in done if instant is not None]
    until = due if len(known) < len(done) else min(due, max(known))
    if until <= since:
        return None
    could, unpaid = _could_and_unpaid(first.product, settlings, since, until)
    return Use(
        first.agreement,
        first.product,
        first.judged,
        until,
        total(it.amount for it in own),
        could,
        less(could, unpaid),
        max(it.told for it in own),
        tuple(fact for it in own for fact in it.evidence),
    )


def _could_and_unpaid(
    product: str, settlings: Sequence[Settling], since: datetime, until: datetime
) -> tuple[Decimal, Decimal]:
    """Give what could be paid of a product's claims until an instant, and what is left of them."""
    standing = [it for it in settlings if it.claim.product == product and it.claim.stands <= until]
    could = [
        min(value_at(it.left, since), value_at(it.claim.amounts, until))
        if it.claim.stands <= since
        else value_at(it.claim.amounts, until)
        for it in standing
    ]
    return total(could), total(value_at(it.left, until) for it in standing)


def _in_order(advance: Advance) -> tuple[str, datetime, str]:
    return advance.agreement, advance.time, advance.prepayment
