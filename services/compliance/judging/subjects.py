"""Whose record an event merges into."""

from collections.abc import Callable, Iterable
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from shared.domain import events as say
from shared.domain import ids
from shared.domain.cloudevents import Event

REGISTER = "register"
"""The kind under which an entry of the register is set aside, its key a pair of entry and code."""


class Subject(NamedTuple):
    """What a dossier is about: the kind of its record, and its key in its jurisdiction."""

    jurisdiction: str
    kind: str
    key: str


class Columns(NamedTuple):
    """What a change of the register finds a record by; `awaits` is an agreement not yet told."""

    product: str | None = None
    hospital: str | None = None
    area: str | None = None
    awaits: str | None = None


subject_named = partial(tuple.__new__, Subject)
"""Makes a subject of its three parts with no function of Python between: every event has one."""


def _pair(name: str) -> Callable[[Any], str]:
    """Give the key of what is announced: its code, after what it is."""
    return lambda data: ids.pair(name, getattr(data, name))


_ORDER = ("order", attrgetter("order"))
_APPOINTMENT = ("announcement", _pair("appointment"))
_STOCK = ("stock", attrgetter("product"))
_REPORT = ("announcement", _pair("report"))

_SUBJECT: dict[type, tuple[str, Callable[[Any], str]]] = {
    say.OrderPlaced: _ORDER,
    say.OrderAccepted: _ORDER,
    say.OrderRejected: _ORDER,
    say.OrderCancelled: _ORDER,
    say.ShipmentDispatched: _ORDER,
    say.DeliveryReceived: _ORDER,
    say.GoodsReturned: _ORDER,
    say.InvoiceIssued: _ORDER,
    say.OrderVoided: _ORDER,
    say.DeliveryVoided: _ORDER,
    say.DistributorAppointed: _APPOINTMENT,
    say.DistributorReleased: _APPOINTMENT,
    say.ShortageReported: _REPORT,
    say.ShortageEnded: _REPORT,
    say.ProductionStopping: ("announcement", _pair("notice")),
    say.PrepaymentMade: ("prepayment", attrgetter("prepayment")),
    say.PrepaymentReturned: ("prepayment", attrgetter("prepayment")),
    say.PrepaymentVoided: ("prepayment", attrgetter("prepayment")),
    say.PaymentMade: ("payment", attrgetter("payment")),
    say.PaymentVoided: ("payment", attrgetter("payment")),
    say.StockReported: _STOCK,
    say.StockVoided: _STOCK,
}
"""Whose record each event merges into: its kind, and how the event names it."""

ON_ORDERS = frozenset(told for told, (kind, _) in _SUBJECT.items() if kind == "order")
"""What is said of orders; each of these names its order."""

ON_PAYMENTS = frozenset(told for told, (kind, _) in _SUBJECT.items() if kind == "payment")
"""What is said of payments, which may name an order."""


def subject_of(event: Event) -> Subject | None:
    """Give whose record an event merges into, None for events that nothing judges yet."""
    found = _SUBJECT.get(type(event.data))
    if found is None:
        return None
    kind, key = found
    return subject_named((event.data.jurisdiction, kind, key(event.data)))


def by_subject(events: Iterable[Event]) -> dict[Subject, list[Event]]:
    """Group events by the records that they merge into, without those that nothing judges yet."""
    heard: dict[Subject, list[Event]] = {}
    for event in events:
        subject = subject_of(event)
        if subject is None:
            continue
        if subject in heard:
            heard[subject].append(event)
        else:
            heard[subject] = [event]
    return heard
