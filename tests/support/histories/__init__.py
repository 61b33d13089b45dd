"""Small random histories of one jurisdiction, thick with the instants that decide."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.support.histories.conflicts import add_noise
from tests.support.histories.journal import Event
from tests.support.histories.moments import moment
from tests.support.histories.orders import place_orders
from tests.support.histories.register import set_scene
from tests.support.histories.supply import supply_and_report
from tests.support.histories.whole import whole_history, whole_moment, whole_policies

__all__ = [
    "Event",
    "histories",
    "history",
    "moment",
    "moments",
    "smallest",
    "whole_histories",
    "whole_history",
    "whole_moment",
    "whole_policies",
]

SEEDS = st.integers(min_value=0, max_value=2**48 - 1)


def history(chance: Random) -> list[Event]:
    """One history: valid structured CloudEvents, shuffled, some of them told twice."""
    scene = set_scene(chance)
    place_orders(scene)
    supply_and_report(scene)
    add_noise(scene)
    chance.shuffle(scene.journal.events)
    return scene.journal.events


def histories() -> st.SearchStrategy[list[Event]]:
    """Histories drawn by a seed, for speed; `smallest` makes a failing one readable."""
    return SEEDS.map(lambda seed: history(Random(seed)))


def whole_histories() -> st.SearchStrategy[list[Event]]:
    """Histories of all events, drawn by a seed as `histories` are."""
    return SEEDS.map(lambda seed: whole_history(Random(seed)))


def moments(told: list[Event]) -> st.SearchStrategy[datetime]:
    """Instants to ask at: on or a second around the deciding ones, or well after all of them."""
    return SEEDS.map(lambda seed: moment(Random(seed), told))


def smallest(told: list[Event], fails: Callable[[list[Event]], Any]) -> list[Event]:
    """A history that still fails and of which no single event can be left out."""
    kept = list(told)
    size = max(len(kept) // 2, 1)
    while True:
        at = 0
        while at < len(kept):
            without = kept[:at] + kept[at + size :]
            if fails(without):
                kept = without
            else:
                at += size
        if size == 1:
            break
        size = size // 2
    return kept if len(kept) == len(told) else smallest(kept, fails)
