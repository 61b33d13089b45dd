"""What an order line adds to the scorecards; docs/months.md tells the definitions."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import ceil
from typing import NamedTuple

from shared.domain import calendar
from shared.domain.records.order import Order
from shared.domain.records.order_facts import Placed
from shared.tally.book import Book, Folded
from shared.tally.register import Register, Untold
from shared.tally.tables import Contribution, Table, Total


class Promises(NamedTuple):
    """What the policy in force on a day says where order and agreement say nothing.

    Hours to answer and to deliver, None where it sets none; `grace` is for how long after its due a
    delivery still counts as delivered; `excused` are reasons for which a supplier may refuse, and
    `quality` words that say that goods were rejected for their quality.
    """

    response_hours: float | None
    urgent_response_hours: float | None
    delivery_hours: float | None
    urgent_delivery_hours: float | None
    remote_delivery_hours: float | None
    grace: timedelta
    excused: frozenset[str]
    quality: tuple[str, ...]


Promised = Callable[[str, date], Promises | None]
"""Gives what was promised in a jurisdiction on a day; None where no policy was in force."""

SUMS = {
    "lines": "bigint",
    "asked": "bigint",
    "prompt": "bigint",
    "due": "bigint",
    "on_time": "bigint",
    "owed": "bigint",
    "whole": "bigint",
    "ordered": "numeric",
    "delivered": "numeric",
    "checked": "numeric",
    "failed": "numeric",
}
CARD = Total(
    {
        "jurisdiction": "text",
        "month": "int",
        "distributor": "text",
        "area": "text",
        "remote": "int",
        "manufacturer": "text",
        "product": "text",
        "hours": "int",
    },
    SUMS,
    (
        Table("card_of_distributor", ("jurisdiction", "month", "distributor", "area", "remote")),
        Table("card_of_product", ("jurisdiction", "month", "manufacturer", "product")),
        Table(
            "card_of_product_in_area",
            ("jurisdiction", "month", "area", "remote", "manufacturer", "product"),
        ),
    ),
)
ANSWERS = CARD._replace(
    tables=tuple(
        Table(f"answers_of_{name}", ("jurisdiction", "month", *keys, "hours"), ("lines",))
        for name, keys in (
            ("area", ("area", "remote")),
            ("distributor", ("distributor",)),
            ("distributor_in_area", ("distributor", "area", "remote")),
            ("product", ("manufacturer", "product")),
        )
    )
)
"""How many answers took how many whole hours: medians are counted from these."""

_COUNTED = CARD._replace(tables=CARD.tables + ANSWERS.tables)

COLUMNS = {
    "month": "int",
    "area": "text",
    "hospital": "text",
    "distributor": "text",
    "manufacturer": "text",
    "product": "text",
    "remote": "int",
    "hours": "int",
    "answer_at": "timestamptz",
    "due_at": "timestamptz",
    "cut_at": "timestamptz",
    **dict.fromkeys(SUMS, "smallint"),
    "ordered": "bigint",
    "delivered": "bigint",
    "checked": "numeric",
    "failed": "numeric",
}

NEVER_ANSWERED = -1
"""The hours of a line that was not answered, or need not be."""

UNKNOWN = -1
"""The remoteness of a hospital that nobody enrolled."""

LONGEST_HOURS = 9_999
_HOUR = timedelta(hours=1)


class Line:
    """One order line, under what holds for it."""

    def __init__(
        self, where: str, record: Order, placed: Placed, register: Register, promised: Promised
    ) -> None:
        self.record = record
        self.placed = placed
        self.day = calendar.day_of(placed.telling.time)
        self.promises = promised(where, self.day)
        self.agreement = register.agreement_for(where, placed, self.day)
        hospital = register.hospital_on(where, placed.hospital, self.day)
        self.remote = UNKNOWN if hospital is None else int(hospital.remote)
        self.area = placed.area if hospital is None else hospital.area
        told = register.told_of(where, placed.product, self.day)
        self.manufacturer = (told and told.manufacturer) or ""
        self.answer_at = self._after(self._answer_hours())
        self.due_at = placed.deliver_by or self._after(self._delivery_hours())
        grace = timedelta(0) if self.promises is None else self.promises.grace
        self.cut_at = None if self.due_at is None else min(self.due_at + grace, calendar.LATEST)

    def _after(self, hours: float | None) -> datetime | None:
        if hours is None:
            return None
        return self.placed.telling.time + timedelta(hours=hours)

    def _answer_hours(self) -> float | None:
        return self._agreed("urgent_response_hours" if self.placed.urgent else "response_hours")

    def _delivery_hours(self) -> float | None:
        """Give the agreement's hours, else the policy's: urgent comes before remote."""
        if self.placed.urgent:
            return self._agreed("urgent_delivery_hours")
        by_policy = "delivery_hours"
        if self.remote == UNKNOWN:
            by_policy = ""
        elif self.remote:
            by_policy = "remote_delivery_hours"
        return self._agreed("delivery_hours", by_policy)

    def _agreed(self, name: str, by_policy: str | None = None) -> float | None:
        if isinstance(self.agreement, Untold):
            return None
        own = None if self.agreement is None else getattr(self.agreement, name)
        if own is not None:
            return float(own)
        standing = name if by_policy is None else by_policy
        if self.promises is None or not standing:
            return None
        hours: float | None = getattr(self.promises, standing)
        return hours

    @property
    def month(self) -> int:
        """The month in which delivery fell due; where nobody can say, that of placing."""
        day = self.day if self.due_at is None else calendar.day_of(self.due_at)
        return day.year * 100 + day.month

    @property
    def asked(self) -> bool:
        """Whether an answer was owed: not if the hospital took the order back before."""
        return self.answer_at is not None and not self.record.cancelled_by(self.answer_at)

    @property
    def hours(self) -> int:
        """Whole hours from placing to the first answer, begun ones counted."""
        answer = self.record.answer(calendar.LATEST) if self.asked else None
        if answer is None:
            return NEVER_ANSWERED
        return max(0, min(ceil((answer.at - self.placed.telling.time) / _HOUR), LONGEST_HOURS))

    def left_out(self, by: datetime) -> bool:
        """Whether nothing was owed: taken back by its due, or refused by then, excused."""
        if self.due_at is None or self.record.cancelled_by(self.due_at):
            return True
        reasons = {fact.reason for fact in self.record.rejections if fact.telling.time <= by}
        excused = frozenset() if self.promises is None else self.promises.excused
        return bool(reasons) and reasons <= excused

    def sums(self) -> tuple[int, ...]:
        """Give what the line adds, in the order of SUMS."""
        record, placed = self.record, self.placed
        prompt = self.asked and self.answer_at is not None and record.answered_by(self.answer_at)
        due = on_time = owed = whole = ordered = delivered = 0
        if self.due_at is not None and not self.left_out(self.due_at):
            due, on_time = 1, int(record.arrived_by(self.due_at) >= placed.quantity)
        if self.cut_at is not None and not self.left_out(self.cut_at):
            there = min(placed.quantity, record.arrived_by(self.cut_at))
            owed, whole = 1, int(there == placed.quantity)
            ordered, delivered = placed.quantity, there
        checked = sum(fact.accepted + fact.rejected for fact in record.receipts.values())
        return (
            1,
            int(self.asked),
            int(prompt),
            due,
            on_time,
            owed,
            whole,
            ordered,
            delivered,
            checked,
            self._failed(),
        )

    def _failed(self) -> int:
        words = () if self.promises is None else self.promises.quality
        return sum(
            fact.rejected
            for fact in self.record.receipts.values()
            if fact.reason and any(word in fact.reason.lower() for word in words)
        )


def book(promised: Promised, edition: str) -> Book:
    """Make the book of a service that knows what was promised; `edition` names which promises."""

    def fold(where: str, _order: str, record: Order, register: Register) -> Folded:
        placed = record.placed
        if placed is None:
            return Folded((None,) * len(COLUMNS), [])
        line = Line(where, record, placed, register, promised)
        sums, hours, month = line.sums(), line.hours, line.month
        columns = (
            *(month, line.area, placed.hospital, placed.distributor),
            *(line.manufacturer, placed.product),
            *(line.remote, hours),
            *(line.answer_at, line.due_at, line.cut_at, *sums),
        )
        key = (where, month, placed.distributor, line.area, line.remote)
        of = (line.manufacturer, placed.product, hours)
        return Folded(columns, [Contribution(0, (*key, *of), sums)])

    return Book(columns=COLUMNS, totals=(_COUNTED,), fold=fold, edition=f"3 {edition}")
