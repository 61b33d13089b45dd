"""Shares and ratios of a policy, exact: the decimal that the file writes, never its binary kin."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from services.compliance.policies.policy import Policy


def exact(policy: Policy, name: str) -> Fraction:
    """Give a value that is a number as the decimal that is written."""
    return _written(policy.number(name))


@lru_cache(maxsize=256)
def _written(number: float) -> Fraction:
    return Fraction(str(number))


def shown(value: Fraction) -> int | str:
    """Give a number as findings show it: whole, else as a decimal."""
    if value.denominator == 1:
        return value.numerator
    return format((Decimal(value.numerator) / Decimal(value.denominator)).normalize(), "f")
