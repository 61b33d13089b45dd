from datetime import date
from decimal import Decimal
from itertools import permutations

from shared.domain.records.product import Product
from tests.support.events import an_event


def test_another_start_adds_a_cycle_and_the_same_one_corrects_it() -> None:
    told = [
        an_event("product.selected", "2021-12-01 09:00:00", selected_price="0.36"),
        an_event("product.selected", "2021-12-02 09:00:00", selected_price="0.30"),
        an_event("product.selected", cycle_start="2023-01-01", cycle_end="2024-01-01"),
    ]
    for events in permutations(told):
        product = Product()
        for event in events:
            product.merge(event)
        assert sorted(product.cycles) == [date(2022, 1, 1), date(2023, 1, 1)]
        assert product.cycles[date(2022, 1, 1)].selected_price == Decimal("0.30")


def test_the_last_telling_of_an_exit_holds() -> None:
    product = Product()
    product.merge(an_event("product.deselected", "2022-05-02 09:00:00", on="2022-06-01"))
    product.merge(an_event("product.deselected", "2022-05-01 09:00:00", on="2022-07-01"))
    assert product.deselected is not None
    assert product.deselected.on == date(2022, 6, 1)


def test_a_product_may_only_be_listed() -> None:
    product = Product()
    product.merge(an_event("product.listed"))
    product.merge(an_event("hospital.enrolled"))
    assert product.listed is not None
    assert product.cycles == {}
