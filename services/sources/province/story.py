"""One order and everything that is told about it, with the deadlines that its terms give it."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zlib import crc32

from services.sources.province.market import QUIET, Product
from services.sources.province.places import Hospital
from services.sources.province.plan import midnight
from services.sources.province.telling import Data, Teller, Told
from services.sources.province.terms import TERMS
from services.sources.province.truth import Evidence, Keys
from services.sources.province.world import Agreement, Pair, World

DAY = timedelta(days=1)
PAID_AFTER, PAID_WITHIN = 3, 25
"""A receipt is paid so many days after it, and within so many more: by the end of the month after
it in any case."""


def settled_by(accepted: date) -> datetime:
    """Find when a receipt must be paid: at the end of the month after it."""
    months = accepted.year * 12 + accepted.month + 1
    return midnight(date(months // 12, months % 12 + 1, 1))


class Due(NamedTuple):
    """A deadline, and whether the agreement or the contract itself set it."""

    at: datetime
    own: bool


class Story:
    """One order: each method tells one event of it; `told` collects them.

    Instants are aware; quantities are base units. `placed` is the placing as first told.
    """

    def __init__(  # noqa: PLR0913  # an order has this many things that may differ
        self,
        world: World,
        pair: Pair,
        placed: datetime,
        *,
        quantity: int | None = None,
        urgent: bool = False,
        deliver_by: date | datetime | None = None,
        price: str | None = None,
        named: Agreement | None = None,
        distributor: str | None = None,
        channel: str = "platform",
        is_placed: bool = True,
    ) -> None:
        self.teller: Teller = world.teller
        self.end = world.plan.end
        self.pair, self.placed, self.urgent = pair, placed, urgent
        self.quantity = pair.unit if quantity is None else quantity
        self.order = world.next_order(placed)
        self.told: list[Told] = []
        self.evidence: Evidence = []
        self.notes = 0
        self.arrivals: list[tuple[datetime, int]] = []
        self.cancelled_at: datetime | None = None
        self.refusals: list[tuple[datetime, str]] = []
        cycle = pair.product.cycle_on(placed.date())
        self.selected_price = pair.product.price if cycle is None else cycle.price
        self.price = self.selected_price if price is None else price
        self.distributor = distributor or world.random.choice(world.cell(pair).standing)
        self.terms = named or pair.agreement_on(placed.date())
        self.deliver_by, self.named, self.channel = deliver_by, named, channel
        self.is_placed = is_placed
        self.response = self.response_due()
        self.delivery = self.delivery_due()
        if is_placed:
            self.place(placed)
        world.stories.append(self)

    @property
    def product(self) -> Product:
        """What is ordered."""
        return self.pair.product

    @property
    def hospital(self) -> Hospital:
        """Who orders."""
        return self.pair.hospital

    @property
    def keys(self) -> Keys:
        """The parties of a finding about this order."""
        return {
            "product": self.product.code,
            "area": self.hospital.area,
            "hospital": self.hospital.code,
            "manufacturer": self.product.manufacturer,
            "distributor": self.distributor,
            "order": self.order,
        }

    def response_due(self) -> Due:
        """Find when an answer is due."""
        field = "urgent_response_hours" if self.urgent else "response_hours"
        usual = TERMS.urgent_response if self.urgent else TERMS.response
        return self.due(field, usual)

    def delivery_due(self) -> Due:
        """Find when everything must be there."""
        if isinstance(self.deliver_by, datetime):
            return Due(self.deliver_by, own=True)
        if self.deliver_by is not None:
            return Due(midnight(self.deliver_by) + DAY, own=True)
        if self.urgent:
            return self.due("urgent_delivery_hours", TERMS.urgent_delivery)
        remote = self.hospital.remote_on(self.placed.date())
        return self.due("delivery_hours", TERMS.remote_delivery if remote else TERMS.delivery)

    def due(self, field: str, usual: timedelta) -> Due:
        """Take the agreement's hours, else the usual ones."""
        hours = self.terms.hours.get(field) if self.terms else None
        return Due(self.placed + (usual if hours is None else timedelta(hours=hours)), bool(hours))

    @property
    def left_out(self) -> bool:
        """Whether nobody counts it as due: taken back in time, or an error of the hospital's."""
        if self.cancelled_at is not None and self.cancelled_at <= self.delivery.at:
            return True
        until = self.delivery.at + TERMS.stock_out_after
        reasons = {reason for at, reason in self.refusals if at <= until}
        return reasons == {"hospital_error"}

    @property
    def came(self) -> int:
        """How much came while it still counted as delivered."""
        return self.there(self.delivery.at + TERMS.stock_out_after)

    @property
    def is_late(self) -> bool:
        """Whether not all was there when it was due."""
        return self.there(self.delivery.at) < self.quantity

    def there(self, until: datetime) -> int:
        """Count the units that came until an instant, of those that were ordered."""
        return min(self.quantity, sum(units for at, units in self.arrivals if at <= until))

    def say(
        self, kind: str, source: str, at: datetime, data: Data, recorded: datetime | None = None
    ) -> None:
        """Tell one event of this order."""
        told = self.teller.tell(kind, source, at, data, recorded)
        self.told.append(told)
        self.evidence.append({"id": told[1]["id"], "source": source})

    def place(self, at: datetime, price: str | None = None) -> None:
        """Tell the placing; when it is told again, it may be at another instant or price.

        The earliest instant holds, and moves what is due.
        """
        if at < self.placed:
            self.placed = at
            self.response, self.delivery = self.response_due(), self.delivery_due()
        data: Data = {
            "order": self.order,
            "product": self.product.code,
            "hospital": self.hospital.code,
            "area": self.hospital.area,
            "distributor": self.distributor,
            "quantity": self.quantity,
            "unit_price": price or self.price,
            "urgency": "urgent" if self.urgent else "normal",
            "channel": self.channel,
        }
        if self.deliver_by is not None:
            data["deliver_by"] = self.deliver_by.isoformat()
        if self.named is not None:
            data["agreement"] = self.named.id
        self.is_placed = True
        self.say("order.placed", self.teller.platform, at, data)

    @property
    def supplier(self) -> str:
        """The distributor, or the manufacturer that delivers itself, as a source."""
        kind = "manufacturers" if self.distributor.startswith("M") else "distributors"
        return f"/{kind}/{self.distributor}"

    @property
    def about(self) -> Data:
        """What every event of the order names."""
        return {"order": self.order, "product": self.product.code}

    def accept(self, at: datetime) -> None:
        """Tell that the distributor takes the order."""
        self.say(
            "order.accepted", self.supplier, at, {**self.about, "distributor": self.distributor}
        )

    def reject(self, at: datetime, reason: str) -> None:
        """Tell that the distributor refuses it."""
        data = {**self.about, "distributor": self.distributor, "reason": reason}
        self.say("order.rejected", self.supplier, at, data)
        self.refusals.append((at, reason))

    def cancel(self, at: datetime) -> None:
        """Tell that the hospital takes it back."""
        self.say("order.cancelled", self.teller.platform, at, {**self.about, "reason": "不再需要"})
        self.cancelled_at = at

    def ship(self, at: datetime, quantity: int | None = None, *, by: str | None = None) -> None:
        """Tell that goods leave the distributor, or whom it lets ship."""
        self.notes += 1
        data: Data = {
            "shipment": f"S{self.order}-{self.notes}",
            **self.about,
            "distributor": by or self.distributor,
            "quantity": self.quantity if quantity is None else quantity,
            "batch": f"{at:%y%m}{self.notes:02d}",
        }
        self.say("shipment.dispatched", self.supplier, at, data)

    def receive(  # noqa: PLR0913  # a receipt has this many things that may differ
        self,
        at: datetime,
        accepted: int | None = None,
        *,
        rejected: int = 0,
        arrived: datetime | None = None,
        recorded: datetime | None = None,
        pays: bool = True,
    ) -> None:
        """Tell that the hospital has checked goods in at `at`; they came at `arrived`."""
        self.notes += 1
        data: Data = {
            "receipt": f"R{self.order}-{self.notes}",
            **self.about,
            "quantity_accepted": self.quantity if accepted is None else accepted,
            "quantity_rejected": rejected,
        }
        if rejected:
            data["rejection_reason"] = "包装破损"
        if arrived is not None:
            data["arrived_at"] = arrived.isoformat()
        self.say("delivery.received", f"/hospitals/{self.hospital.code}", at, data, recorded)
        self.arrivals.append((arrived or at, int(str(data["quantity_accepted"]))))
        if pays:
            self.pay(str(data["receipt"]), int(str(data["quantity_accepted"])), at)

    def pay(self, receipt: str, accepted: int, at: datetime) -> None:
        """Tell that the hospital pays for a receipt in the month after it, if that has come."""
        paid = at + (PAID_AFTER + crc32(receipt.encode()) % PAID_WITHIN) * DAY
        if settled_by(at.date()) <= self.end + QUIET:
            # It falls due while the truth must stay as it is.
            paid = min(paid, self.end)
        if paid <= self.end and accepted:
            self.pay_sum(receipt, Decimal(self.price) * accepted, paid)

    def pay_sum(self, receipt: str, amount: Decimal, paid: datetime, mark: str = "") -> None:
        """Tell that the hospital pays a sum for a receipt; `mark` tells it from another."""
        payment: Data = {
            "payment": f"P{receipt}{mark}",
            "leg": "hospital_to_distributor",
            "payer": self.hospital.code,
            "payee": self.distributor,
            "amount": str(amount),
            "receipt": receipt,
            **self.about,
        }
        source = f"/hospitals/{self.hospital.code}"
        self.told.append(self.teller.tell("payment.made", source, paid, payment, None))

    def give_back(self, at: datetime, quantity: int) -> None:
        """Tell that accepted goods go back."""
        self.notes += 1
        data = {"return": f"T{self.order}-{self.notes}", **self.about, "quantity": quantity}
        self.say("goods.returned", f"/hospitals/{self.hospital.code}", at, data)

    def invoice(self, at: datetime, price: str | None = None) -> str:
        """Tell an invoice over the whole order; returns its number."""
        self.notes += 1
        number = f"I{self.order}-{self.notes}"
        data: Data = {
            "invoice": number,
            **self.about,
            "quantity": self.quantity,
            "unit_price": price or self.price,
        }
        self.say("invoice.issued", self.supplier, at, data)
        return number
