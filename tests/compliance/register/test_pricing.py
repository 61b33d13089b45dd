from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from services.compliance.register.pricing import Prices, Standards
from tests.support.events import an_event


@pytest.mark.parametrize(
    ("holds", "kind", "field"),
    [(Prices, "price.listed", "price"), (Standards, "standard.set", "standard_price")],
)
def test_of_a_day_the_last_telling_holds_whatever_arrives_first(
    holds: type[Prices | Standards], kind: str, field: str
) -> None:
    told = [
        an_event(kind, "2022-01-01 09:00:00", effective_on="2022-01-01", **{field: "0.40"}),
        an_event(kind, "2022-01-02 09:00:00", effective_on="2022-01-01", **{field: "0.360"}),
        an_event(kind, "2022-01-01 09:00:00", effective_on="2022-03-01", **{field: "0.30"}),
        an_event("product.selected"),
    ]
    for events in permutations([*told, told[1]]):
        held = holds()
        for event in events:
            held.merge(event)
        assert {day: one.price for day, one in held.of_day.items()} == {
            date(2022, 1, 1): Decimal("0.360"),
            date(2022, 3, 1): Decimal("0.30"),
        }
