"""An order: placed, answered, shipped, received, returned, invoiced."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from typing_extensions import override

from shared.domain import calendar
from shared.domain.records.order_facts import (
    Invoiced,
    Received,
    Rejected,
)
from shared.domain.records.order_told import OrderTold
from shared.domain.records.record import Heard
from shared.domain.records.telling import Fact, OrderKey


class Answer(NamedTuple):
    """When an order was answered, and by which fact."""

    at: datetime
    fact: Fact


class Order(OrderTold, Heard, array_like=True):
    """All that is known of one order, and what a rule asks of it."""

    def as_of(self, now: datetime) -> "Order":
        """Leave out what has not happened yet; `now` in UTC."""
        if self.latest <= now:
            return self

        def happened(fact: Fact | None) -> bool:
            return fact is not None and fact.telling.time <= now

        return Order(
            placed=self.placed if happened(self.placed) else None,
            accepted=self.accepted if happened(self.accepted) else None,
            cancelled=self.cancelled if happened(self.cancelled) else None,
            rejections=[fact for fact in self.rejections if happened(fact)],
            shipments={key: fact for key, fact in self.shipments.items() if happened(fact)},
            receipts={key: fact for key, fact in self.receipts.items() if happened(fact)},
            returns={key: fact for key, fact in self.returns.items() if happened(fact)},
            invoices={key: fact for key, fact in self.invoices.items() if happened(fact)},
            latest=self.latest,
        )

    @override
    def next_instant(self, now: datetime) -> datetime | None:
        """When the order looks different without another fact: something told ahead comes due."""
        if self.latest <= now:
            return None
        times = chain(
            (fact.telling.time for fact in self.facts()),
            (receipt.arrived_at for receipt in self.receipts.values()),
        )
        return min((time for time in times if time > now), default=None)

    @property
    def first_rejection(self) -> Rejected | None:
        """The first refusal, for whatever reason."""
        return self.rejections[0] if self.rejections else None

    @property
    def rejected_at(self) -> datetime | None:
        """When the order was first refused."""
        return self.rejections[0].telling.time if self.rejections else None

    @property
    def shipped_at(self) -> datetime | None:
        """When the first shipment left."""
        return min([fact.telling.time for fact in self.shipments.values()], default=None)

    def cancelled_by(self, instant: datetime) -> bool:
        """Whether the hospital took the order back at or before an instant."""
        return self.cancelled is not None and self.cancelled.telling.time <= instant

    def rejected_by(self, instant: datetime) -> bool:
        """Whether the distributor refused at or before an instant."""
        return bool(self.rejections) and self.rejections[0].telling.time <= instant

    def arrived_at(self, now: datetime) -> datetime | None:
        """When the first goods arrived, even if none of them were accepted."""
        times = [fact.arrived_at for fact in self.receipts.values() if fact.arrived_at <= now]
        return min(times, default=None)

    def first_acceptance(self, now: datetime) -> datetime | None:
        """When the first accepted goods arrived."""
        arrivals = self.arrivals(now)
        return arrivals[0][0] if arrivals else None

    def arrivals(self, now: datetime) -> list[tuple[datetime, int]]:
        """Give accepted quantities with the instants of their arrival, in order."""
        arrived = [
            (fact.arrived_at, fact.accepted)
            for fact in self.receipts.values()
            if fact.accepted and fact.arrived_at <= now
        ]
        return sorted(arrived) if len(arrived) > 1 else arrived

    def answered_by(self, instant: datetime) -> bool:
        """Whether the order was answered in any way at or before an instant."""
        if self.accepted is not None and self.accepted.telling.time <= instant:
            return True
        if self.rejected_by(instant):
            return True
        shipped = (fact.telling.time for fact in self.shipments.values())
        arrived = (fact.arrived_at for fact in self.receipts.values())
        return any(answered <= instant for answered in chain(shipped, arrived))

    def answer(self, now: datetime) -> Answer | None:
        """Give the first answer: accepted, rejected, shipped or received."""
        answers: list[tuple[datetime, Fact]]
        answers = [(fact.telling.time, fact) for fact in self.shipments.values()]
        answers += [(it.arrived_at, it) for it in self.receipts.values() if it.arrived_at <= now]
        if self.accepted is not None:
            answers.append((self.accepted.telling.time, self.accepted))
        if self.rejections:
            answers.append((self.rejections[0].telling.time, self.rejections[0]))
        if not answers:
            return None
        at = min(answers, key=_when)[0]
        facts = [fact for when, fact in answers if when == at]
        return Answer(at, facts[0] if len(facts) == 1 else min(facts, key=_order_key))

    def completed_at(self, now: datetime) -> datetime | None:
        """When the accepted quantities reached the ordered one; later returns do not undo it."""
        there = 0
        for arrived_at, accepted in self.arrivals(now):
            there += accepted
            if self.placed is not None and there >= self.placed.quantity:
                return arrived_at
        return None

    def arrived_by(self, instant: datetime) -> int:
        """How much of what was accepted had arrived by an instant."""
        arrived = [it.accepted for it in self.receipts.values() if it.arrived_at <= instant]
        return sum(arrived)

    def goods(self) -> Iterator[Received | Invoiced]:
        """Give every receipt and invoice, also those that hold where others are taken back."""
        facts = self.facts() if self.again is None else self.tellings()
        return (fact for fact in facts if isinstance(fact, Received | Invoiced))

    def goods_came_before(self, instant: datetime) -> bool:
        """Whether anything was received or invoiced earlier; of most orders nothing was."""
        for receipt in self.receipts.values():
            if receipt.telling.time < instant:
                return True
        return any(invoice.telling.time < instant for invoice in self.invoices.values())

    def first_goods(self) -> Received | Invoiced | None:
        """Give the first receipt that accepted anything, or invoice; a receipt comes before."""
        goods: list[tuple[datetime, bool, str, Received | Invoiced]] = [
            (told.telling.time, False, receipt, told)
            for receipt, told in self.receipts.items()
            if told.accepted
        ]
        goods += [(told.telling.time, True, key, told) for key, told in self.invoices.items()]
        return min(goods, key=_time_and_name)[3] if goods else None

    def received_in_order(self) -> list[Received]:
        """Give the receipts, by arrival."""
        return sorted(self.receipts.values(), key=_arrived)

    def ended_at(self, *ends: datetime | None) -> datetime | None:
        """Give the earliest of some ends and the cancellation, None while all are open."""
        cancelled = None if self.cancelled is None else self.cancelled.telling.time
        return min((end for end in (*ends, cancelled) if end is not None), default=None)

    def received_by_day(self) -> dict[int, int]:
        """Sum what was accepted by the day of its receipt (as ordinal)."""
        days: dict[int, int] = {}
        for received in self.receipts.values():
            if received.accepted:
                day = calendar.day_of(received.telling.time).toordinal()
                days[day] = days.get(day, 0) + received.accepted
        return days

    def accepted_by_day(self) -> dict[int, int]:
        """Sum what was accepted, less returned, by the day of either (as ordinal)."""
        days = self.received_by_day()
        for returned in self.returns.values():
            day = calendar.day_of(returned.telling.time).toordinal()
            days[day] = days.get(day, 0) - returned.quantity
        if 0 in days.values():
            return {day: quantity for day, quantity in days.items() if quantity}
        return days


_when = itemgetter(0)
_time_and_name = itemgetter(0, 1, 2)


def _order_key(fact: Fact) -> OrderKey:
    return fact.telling.order_key


def _arrived(receipt: Received) -> tuple[datetime, OrderKey]:
    return receipt.arrived_at, receipt.telling.order_key
