"""What terms derive from the law once, when they are first asked for it.

`functools.cached_property` does the same with a lock, which takes longer than most derivations, and
thousands of terms a second are made.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class derived(Generic[T]):  # noqa: N801  # it decorates, as `property` does
    """A property that is derived once for each object, and held among its attributes."""

    def __init__(self, derive: Callable[[Any], T]) -> None:
        self._derive = derive
        self._name = derive.__name__
        self.__doc__ = derive.__doc__

    @overload
    def __get__(self, held: None, of: type) -> "derived[T]": ...

    @overload
    def __get__(self, held: object, of: type) -> T: ...

    def __get__(self, held: object | None, of: type) -> "derived[T] | T":
        """Derive it; whoever asks again finds the attribute itself."""
        if held is None:
            return self
        found = held.__dict__[self._name] = self._derive(held)
        return found
