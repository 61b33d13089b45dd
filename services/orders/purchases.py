"""What an order adds to the figures of purchase progress; docs/months.md tells the definitions."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from shared.domain import calendar
from shared.domain.records.order import Order
from shared.domain.records.order_facts import Placed
from shared.tally.book import Book, Folded
from shared.tally.register import Register
from shared.tally.tables import Contribution, Contributions, Table, Total

PURCHASE = Total(
    {
        "jurisdiction": "text",
        "month": "int",
        "hospital": "text",
        "area": "text",
        "product": "text",
        "distributor": "text",
    },
    {
        "orders": "bigint",
        "ordered": "numeric",
        "cancelled": "numeric",
        "accepted": "numeric",
        "returned": "numeric",
        "ordered_amount": "numeric",
        "accepted_amount": "numeric",
        "returned_amount": "numeric",
    },
    (
        Table("purchase_of_product", ("jurisdiction", "month", "area", "product")),
        Table("purchase_of_hospital", ("jurisdiction", "month", "area", "hospital")),
        Table("purchase", ("jurisdiction", "month", "hospital", "area", "product", "distributor")),
    ),
)
COMPLETION = Total(
    {
        "jurisdiction": "text",
        "month": "int",
        "agreement": "text",
        "area": "text",
        "hospital": "text",
        "product": "text",
        "since": "int",
        "until": "int",
    },
    {
        "accepted": "numeric",
        "returned": "numeric",
        "accepted_amount": "numeric",
        "returned_amount": "numeric",
    },
    (
        Table(
            "completion_of_product",
            ("jurisdiction", "month", "area", "product", "since", "until"),
        ),
        Table(
            "completion_of_hospital",
            ("jurisdiction", "month", "area", "hospital", "since", "until"),
        ),
        Table("completion_to_date", ("jurisdiction", "month", "agreement"), to_date=True),
    ),
)
"""Days are numbers: 20220301. The agreements of one area and product (or hospital) that have the
same days are summed together: on any day, all of them are in force or none is."""

_PURCHASE, _COMPLETION = 0, 1


class _Bought:
    """What one order adds to one month, in units."""

    def __init__(self) -> None:
        self.orders = self.ordered = self.cancelled = self.accepted = self.returned = 0

    def sums(self, price: Decimal) -> tuple[tuple[int, ...], tuple[Decimal, ...]]:
        """Give counts, and amounts of money at the order's price."""
        counts = (self.orders, self.ordered, self.cancelled, self.accepted, self.returned)
        return counts, (self.ordered * price, self.accepted * price, self.returned * price)


def fold(where: str, _order: str, record: Order, register: Register) -> Folded:
    """Give what an order contributes: nothing until it is told that it was placed."""
    placed = record.placed
    if placed is None:
        return Folded((), [])
    return Folded(
        (), [*_purchases(where, record, placed), *_completions(where, record, placed, register)]
    )


def _purchases(where: str, record: Order, placed: Placed) -> Contributions:
    months: dict[int, _Bought] = defaultdict(_Bought)
    began = months[month_of(calendar.day_of(placed.telling.time))]
    began.orders, began.ordered = 1, placed.quantity
    if record.cancelled is not None:
        began.cancelled = placed.quantity
    for day, accepted, returned in _by_day(record):
        bought = months[month_of(day)]
        bought.accepted += accepted
        bought.returned += returned
    return [
        Contribution(
            _PURCHASE,
            (where, month, placed.hospital, placed.area, placed.product, placed.distributor),
            *bought.sums(placed.unit_price),
        )
        for month, bought in months.items()
    ]


def _completions(where: str, record: Order, placed: Placed, register: Register) -> Contributions:
    """Count towards every agreement between hospital and product that has the day in it."""
    price, hospital, product = placed.unit_price, placed.hospital, placed.product
    agreements = register.between.get((where, product, hospital), ())
    if not agreements:
        return []
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for day, accepted, returned in _by_day(record):
        for agreement in agreements:
            if agreement.in_force(day):
                held = sums[month_of(day), agreement.agreement]
                held[0] += accepted
                held[1] += returned
    area = register.area_of(where, hospital) or ""
    days = {one.agreement: (day_number(one.start), day_number(one.end)) for one in agreements}
    return [
        Contribution(
            _COMPLETION,
            (where, month, agreement, area, hospital, product, *days[agreement]),
            (accepted, returned),
            (accepted * price, returned * price),
        )
        for (month, agreement), (accepted, returned) in sums.items()
    ]


def _by_day(record: Order) -> list[tuple[date, int, int]]:
    """Give what was accepted and returned, with the day of either."""
    received = [
        (calendar.day_of(fact.telling.time), fact.accepted, 0)
        for fact in record.receipts.values()
        if fact.accepted
    ]
    back = [
        (calendar.day_of(fact.telling.time), 0, fact.quantity) for fact in record.returns.values()
    ]
    return received + back


def month_of(day: date) -> int:
    """Give the month of a day as a number: 202203."""
    return day.year * 100 + day.month


def day_number(day: date) -> int:
    """Give a day as a number: 20220301."""
    return month_of(day) * 100 + day.day


BOOK = Book(columns={}, totals=(PURCHASE, COMPLETION), fold=fold, edition="3")
