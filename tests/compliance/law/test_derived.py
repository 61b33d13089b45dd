"""What terms derive once."""

from services.compliance.law.derived import derived


class Held:
    def __init__(self) -> None:
        self.asked = 0

    @derived
    def answer(self) -> int | None:
        """Give how often it was asked."""
        self.asked += 1
        return None if self.asked == 1 else self.asked


def test_what_is_derived_is_derived_once_even_if_it_is_nothing() -> None:
    held = Held()

    assert [held.answer, held.answer] == [None, None]
    assert held.asked == 1


def test_each_object_derives_its_own() -> None:
    one, other = Held(), Held()
    other.asked = 6

    assert (one.answer, other.answer) == (None, 7)


def test_the_class_says_what_is_derived() -> None:
    assert Held.answer.__doc__ == "Give how often it was asked."
