"""A claim that shares no money with another: what filling leaves of it, without filling."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from services.compliance.law.filling import PASSES, Debt, Step, Sum, value_at
from services.compliance.law.money import of_units, units


def alone(claim: Debt, sums: Iterable[Sum], tolerance: Decimal) -> list[Step]:
    """Pay a claim by sums that come to no other; gives what is left of it, from when on."""
    fitting = sorted((it for it in sums if it.names <= claim.names), key=_pass_time_and_id)
    stands, enough = claim.amounts[0][0], units(tolerance)
    moved = {at for at, _ in claim.amounts} | {it.time for it in fitting if it.time > stands}
    steps: list[tuple[datetime, int]] = []
    for instant in sorted(moved):
        left = units(value_at(claim.amounts, instant))
        for given in fitting:
            if left <= enough:
                break
            left -= min(left, units(given.amount)) if given.time <= instant else 0
        if not steps or steps[-1][1] != left:
            steps.append((instant, left))
    return [(instant, of_units(left)) for instant, left in steps]


def _pass_time_and_id(given: Sum) -> tuple[int, datetime, str]:
    return PASSES[given.narrowest[0]], given.time, given.id
