from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.identity.rates import Rates


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_ten_seconds_worth_comes_at_once_and_then_so_many_a_second() -> None:
    clock = Clock()
    rates = Rates(5, clock)
    assert [rates.wait("me") for _ in range(50)] == [0.0] * 50
    assert rates.wait("me") == 0.2
    assert rates.wait("other") == 0.0
    clock.now += 1
    assert [rates.wait("me") > 0 for _ in range(6)] == [False] * 5 + [True]


def test_who_waits_as_told_is_taken() -> None:
    clock = Clock()
    rates = Rates(3, clock)
    for _ in range(30):
        rates.wait("me")
    clock.now += rates.wait("me") + 1e-9
    assert rates.wait("me") == 0.0


@given(st.lists(st.floats(0, 5), max_size=200), st.integers(1, 50))
def test_whatever_the_pace_nobody_is_answered_more_often(pauses: list[float], rate: int) -> None:
    clock = Clock()
    rates = Rates(rate, clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        taken += rates.wait("me") == 0.0
        assert taken <= rate * (10 + clock.now) + 1e-6


def test_however_many_ask_little_is_remembered() -> None:
    rates = Rates(1, Clock())
    for number in range(20_000):
        assert rates.wait(str(number)) == 0.0
    assert len(vars(rates)["_left"]) == 10_000
