from fractions import Fraction

import msgspec
import pytest

from services.compliance.law.exact import exact, shown
from services.compliance.policies.policy import Value
from tests.support.builders import POLICIES

(SX,) = POLICIES.of("cn-sx")


@pytest.mark.parametrize(
    ("told", "value", "text"),
    [
        (0.1, Fraction(1, 10), "0.1"),
        (0.9, Fraction(9, 10), "0.9"),
        (0, Fraction(0), 0),
        (3.0, Fraction(3), 3),
        (1e-7, Fraction(1, 10**7), "0.0000001"),
    ],
)
def test_a_share_is_the_decimal_that_the_file_writes(
    told: float, value: Fraction, text: int | str
) -> None:
    policy = msgspec.structs.replace(SX, values={"share": Value(told, "assumption")})
    assert exact(policy, "share") == value
    assert shown(value) == text
