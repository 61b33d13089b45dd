from datetime import date
from decimal import Decimal

from services.compliance.law.eras import eras
from services.compliance.law.supply_period import Stretch
from shared.domain import calendar
from shared.domain.records.product import Cycle
from shared.domain.records.telling import stored
from tests.support.events import an_event

TELLING = stored(an_event("product.selected"))


def a_stretch(manufacturer: str, first: int, last: int) -> Stretch:
    start, end = date(2022, first, 1), date(2022, last, 1)
    cycle = Cycle(TELLING, "drug", manufacturer, Decimal(1), start, end)
    return Stretch(cycle, calendar.start_of(start), calendar.start_of(end))


def test_stretches_of_one_winner_that_touch_are_one_era() -> None:
    told = [
        a_stretch("M1", 1, 3),
        a_stretch("M1", 3, 4),
        a_stretch("M2", 4, 6),
        a_stretch("M2", 7, 8),
        a_stretch("M1", 8, 9),
    ]
    found = eras(told)
    months = [(era.manufacturer, calendar.day_of(era.start).month) for era in found]
    assert months == [("M1", 1), ("M2", 4), ("M2", 7), ("M1", 8)]
    assert found[0].cycles == (told[0].cycle, told[1].cycle)
    assert found[0].end == told[1].end
    assert [found[0].holds(at) for at in (told[0].start, told[1].end)] == [True, False]


def test_a_product_that_nobody_won_has_none() -> None:
    assert eras([]) == []
