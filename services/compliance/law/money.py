"""Money: yuan in exact decimals, whatever their scale (rules.md, *Money*).

Python's own decimals keep 28 digits; a quantity times a price told on the bus can have more.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

_EXACT = Context(prec=200)
_CENT = Decimal("0.01")
_SCALE = 20
"""How many places after the point money can be told with (docs/events.md)."""


def rounded(amount: Decimal) -> Decimal:
    """Round half up to 0.01 yuan."""
    return amount.quantize(_CENT, ROUND_HALF_UP, _EXACT)


def times(quantity: int | Decimal, price: Decimal) -> Decimal:
    """Give the amount of goods, or a share of an amount, rounded half up to 0.01 yuan."""
    return rounded(_EXACT.multiply(quantity, price))


def exact(value: float) -> Decimal:
    """Give a number of a policy as the decimal that its file writes."""
    return Decimal(str(value))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up, exactly."""
    found = Decimal(0)
    for amount in amounts:
        found = _EXACT.add(found, amount)
    return found


def less(amount: Decimal, other: Decimal) -> Decimal:
    """Take one amount from another, exactly."""
    return _EXACT.subtract(amount, other)


def units(amount: Decimal) -> int:
    """Give an amount in the smallest unit that can be told, for adding many of them up fast."""
    return int(amount.scaleb(_SCALE, _EXACT))


def of_units(amount: int) -> Decimal:
    """Give an amount told in that unit as yuan."""
    return Decimal(amount).scaleb(-_SCALE, _EXACT)


def yuan(amount: Decimal) -> str:
    """Write an amount with two places after the point, or all that it has if they are more."""
    cents = rounded(amount)
    return f"{cents:f}" if cents == amount else f"{amount.normalize(_EXACT):f}"
