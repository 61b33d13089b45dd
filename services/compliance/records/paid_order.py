"""An order with the payments that name it, for compliance alone asks of those."""

from datetime import datetime
from typing import Self

from msgspec import Struct, field
from typing_extensions import override

from services.compliance.records.account import Money
from shared.domain.records.order import Order
from shared.domain.records.record import Gathered


class Remittance(Struct, frozen=True, array_like=True, tag="P", gc=False):
    """What a payment contributes to the order that it names: whose it is, and how much."""

    hospital: str
    money: Money


class PaidOrder(Order, Gathered, array_like=True):
    """All that is known of one order, and the payments that name it."""

    paid: dict[str, Remittance] = field(default_factory=dict)

    @override
    def without_voided(self, now: datetime) -> Self:
        """Give the order as if nobody had told what is taken back; what was paid stays paid."""
        standing = super().without_voided(now)
        standing.paid = self.paid
        return standing

    @override
    def put(self, old: Remittance | None, new: Remittance | None) -> None:
        """Replace what one payment contributed."""
        if old:
            self.paid.pop(old.money.payment, None)
        if new:
            self.paid[new.money.payment] = new
