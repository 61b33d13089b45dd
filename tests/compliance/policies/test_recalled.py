"""What is derived of things without a hash is derived once for the very same thing."""

from services.compliance.policies import recalled as module
from services.compliance.policies.recalled import recalled


def test_the_same_things_are_asked_once_and_equal_ones_are_others() -> None:
    asked: list[list[int]] = []

    @recalled
    def lengths(one: list[int], other: list[int]) -> int:
        asked.append(one)
        return len(one) + len(other)

    one, other = [1], [2, 3]
    assert [lengths(one, other) for _ in range(3)] == [3, 3, 3]
    assert len(asked) == 1
    assert lengths([1], other) == 3
    assert lengths(other, one) == 3
    assert len(asked) == 3


def test_what_is_made_where_another_was_never_has_its_answer() -> None:
    @recalled
    def first(held: list[int]) -> int:
        return held[0]

    # Each list would be made where the one before it was, if that were not kept.
    assert [first([number]) for number in range(3 * module.MANY)] == [*range(3 * module.MANY)]
