from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.compliance.records.failed import Failed
from tests.support.events import instant

DAYS = st.integers(min_value=738_000, max_value=738_020)


def failed(ordered: int, received: dict[int, int]) -> Failed:
    at = instant("2022-03-03 09:00:00")
    return Failed(at, ordered, received, at, ())


@given(st.integers(1, 500), st.dictionaries(DAYS, st.integers(1, 200), max_size=6), DAYS)
def test_what_is_missing_by_a_day_is_what_was_not_accepted_on_days_before_it(
    ordered: int, received: dict[int, int], day: int
) -> None:
    order = failed(ordered, received)
    by_then = sum(quantity for on, quantity in received.items() if on < day)
    assert order.missing_by(date.fromordinal(day)) == (
        ordered - by_then if by_then < ordered else 0
    )


def test_what_comes_on_the_day_itself_is_too_late() -> None:
    day = date(2022, 3, 5)
    order = failed(100, {day.toordinal(): 60})
    assert order.missing_by(day) == 100
    assert order.missing_by(date(2022, 3, 6)) == 40
