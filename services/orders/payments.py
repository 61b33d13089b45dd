"""Payments, as far as they name an order: the last step of its life (回款)."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import events as say
from shared.domain.cloudevents import Event
from shared.domain.records.telling import Fact, all_told, stored

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

HEARD: frozenset[type] = frozenset({say.PaymentMade, say.PaymentVoided})

TELLINGS_AT_MOST = 8
"""How many tellings of one payment are kept, the first ones."""


class Paid(Fact, frozen=True, array_like=True, gc=False):
    """回款: what was paid, on which leg of its way; `order` is the one it names."""

    says = "vbp.payment.made.v1"
    leg: str
    payer: str
    payee: str
    amount: Decimal
    order: str | None
    receipt: str | None


class Payment(Struct, array_like=True):
    """A payment: its tellings in order, and the events that were taken back, by source and id."""

    told: list[Paid] = []
    voided: set[tuple[str, str]] = set()

    def merge(self, event: Event) -> None:
        """Take a telling in; order and repetition do not matter."""
        match event.data:
            case say.PaymentMade() as data:
                paid = Paid(
                    stored(event),
                    data.leg,
                    data.payer,
                    data.payee,
                    Decimal(data.amount),
                    data.order,
                    data.receipt,
                )
                self.told = all_told(self.told, paid)[:TELLINGS_AT_MOST]
            case say.PaymentVoided() as data:
                self.voided = self.voided | {(data.event_source or event.source, data.event)}
            case _:
                pass

    @property
    def holds(self) -> Paid | None:
        """The first telling that nobody took back."""
        for paid in self.told:
            if (paid.telling.source, paid.telling.id) not in self.voided:
                return paid
        return None


payment_of = msgspec.msgpack.Decoder(Payment).decode


async def take(connection: Connection, events: Iterable[Event]) -> None:
    """Take payments in; the rows are held until the transaction ends."""
    told: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        data: Any = event.data
        told.setdefault((data.jurisdiction, data.payment), []).append(event)
    if not told:
        return
    names = sorted(told)
    await connection.execute(QUERIES["begin"], *postgres.columns(names))
    rows = await connection.fetch(QUERIES["lock"], *postgres.columns(names))
    written = []
    for row in rows:
        name = (row["jurisdiction"], row["payment"])
        payment = payment_of(row["body"]) if row["body"] else Payment()
        for event in told[name]:
            payment.merge(event)
        held = payment.holds
        order = None if held is None else held.order
        written.append((*name, order, msgspec.msgpack.encode(payment)))
    await connection.execute(QUERIES["write"], *postgres.columns(written))
