"""What the broker no longer holds although nobody had read it, by where we stood."""

from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from shared.adapters.broker import Bounds

Cause = Literal["removed", "made_again", "cut_off"]
"""Retention or a person removed it; the topic was made again; the log ends before where we are."""


class Held(Protocol):
    """Where a partition was believed to stand; offsets are ours.

    They are the broker's and `base`, which is what topics of this name held before they were made
    again. `topic_id` is None until the topic was first seen; `end` is where it ended at the last
    look.
    """

    @property
    def next(self) -> int:
        """The next offset to read."""

    @property
    def base(self) -> int:
        """What ours are more than the broker's."""

    @property
    def topic_id(self) -> UUID | None:
        """Which topic it was."""

    @property
    def end(self) -> int:
        """Where it ended at the last look."""


class Loss(NamedTuple):
    """Offsets `[first, next)` of a partition that nobody can read any more, as ours are counted.

    None may have been told there: of a topic made again nobody knows what came after the last look.
    `base` and `following` are from where the partition is read from now on.
    """

    cause: Cause
    first: int
    next: int
    topic_id: UUID | None
    base: int
    following: int


def lost(hold: Held, topic_id: UUID, bounds: Bounds) -> Loss | None:
    """Compare where a partition was believed to stand with what the broker holds.

    A log that ends before where we are is `cut_off`: a broker that was no full replica has taken
    it over. It shows for a moment after each change of leaders, so whoever asks waits a little.
    """
    if hold.topic_id is not None and hold.topic_id != topic_id:
        base = max(hold.next, hold.end)
        following = base + bounds.begin
        return Loss("made_again", hold.next, following, hold.topic_id, base, following)
    begin, end = hold.base + bounds.begin, hold.base + bounds.end
    if end < hold.next:
        return Loss("cut_off", end, hold.next, topic_id, hold.next - bounds.end, hold.next)
    if begin > hold.next:
        return Loss("removed", hold.next, begin, topic_id, hold.base, begin)
    return None
