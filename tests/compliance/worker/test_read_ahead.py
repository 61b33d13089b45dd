from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from services.compliance.worker.read_ahead import BYTES_TAKEN, FEW, PER_RECORD, ReadAhead, Taken
from shared.domain.topics import Place

PLACES: list[Place] = [("orders", 0), ("orders", 1), ("register", 0)]
PLENTY = 10_000


class Record(NamedTuple):
    """A message: where it stands in its partition, and when the broker took it."""

    offset: int
    timestamp: int
    key: bytes | None = None
    value: bytes | None = b""


class Partitions:
    """Partitions with holes in their offsets, a consumer that reads them, and what came out."""

    def __init__(self, logs: Mapping[Place, list[Record]]) -> None:
        self.logs = logs
        self.ahead = ReadAhead()
        self.fetched = dict.fromkeys(logs, 0)
        self.out: dict[Place, list[Record]] = {place: [] for place in logs}

    def fetch(self, counts: Mapping[Place, int]) -> None:
        """Read on in some partitions, as far as there is anything."""
        read = {}
        for place, count in counts.items():
            begin = self.fetched[place]
            read[place] = self.logs[place][begin : begin + count]
            self.fetched[place] += len(read[place])
        self.ahead.add(read)

    def held(self, place: Place) -> list[Record]:
        """What was read and has not come out."""
        return self.logs[place][len(self.out[place]) : self.fetched[place]]

    @property
    def reached(self) -> dict[Place, int]:
        """Where the consumer stands: after the last record that it has read."""
        return {
            place: self.logs[place][count - 1].offset + 1 if count else 0
            for place, count in self.fetched.items()
        }

    @property
    def at_end(self) -> set[Place]:
        return {place for place, log in self.logs.items() if self.fetched[place] == len(log)}

    def take(self, most: int) -> Taken:
        taken = self.ahead.take(self.reached, self.at_end, most)
        for place, records in taken.records.items():
            self.out[place] += records
        return taken

    def ready(self) -> int:
        """How many of the records held lie before the horizon."""
        horizon = self.horizon()
        return sum(
            next((at for at, one in enumerate(held) if one.timestamp > horizon), len(held))
            for held in map(self.held, self.logs)
        )

    def horizon(self) -> float:
        """The oldest of the last timestamps of partitions that go on."""
        going_on = self.logs.keys() - self.at_end
        last = [held[-1].timestamp if (held := self.held(place)) else 0 for place in going_on]
        return min(last, default=float("inf"))


def a_log(steps: Iterable[tuple[int, int]]) -> list[Record]:
    """A partition: each record so many offsets and milliseconds after the one before."""
    offsets = accumulate(gap for gap, _ in steps)
    stamps = accumulate(later for _, later in steps)
    return [Record(*pair) for pair in zip(offsets, stamps, strict=True)]


def filled(*timestamps: list[int]) -> Partitions:
    """Partitions whose records, without holes, were all read but for a last one each."""
    logs = {
        place: [*(Record(n, at) for n, at in enumerate(stamps)), Record(len(stamps), PLENTY)]
        for place, stamps in zip(PLACES, timestamps, strict=False)
    }
    held = Partitions(logs)
    held.fetch({place: len(log) - 1 for place, log in logs.items()})
    return held


# A clock may be set back, and then a timestamp is less than the one before.
logs = st.lists(st.tuples(st.integers(1, 3), st.integers(-1, 4)), max_size=12).map(a_log)
partitions = st.fixed_dictionaries(dict.fromkeys(PLACES, logs)).map(Partitions)
reading = st.fixed_dictionaries(dict.fromkeys(PLACES, st.integers(0, 5)))
steps = st.lists(st.tuples(reading, st.integers(1, 8)), max_size=12)


@given(partitions, steps)
def test_whatever_goes_in_comes_out_once_and_in_order(
    read: Partitions, turns: list[tuple[dict[Place, int], int]]
) -> None:
    for counts, most in turns:
        read.fetch(counts)
        read.take(most)
    read.fetch(dict.fromkeys(PLACES, PLENTY))
    read.take(PLENTY)
    assert read.out == read.logs
    assert len(read.ahead) == 0


@given(partitions, steps)
def test_a_partition_is_read_next_where_the_first_record_is_held_or_the_consumer_stands(
    read: Partitions, turns: list[tuple[dict[Place, int], int]]
) -> None:
    for counts, most in turns:
        read.fetch(counts)
        taken = read.take(most)
        wanted = {
            place: held[0].offset if (held := read.held(place)) else read.reached[place]
            for place in PLACES
        }
        assert taken.next == wanted
        assert len(read.ahead) == sum(len(read.held(place)) for place in PLACES)


@given(partitions, steps)
def test_nothing_goes_on_beyond_the_oldest_last_timestamp_of_partitions_that_go_on(
    read: Partitions, turns: list[tuple[dict[Place, int], int]]
) -> None:
    for counts, most in turns:
        read.fetch(counts)
        horizon = read.horizon()
        taken = read.take(most)
        assert all(record.timestamp <= horizon for row in taken.records.values() for record in row)


@given(partitions, steps)
def test_as_many_go_on_as_were_asked_for_and_hardly_more(
    read: Partitions, turns: list[tuple[dict[Place, int], int]]
) -> None:
    for counts, most in turns:
        read.fetch(counts)
        ready = read.ready()
        count = sum(map(len, read.take(most).records.values()))
        assert min(most, ready) <= count <= min(most + len(PLACES), ready)


def test_partitions_are_read_side_by_side() -> None:
    read = filled([10, 20, 30], [15, 25])
    assert read.take(PLENTY).records == {
        PLACES[0]: [Record(0, 10), Record(1, 20)],
        PLACES[1]: [Record(0, 15), Record(1, 25)],
    }


def test_a_partition_at_its_end_holds_nobody_up_and_is_held_up_by_the_others() -> None:
    read = filled([10, 20, 30], [15, 25])
    taken = read.ahead.take(read.reached, {PLACES[1]}, PLENTY)
    assert [len(taken.records[place]) for place in PLACES[:2]] == [3, 2]

    read = filled([10, 20], [15, 25])
    taken = read.ahead.take(read.reached, {PLACES[1]}, PLENTY)
    assert [len(taken.records[place]) for place in PLACES[:2]] == [2, 1]


def test_a_partition_that_goes_on_and_was_not_read_yet_holds_everybody_up() -> None:
    read = filled([10, 20], [])
    assert read.take(PLENTY) == Taken({PLACES[0]: []}, {PLACES[0]: 0, PLACES[1]: 0})


def test_partitions_share_what_may_go_on_by_what_they_hold() -> None:
    read = filled([1] * 60, [1] * 30)
    taken = read.take(30)
    assert [len(taken.records[place]) for place in PLACES[:2]] == [20, 10]


def test_what_the_consumer_has_passed_and_nobody_holds_is_done_with() -> None:
    ahead = ReadAhead()
    assert ahead.take({PLACES[0]: 41}, PLACES, 10) == Taken({}, {PLACES[0]: 41})


def test_what_is_read_again_from_elsewhere_is_forgotten() -> None:
    read = filled([10, 20], [15])
    read.ahead.clear()
    assert len(read.ahead) == 0
    assert read.ahead.take({PLACES[0]: 0}, PLACES, PLENTY) == Taken({}, {PLACES[0]: 0})


def test_of_large_messages_fewer_go_on_at_once() -> None:
    ahead = ReadAhead()
    megabyte = b"x" * (1 << 20)
    ahead.add({PLACES[0]: [Record(n, n, None, megabyte) for n in range(10)]})
    fitting = BYTES_TAKEN // (len(megabyte) + PER_RECORD)
    assert ahead.ready(PLACES[:1], PLACES, fitting)
    assert ahead.ready(PLACES[:1], PLACES, PLENTY)
    taken = ahead.take({PLACES[0]: 1_000}, PLACES, PLENTY)
    assert len(taken.records[PLACES[0]]) == fitting
    assert not ahead.ready(PLACES[:1], PLACES, PLENTY)


def test_a_message_larger_than_all_that_goes_on_at_once_goes_on_alone() -> None:
    ahead = ReadAhead()
    ahead.add({PLACES[0]: [Record(n, n, None, b"x" * 2 * BYTES_TAKEN) for n in range(2)]})
    taken = ahead.take({PLACES[0]: 2}, PLACES, PLENTY)
    assert [record.offset for record in taken.records[PLACES[0]]] == [0]
    assert taken.next == {PLACES[0]: 1}


def test_those_are_read_on_in_that_hold_up_the_others_and_where_none_does_all() -> None:
    ahead = ReadAhead()
    for place, last in zip(PLACES, (30, 10, 10), strict=True):
        ahead.add({place: [Record(0, last)]})
    assert ahead.wants(PLACES, at_end=()) == PLACES[1:]
    assert ahead.wants(PLACES, at_end={PLACES[1]}) == [PLACES[2]]
    assert ahead.wants(PLACES, at_end=PLACES[1:]) == [PLACES[0]]
    assert ahead.wants(PLACES, at_end=PLACES) == PLACES
    assert ahead.wants([], at_end=()) == []


@given(partitions, steps)
def test_it_is_known_whether_so_many_may_go_on(
    read: Partitions, turns: list[tuple[dict[Place, int], int]]
) -> None:
    for counts, most in turns:
        read.fetch(counts)
        assert read.ahead.ready(read.reached, read.at_end, most) == (read.ready() >= most)
        read.take(most)


@given(
    every=st.lists(st.sampled_from([1, 2, 7, 50, 400]), min_size=1, max_size=60),
    size=st.sampled_from([200, 700, 2_000]),
)
@settings(max_examples=10, deadline=None)
def test_batches_are_whole_and_little_waits_whatever_partitions_are_told(
    every: list[int], size: int
) -> None:
    """Read as a session does, of many partitions that are told now and then or all the time."""
    logs = {
        ("orders", number): [Record(n, at) for n, at in enumerate(range(0, 4_000, step))]
        for number, step in enumerate(every)
    }
    read, batches, most = Partitions(logs), [], 0
    while any(len(read.out[place]) < len(log) for place, log in logs.items()):
        while not read.ahead.ready(logs, read.at_end, size) and read.at_end < logs.keys():
            read.fetch({read.ahead.wants(sorted(logs), read.at_end)[0]: FEW})
        most = max(most, len(read.ahead))
        batches.append(sum(map(len, read.take(size).records.values())))
    assert all(batch >= size for batch in batches[:-1])
    assert most < size + FEW * (len(logs) + 1)
