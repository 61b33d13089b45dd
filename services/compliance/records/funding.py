"""The funding of a hospital: what was agreed on, and what was prepaid.

It grows by a line for each agreement and each prepayment of the hospital.
"""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct
from typing_extensions import override

from services.compliance.records.evidence import Evidence
from shared.domain.records.record import Gathered


class Deposit(Struct, frozen=True, array_like=True, tag="T", gc=False):
    """A prepayment, with what it names."""

    prepayment: str
    time: datetime
    amount: Decimal
    agreement: str | None
    product: str | None
    category: str | None


class Pledge(Struct, frozen=True, array_like=True, gc=False):
    """An agreement that money is owed for in advance: its agreed amount in yuan.

    `day` (ordinal) is the first that its policy holds on. One of an unknown product has no category
    and no amount.
    """

    agreement: str
    start: date
    end: date
    signed_on: date | None
    day: int
    category: str | None
    amount: Decimal
    told: datetime
    evidence: tuple[Evidence, ...]


class Pledges(Struct, frozen=True, array_like=True, tag="G", gc=False):
    """All of the hospital's agreements for one product."""

    product: str
    pledges: tuple[Pledge, ...]


class Funding(Struct, Gathered, array_like=True):
    """Pledges by product, prepayments by id."""

    pledged: dict[str, Pledges] = {}
    deposits: dict[str, Deposit] = {}

    @override
    def put(self, old: Pledges | Deposit | None, new: Pledges | Deposit | None) -> None:
        """Replace what one commitment or one prepayment contributed."""
        match old:
            case Pledges():
                self.pledged.pop(old.product, None)
            case Deposit():
                self.deposits.pop(old.prepayment, None)
            case None:
                pass
        match new:
            case Pledges():
                self.pledged[new.product] = new
            case Deposit():
                self.deposits[new.prepayment] = new
            case None:
                pass
