"""Shares that share no prepayment, each filled by itself, held against filling them together."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.compliance.law import filling
from services.compliance.law.shares import Share, filled
from services.compliance.records.funding import Deposit, Funding, Pledge
from shared.domain import calendar

BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)
TOLERANCE = Decimal(1)
AMOUNTS = st.sampled_from([Decimal(text) for text in ("0", "0.5", "1", "1.01", "3.00", "10", "20")])
AGREEMENTS, PRODUCTS, CATEGORIES = ("A1", "A2", "A3"), ("P1", "P2"), ("drug", "consumable")


def pledged(agreement: str, product: str, category: str) -> tuple[str, Pledge]:
    first, told = date(2022, 1, 1), BEGINNING
    return product, Pledge(agreement, first, first, None, 0, category, Decimal(1), told, ())


PLEDGED = st.builds(
    pledged, st.sampled_from(AGREEMENTS), st.sampled_from(PRODUCTS), st.sampled_from(CATEGORIES)
)


@st.composite
def shares(draw: st.DrawFn) -> list[Share]:
    return [
        Share(
            f"{number}",
            None,
            draw(AMOUNTS),
            BEGINNING,
            (date(2022, 1, 1) + timedelta(days=draw(st.integers(0, 3))), "", f"{number}"),
            tuple(draw(st.lists(PLEDGED, max_size=3))),
            (),
        )
        for number in range(draw(st.integers(0, 3)))
    ]


@st.composite
def deposits(draw: st.DrawFn) -> list[Deposit]:
    return [
        Deposit(
            f"Y{number}",
            BEGINNING + timedelta(days=draw(st.integers(0, 5))),
            draw(AMOUNTS),
            draw(st.sampled_from((*AGREEMENTS, None))),
            draw(st.sampled_from((*PRODUCTS, None))),
            draw(st.sampled_from((*CATEGORIES, None))),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


ONE = Share("0", None, Decimal(20), BEGINNING, (date(2022, 1, 1), "", ""), (), ())


@given(shares(), deposits())
@example([ONE], [Deposit(f"Y{at}", BEGINNING, Decimal(10), None, None, None) for at in range(2)])
@settings(max_examples=400, deadline=None)
def test_what_is_left_of_shares_is_what_filling_them_all_together_leaves(
    asked: list[Share], paid: list[Deposit]
) -> None:
    held = filled(asked, Funding(deposits={it.prepayment: it for it in paid}), TOLERANCE)

    ordered = sorted(asked, key=lambda share: share.age)
    debts = [filling.Debt([(calendar.EARLIEST, it.amount)], it.names) for it in ordered]
    told = [(it.time, it.prepayment, it.amount, _names(it)) for it in paid]
    together = filling.fill(debts, [filling.Sum(*one) for one in told], TOLERANCE)
    assert [it.share for it in held] == ordered
    assert [list(it.left) for it in held] == [together.steps(at) for at in range(len(ordered))]


def _names(deposit: Deposit) -> frozenset[filling.Name]:
    told = {
        "agreement": deposit.agreement,
        "product": deposit.product,
        "category": deposit.category,
    }
    return frozenset((name, code) for name, code in told.items() if code is not None)
