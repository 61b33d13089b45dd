"""What is derived from things that never change and have no hash, such as the rules of a policy."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Of = TypeVarTuple("Of")

MANY = 1_024
"""How many answers are kept of a function: policies, and kinds of record, are some dozens."""


def recalled(derive: Callable[[*Of], T]) -> Callable[[*Of], T]:
    """Remember what a function gave for the very same things, which never change.

    They are told apart by identity, and kept as long as the answer: no other can take their place.
    """
    held: dict[tuple[int, ...], tuple[tuple[*Of], T]] = {}

    @wraps(derive)
    def recall(*of: *Of) -> T:
        key = tuple(map(id, of))
        found = held.get(key)
        if found is None:
            if len(held) >= MANY:
                held.clear()
            found = held[key] = of, derive(*of)
        return found[1]

    return recall
