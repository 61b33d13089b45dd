import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.worker.pace import AT_LEAST, AT_MOST, LASTS, LOADS, WORK, Pace
from shared.domain.errors import TransientError

SECONDS = st.floats(0, 1e6)
BYTES = st.integers(0, 1 << 40)


def settled(speed: float, share: float = 1.0, batches: int = 60) -> Pace:
    """The pace after some full batches, at so many records a second of its share of a processor."""
    pace = Pace()
    for _ in range(batches):
        pace.took(pace.size, pace.size / speed, pace.size / speed / share, 0)
    return pace


@pytest.mark.parametrize("speed", [250, 1_000, 1_900])
def test_a_batch_becomes_as_large_as_fits_the_time(speed: float) -> None:
    assert settled(speed).size == pytest.approx(speed * WORK, rel=0.01)


def test_where_the_processor_is_shared_a_batch_lasts_a_few_seconds_at_most() -> None:
    assert settled(1_900, share=0.05).size == pytest.approx(1_900 * 0.05 * LASTS, rel=0.01)


def test_a_fast_machine_takes_the_largest_batches_and_a_slow_one_never_none() -> None:
    assert settled(1_000_000).size == AT_MOST
    assert settled(1).size == AT_LEAST


def test_a_batch_becomes_as_large_as_its_records_fit_the_memory() -> None:
    pace = Pace()
    for _ in range(20):
        pace.took(pace.size, 0.01, 0.01, pace.size * LOADS // 700)
    assert pace.size == pytest.approx(700, rel=0.01)


def test_a_small_batch_says_nothing_of_how_large_one_may_be_unless_it_was_slow() -> None:
    pace = Pace()
    pace.took(10, 0.001, 0.001, 1_000)
    assert pace.size == AT_MOST
    pace.took(10, WORK, WORK, 1_000)
    assert pace.size == AT_LEAST


@given(st.lists(st.tuples(st.integers(0, AT_MOST), SECONDS, SECONDS, BYTES), max_size=50))
def test_the_size_stays_within_its_bounds_and_at_most_doubles(
    batches: list[tuple[int, float, float, int]],
) -> None:
    pace = Pace()
    for records, work, lasted, loaded in batches:
        before = pace.size
        pace.took(records, work, lasted, loaded)
        assert AT_LEAST <= pace.size <= AT_MOST
        assert pace.size <= 2 * before


def test_batches_that_come_to_nothing_become_small_and_what_works_grows_again() -> None:
    pace = Pace()
    sizes = []
    for _ in range(5):
        pace.failed()
        sizes.append(pace.size)
    assert sizes == [AT_MOST // 2, AT_MOST // 4, AT_MOST // 8, AT_LEAST, AT_LEAST]
    pace.took(pace.size, WORK / 10, WORK / 10, 1_000)
    assert pace.size == 2 * AT_LEAST


def test_work_is_measured_by_what_it_was_of_and_counts_as_failed_where_it_came_to_nothing() -> None:
    pace = Pace()
    with pace.measuring():
        pass
    assert pace.size == AT_MOST
    with pace.measuring() as measured:
        measured.records, measured.loaded = AT_MOST, 2 * LOADS
    assert pace.size == AT_MOST // 2
    with pytest.raises(TransientError), pace.measuring():
        raise TransientError("the database is away")
    assert pace.size == AT_MOST // 4
