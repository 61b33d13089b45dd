"""Which partitions have their turn when there is more than one fetch takes."""

from faust.types import TP

from shared.tally.bus import TIMES_AT_MOST, Turns

REGISTER = TP("vbp.register.v1", 0)
ALL = {REGISTER, *(TP(f"vbp.{name}.v1", n) for name in ("orders", "deliveries") for n in range(3))}


def numbers(turns: Turns) -> list[set[int]]:
    return [{tp.partition for tp in some} for some in turns.of(ALL)]


def test_the_register_comes_first_then_all_topics_of_one_number_together() -> None:
    first, *others = Turns().of(ALL)
    assert first == {REGISTER}
    assert [len(some) for some in others] == [2, 2, 2]
    assert set().union(first, *others) == ALL


def test_a_number_is_read_on_while_it_has_something_and_then_the_next() -> None:
    turns = Turns()
    (at,) = [some for some in turns.of(ALL) if TP("vbp.orders.v1", 1) in some]
    turns.had(at)
    assert numbers(turns)[1:] == [{1}, {2}, {0}]


def test_a_number_that_never_ends_gives_way_to_the_others() -> None:
    turns, seen = Turns(), []
    for _ in range(3 * TIMES_AT_MOST):
        _, some, *_ = turns.of(ALL)
        seen.append(next(iter(some)).partition)
        turns.had(some)
    assert seen == [n for n in range(3) for _ in range(TIMES_AT_MOST)]


def test_a_register_that_never_ends_does_not_move_the_turns_of_the_others() -> None:
    turns = Turns()
    before = numbers(turns)
    for _ in range(3 * TIMES_AT_MOST):
        turns.had({REGISTER})
    assert numbers(turns) == before
