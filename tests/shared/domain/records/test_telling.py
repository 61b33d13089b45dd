from itertools import permutations
from random import Random

import pytest
from msgspec.structs import replace

from shared.domain.records.order_facts import Accepted
from shared.domain.records.telling import (
    Fact,
    all_told,
    first,
    last,
    latest,
    stored,
    telling_of,
)
from tests.support.events import an_event, heard, instant, said


def tellings() -> list[Accepted]:
    """Three tellings; the second and third at one instant, so that their source decides."""
    events = [
        said("order.accepted", "2022-03-01 09:00:00") | {"source": "/z"},
        said("order.accepted", "2022-03-01 10:00:00") | {"source": "/hospitals/乙"},
        said("order.accepted", "2022-03-01 10:00:00") | {"source": "/hospitals/甲"},
    ]
    return [Accepted(telling_of(heard(event))) for event in events]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_what_happened_the_first_telling_holds_in_whatever_order_they_come(
    order: tuple[int, ...],
) -> None:
    told = tellings()
    held: Accepted | None = None
    for place in order:
        held = first(held, told[place])
    assert held == told[0]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_what_is_set_the_last_telling_holds_in_whatever_order_they_come(
    order: tuple[int, ...],
) -> None:
    told = tellings()
    held: Accepted | None = None
    for place in order:
        held = last(held, told[place])
    assert held == told[2]


def test_texts_are_compared_by_code_point() -> None:
    _, second, third = tellings()
    assert ord("乙") < ord("甲")
    assert first(second, third) == second


def test_of_one_telling_published_twice_the_earlier_publication_is_kept() -> None:
    event = said("order.accepted", "2022-03-01 09:00:00")
    early, late = (
        Accepted(telling_of(heard(event, told, offset)))
        for told, offset in (("2022-03-01 09:00:05", 7), ("2022-03-01 09:00:09", 3))
    )
    for fold in (first, last):
        assert fold(early, late) == fold(late, early) == early
    assert all_told(all_told([], late), early) == [early]


def test_every_telling_is_kept_once_in_the_order_of_tellings() -> None:
    told = tellings()
    kept: list[Accepted] = []
    for fact in Random(1).sample(told * 3, 9):
        kept = all_told(kept, fact)
    assert kept == told


def test_data_told_otherwise_under_the_same_name_is_another_telling() -> None:
    event = said("order.rejected", reason="price")
    other = event | {"data": event["data"] | {"reason": "other"}}
    one, two = (Fact(telling_of(heard(told))) for told in (event, other))
    assert one.telling.digest != two.telling.digest
    assert len(all_told(all_told([], one), two)) == 2


def test_the_order_of_keys_and_spaces_in_data_do_not_matter() -> None:
    event = said("order.rejected", reason="price")
    turned = event | {"data": dict(reversed(event["data"].items()))}
    assert stored(heard(event)) == stored(heard(turned))


def test_only_tellings_whose_time_has_come_can_be_the_latest() -> None:
    told = tellings()
    assert latest(told, instant("2022-03-01 08:59:59")) is None
    assert latest(told, instant("2022-03-01 09:00:00")) == told[0]
    assert latest(told, instant("2022-03-01 10:00:00")) == told[2]


def test_what_a_source_claims_is_the_later_of_time_and_recordedtime() -> None:
    written_down = an_event("order.accepted", "2022-03-01 09:00:00", told="2022-03-03 09:00:00")
    ahead = an_event("order.accepted", "2022-03-05 09:00:00", told="2022-03-03 09:00:00")
    assert telling_of(written_down).claimed == instant("2022-03-03 09:00:00")
    assert telling_of(ahead).claimed == instant("2022-03-05 09:00:00")


def test_when_a_telling_reached_the_bus_does_not_decide_which_holds() -> None:
    told = tellings()
    arrived_first = Accepted(replace(told[2].telling, told=instant("2022-01-01 00:00:00")))
    assert first(told[0], arrived_first) == told[0]
