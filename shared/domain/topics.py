"""Topics: which events each carries, and how it is kept."""

import re
from collections.abc import Iterable

from msgspec import Struct

from shared.domain import events as say

Place = tuple[str, int]
"""A partition: its topic and its number."""


class Topic(Struct, frozen=True):
    """A topic of the bus; `events` maps each type to the class of its data.

    Twelve partitions are shared evenly by two, three, four or six workers.
    """

    name: str
    events: dict[str, type[say.EventData]]
    partitions: int = 12


REGISTER = Topic(
    "vbp.register.v1",
    {
        "vbp.product.selected.v1": say.ProductSelected,
        "vbp.product.deselected.v1": say.ProductDeselected,
        "vbp.product.listed.v1": say.ProductListed,
        "vbp.price.listed.v1": say.PriceListed,
        "vbp.hospital.enrolled.v1": say.HospitalEnrolled,
        "vbp.hospital.withdrawn.v1": say.HospitalWithdrawn,
        "vbp.agreement.signed.v1": say.AgreementSigned,
        "vbp.exemption.granted.v1": say.ExemptionGranted,
        "vbp.standard.set.v1": say.StandardSet,
        "vbp.party.registered.v1": say.PartyRegistered,
    },
    partitions=1,
)
ORDERS = Topic(
    "vbp.orders.v1",
    {
        "vbp.order.placed.v1": say.OrderPlaced,
        "vbp.order.accepted.v1": say.OrderAccepted,
        "vbp.order.rejected.v1": say.OrderRejected,
        "vbp.order.cancelled.v1": say.OrderCancelled,
        "vbp.order.voided.v1": say.OrderVoided,
    },
)
DELIVERIES = Topic(
    "vbp.deliveries.v1",
    {
        "vbp.shipment.dispatched.v1": say.ShipmentDispatched,
        "vbp.delivery.received.v1": say.DeliveryReceived,
        "vbp.goods.returned.v1": say.GoodsReturned,
        "vbp.invoice.issued.v1": say.InvoiceIssued,
        "vbp.delivery.voided.v1": say.DeliveryVoided,
    },
)
SUPPLY = Topic(
    "vbp.supply.v1",
    {
        "vbp.distributor.appointed.v1": say.DistributorAppointed,
        "vbp.distributor.released.v1": say.DistributorReleased,
        "vbp.shortage.reported.v1": say.ShortageReported,
        "vbp.shortage.ended.v1": say.ShortageEnded,
        "vbp.production.stopping.v1": say.ProductionStopping,
        "vbp.stock.reported.v1": say.StockReported,
        "vbp.stock.voided.v1": say.StockVoided,
    },
)
FUNDS = Topic(
    "vbp.funds.v1",
    {
        "vbp.prepayment.made.v1": say.PrepaymentMade,
        "vbp.prepayment.returned.v1": say.PrepaymentReturned,
        "vbp.payment.made.v1": say.PaymentMade,
        "vbp.payment.voided.v1": say.PaymentVoided,
        "vbp.prepayment.voided.v1": say.PrepaymentVoided,
    },
)
INPUTS = (REGISTER, ORDERS, DELIVERIES, SUPPLY, FUNDS)
"""All topics that the compliance worker reads; their equal partition counts keep one product's
facts together under the range assignor."""

PLACES = tuple((topic.name, number) for topic in INPUTS for number in range(topic.partitions))
"""Every partition of the inputs."""

VIOLATIONS = "vbp.violations.v1"
DEAD_LETTERS = "vbp.dead-letters.v1"
ANCHORS = "vbp.anchors.v1"
"""What the ends of all chains of history have come to, signed, once an hour."""

CLOCK = "vbp.clock.v1"
"""Where workers ask the broker for its time; nobody reads it."""

INGRESS = re.compile(r"vbp\.ingress\.(?P<publisher>[a-z0-9][a-z0-9-]{0,62})\.v1", re.ASCII)
"""Topics on which one publisher each tells events of any type; the doors on the bus read them."""

TOPIC_OF = {kind: topic.name for topic in INPUTS for kind in topic.events}
DATA_OF = {kind: data for topic in INPUTS for kind, data in topic.events.items()}
NUMBER_OF = {topic.name: number for number, topic in enumerate(INPUTS)}
"""The inputs by number: facts are stored, and evidence ordered, by it."""


def ingress(publisher: str) -> str:
    """Name the topic on which a publisher tells."""
    return f"vbp.ingress.{publisher}.v1"


def refused(publisher: str) -> str:
    """Name the topic with what a publisher told that was not taken."""
    return f"vbp.ingress.{publisher}.dead-letters.v1"


def publishers(names: Iterable[str]) -> frozenset[str]:
    """Give the publishers that have a topic of their own among topics."""
    return frozenset(found["publisher"] for name in names if (found := INGRESS.fullmatch(name)))
