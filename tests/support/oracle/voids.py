"""Which tellings were taken back (冲销), and so count as never told."""

from tests.support.oracle.facts import Telling

VOIDS = {
    "order.voided": (
        "order",
        ("order.placed", "order.accepted", "order.rejected", "order.cancelled"),
    ),
    "delivery.voided": (
        "order",
        ("shipment.dispatched", "delivery.received", "goods.returned", "invoice.issued"),
    ),
    "stock.voided": ("product", ("stock.reported",)),
    "payment.voided": ("payment", ("payment.made",)),
    "prepayment.voided": ("prepayment", ("prepayment.made", "prepayment.returned")),
}
"""By the kind of void: the field that void and voided share, and the kinds it takes back."""


def without_voided(tellings: list[Telling]) -> list[Telling]:
    """The tellings of one jurisdiction that nobody took back."""
    voids = [telling for telling in tellings if telling.kind in VOIDS]
    return [t for t in tellings if not any(_takes_back(void, t) for void in voids)]


def _takes_back(void: Telling, telling: Telling) -> bool:
    name, kinds = VOIDS[void.kind]
    source = void.data.get("event_source")
    meant = void.source if source is None else source
    return (
        telling.kind in kinds
        and telling.id == void.data["event"]
        and telling.source == meant
        and telling.data[name] == void.data[name]
        and void.source in (meant, f"/platforms/{telling.data['jurisdiction']}")
    )
