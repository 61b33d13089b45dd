from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.compliance.law.standards import Catalogue, Insured, beside, extreme
from shared.domain import calendar
from shared.domain.records.product import Listed
from tests.support.builders import POLICIES, law_of
from tests.support.events import an_event

NOON = datetime(2022, 1, 1, 12, tzinfo=UTC)
HOURS = st.integers(0, 24).map(lambda hours: NOON + timedelta(hours=hours))
LISTED = an_event("product.listed")
(SX,) = POLICIES.of("cn-sx")


def catalogue(*events: object) -> Catalogue:
    return Catalogue(law_of(*events), "cn-sx", SX)  # type: ignore[arg-type]


(ANYTHING,) = catalogue(LISTED).of("P1")
PARTS = st.lists(
    st.tuples(HOURS, HOURS, st.integers(1, 4)).map(
        lambda it: ANYTHING._replace(start=min(it[:2]), end=max(it[:2]), product=f"P{it[2]}")
    )
)


def number(part: Insured) -> Fraction:
    return Fraction(int(part.product[1:]))


@given(PARTS, HOURS, st.sampled_from([min, max]))
def test_the_extreme_of_an_instant_is_that_of_all_that_last_then(
    parts: list[Insured], at: datetime, most: Callable[[list[Fraction]], Fraction]
) -> None:
    there = [number(part) for part in parts if part.start <= at < part.end]
    found = extreme(parts, number, highest=most is max)
    measured = [one.amount for one in found if one.start <= at < one.end]
    assert measured == ([most(there)] if there else [])
    seen = [one.amount for whole in parts for start, end, one in beside(whole, found)]
    assert len(seen) >= len([part for part in parts if part.start < part.end])


def test_a_product_is_its_cycle_in_its_stretch_and_its_listing_outside() -> None:
    held = catalogue(
        an_event("product.selected", cycle_start="2022-03-01", cycle_end="2023-03-01"),
        an_event("product.listed", consistency_passed=True),
        an_event("standard.set", effective_on="2022-06-01", standard_price="0.50"),
    ).of("P1")
    bounds = [date(2021, 12, 17), date(2022, 3, 1), date(2022, 6, 1), date(2023, 3, 1)]
    assert [calendar.day_of(part.start) for part in held] == bounds
    assert [isinstance(part.told, Listed) for part in held] == [True, False, False, True]
    assert [part.paid for part in held] == [None, None, Fraction(1, 2), Fraction(1, 2)]
    assert [part.asked for part in held] == [None, Fraction(9, 25), Fraction(9, 25), None]


def test_what_is_outside_the_catalogue_is_nothing() -> None:
    assert catalogue(an_event("product.listed", in_catalogue=False)).of("P1") == []
    assert catalogue().of("P1") == []


def test_kin_are_those_told_of_the_variety_while_they_are_of_it() -> None:
    moved = an_event(
        *("product.selected", "2021-01-01 00:00:00"),
        variety="V2",
        cycle_start="2023-01-01",
        cycle_end="2024-01-01",
    )
    held = catalogue(an_event("product.selected"), moved, an_event("product.listed", product="P2"))
    assert [part.product for part in held.kin("variety/V1")] == ["P1", "P2"]
    assert [part.product for part in held.kin("variety/V2")] == ["P1"]
    assert held.incomparable("variety/V1") is None


def test_a_variety_of_which_some_have_an_equivalent_and_some_have_none_is_incomparable() -> None:
    told = [an_event("product.listed", equivalent=5), an_event("product.listed", product="P2")]
    missing = catalogue(*told).incomparable("variety/V1")
    assert missing is not None
    assert missing.term == "product.equivalent"
    assert catalogue(told[0]).incomparable("variety/V1") is None
    # A quantity of nothing is no quantity: it makes nothing comparable.
    assert (
        catalogue(an_event("product.listed", equivalent="0"), told[1]).incomparable("variety/V1")
        is None
    )
