"""A payment: money for goods, on one leg of its way."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from msgspec import Struct
from typing_extensions import override

from shared.domain import events as say
from shared.domain.records.record import Heard
from shared.domain.records.telling import Fact, Telling
from shared.domain.records.voids import Voids, take_back, told_first

TO_MANUFACTURER = "distributor_to_manufacturer"


class Paid(Fact, frozen=True, array_like=True, gc=False):
    """回款: who paid whom how many yuan, and what for.

    `hospital` is for whom an agency pays, `distributor` on whose behalf the payee takes it.
    """

    says = "vbp.payment.made.v1"
    leg: str
    payer: str
    payee: str
    amount: Decimal
    order: str | None
    receipt: str | None
    product: str | None
    hospital: str | None
    distributor: str | None

    @property
    def onward(self) -> bool:
        """Whether a distributor passes money on to a manufacturer."""
        return self.leg == TO_MANUFACTURER

    @property
    def buyer(self) -> str | None:
        """The hospital that pays, or for which an agency does; None where nobody says which."""
        return self.payer if self.leg == "hospital_to_distributor" else self.hospital

    @property
    def supplier(self) -> str:
        """The distributor that gets the money."""
        return self.payee if self.distributor is None else self.distributor


class Payment(Struct, Heard, array_like=True):
    """The tellings of a payment, of which the first holds, and the voids that take some back."""

    told: list[Paid] = []
    voids: Voids | None = None

    @override
    def merge(self, telling: Telling, data: say.EventData) -> None:
        """Take a telling in; order and repetition do not matter."""
        match data:
            case say.PaymentMade():
                self.told = told_first(self.told, _paid(telling, data))
            case say.PaymentVoided():
                self.voids = take_back(self.voids, telling, data)
            case _:
                raise TypeError(f"a payment hears of no {type(data).__name__}")

    def tellings(self) -> list[Paid]:
        """Give all tellings that hold or may hold once others are taken back."""
        return self.told

    def without_voided(self, now: datetime) -> Self:
        """Give the payment as if nobody had told what is taken back at `now`."""
        told = self.told if self.voids is None else self.voids.standing(self.told, now)
        return type(self)(told)

    @override
    def next_instant(self, now: datetime) -> datetime | None:
        """When a payment that is told ahead comes due."""
        return self.told[0].telling.time if self.told and self.by(now) is None else None

    def by(self, now: datetime) -> Paid | None:
        """Give the payment once it has happened."""
        return self.told[0] if self.told and self.told[0].telling.time <= now else None


def _paid(telling: Telling, data: say.PaymentMade) -> Paid:
    return Paid(
        telling,
        data.leg,
        data.payer,
        data.payee,
        Decimal(data.amount),
        data.order,
        data.receipt,
        data.product,
        data.hospital,
        data.distributor,
    )
