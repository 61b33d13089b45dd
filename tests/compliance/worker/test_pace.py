import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.worker.pace import AT_LEAST, AT_MOST, FIRST, SECONDS, Pace


def settled(records_a_second: float, batches: int = 60) -> Pace:
    """The pace of a worker that does so many records a second, after some full batches."""
    pace = Pace()
    for _ in range(batches):
        pace.took(pace.size, pace.size / records_a_second)
    return pace


@pytest.mark.parametrize("speed", [1_000, 5_000, 15_000])
def test_a_batch_becomes_as_large_as_fits_the_time(speed: float) -> None:
    assert settled(speed).size == pytest.approx(speed * SECONDS, rel=0.01)


def test_a_fast_machine_takes_the_largest_batches_and_a_slow_one_never_none() -> None:
    assert settled(1_000_000).size == AT_MOST
    assert settled(1).size == AT_LEAST


def test_a_small_batch_says_nothing_of_how_large_one_may_be_unless_it_was_slow() -> None:
    pace = Pace()
    pace.took(10, 0.001)
    assert pace.size == FIRST
    pace.took(10, SECONDS)
    assert pace.size == AT_LEAST


@given(st.lists(st.tuples(st.integers(0, AT_MOST), st.floats(0, 1e6)), max_size=50))
def test_the_size_stays_within_its_bounds_and_at_most_doubles(
    batches: list[tuple[int, float]],
) -> None:
    pace = Pace()
    for records, seconds in batches:
        before = pace.size
        pace.took(records, seconds)
        assert AT_LEAST <= pace.size <= AT_MOST
        assert pace.size <= 2 * before
