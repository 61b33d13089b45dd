"""Whose record an event or a contribution goes to."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from services.compliance.judging.contributions.contribution import Contribution
from shared.domain import events as say
from shared.domain import ids
from shared.domain.cloudevents import Event


class Subject(NamedTuple):
    """What a dossier is about: the kind of its record, and its key in its jurisdiction."""

    jurisdiction: str
    kind: str
    key: str


_ANNOUNCED: dict[type, str] = {
    say.DistributorAppointed: "appointment",
    say.DistributorReleased: "appointment",
    say.ShortageReported: "report",
    say.ShortageEnded: "report",
    say.ProductionStopping: "notice",
}
ON_ORDERS = frozenset(
    {
        say.OrderPlaced,
        say.OrderAccepted,
        say.OrderRejected,
        say.OrderCancelled,
        say.ShipmentDispatched,
        say.DeliveryReceived,
        say.GoodsReturned,
        say.InvoiceIssued,
    }
)
"""What is said of orders; each of these names its order."""


def subject_of(event: Event) -> Subject | None:
    """Give whose record an event merges into, None for events that nothing judges yet."""
    data: Any = event.data
    kind = type(data)
    if kind in ON_ORDERS:
        return Subject(data.jurisdiction, "order", data.order)
    announced = _ANNOUNCED.get(kind)
    if announced is None:
        return None
    key = ids.pair(announced, getattr(data, announced))
    return Subject(data.jurisdiction, "announcement", key)


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


def gathering(jurisdiction: str, contribution: Contribution) -> Subject:
    """Give whose record a contribution goes to."""
    if contribution.hospital is None:
        return Subject(jurisdiction, contribution.kind, contribution.product)
    key = ids.pair(contribution.hospital, contribution.product)
    return Subject(jurisdiction, contribution.kind, key)
