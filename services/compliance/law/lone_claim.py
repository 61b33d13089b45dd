"""A claim that shares no money with another: what filling leaves of it, without filling."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from services.compliance.law.filling import PASSES, Debt, Step, Sum
from services.compliance.law.money import less, of_units, units

NOTHING = Decimal(0)


def alone(claim: Debt, sums: Iterable[Sum], tolerance: Decimal) -> list[Step]:
    """Pay a claim by sums that come to no other; gives what is left of it, from when on."""
    fitting = sorted((it for it in sums if it.names <= claim.names), key=_pass_time_and_id)
    return paid_in_turn(claim.amounts, [(it.time, it.amount) for it in fitting], tolerance)


def paid_in_turn(
    amounts: Sequence[Step], fitting: Sequence[Step], tolerance: Decimal
) -> list[Step]:
    """Pay a claim by the sums that fit it, told in their turn; gives what is left of it."""
    if len(amounts) == 1 and len(fitting) < 2:  # noqa: PLR2004  # one sum, as for almost all
        return _paid_once(amounts[0], fitting, tolerance)
    stands, enough = amounts[0][0], units(tolerance)
    given = [(time, units(amount)) for time, amount in fitting]
    owed = [(at, units(amount)) for at, amount in amounts]
    if len(owed) == 1 and all(one[0] <= other[0] for one, other in pairwise(given)):
        return _paid_bit_by_bit(owed[0], given, enough)
    steps: list[tuple[datetime, int]] = []
    for instant in sorted({*(at for at, _ in owed), *(at for at, _ in given if at > stands)}):
        left = next(amount for at, amount in reversed(owed) if at <= instant)
        for time, amount in given:
            if left <= enough:
                break
            if time <= instant:
                left -= min(left, amount)
        if not steps or steps[-1][1] != left:
            steps.append((instant, left))
    return [(instant, of_units(left)) for instant, left in steps]


def _paid_once(owed: Step, given: Sequence[Step], tolerance: Decimal) -> list[Step]:
    """Pay a claim that nothing lowers by one sum, if there is one."""
    stands, amount = owed
    if given and amount > tolerance:
        time, paid = given[0]
        left = NOTHING if paid >= amount else less(amount, paid)
        if time <= stands:
            return [(stands, left)]
        if paid:
            return [owed, (time, left)]
    return [owed]


def _paid_bit_by_bit(
    owed: tuple[datetime, int], given: Sequence[tuple[datetime, int]], enough: int
) -> list[Step]:
    """Pay a claim that nothing lowers by sums whose turns are those of their times."""
    stands, left = owed
    steps = {stands: left}
    for time, amount in given:
        if left <= enough:
            break
        if amount:
            left -= min(left, amount)
            steps[max(stands, time)] = left
    return [(instant, of_units(left)) for instant, left in steps.items()]


def _pass_time_and_id(given: Sum) -> tuple[int, datetime, str]:
    return PASSES[given.narrowest[0]], given.time, given.id
