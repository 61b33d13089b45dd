"""An account: what a payer owes a payee, and what was paid.

Of a hospital and its supplier (`supply`): receipts of its orders, payments, prepayments. Of a
distributor and a manufacturer (`onward`): the share of what the distributor got, and what it passed
on. What came of it is in the records of its months (`records/statement.py`).
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain
from operator import attrgetter
from typing import Any

from msgspec import Struct
from typing_extensions import override

from services.compliance.records.evidence import Evidence
from shared.domain.records.record import Gathered

SUPPLY, ONWARD = "supply", "onward"

Step = tuple[datetime, Decimal]
"""An instant (UTC), and how many yuan from then on."""


class Claim(Struct, frozen=True, array_like=True, gc=False):
    """What is owed: for a receipt of an order, or (`receipt` empty) of a payment.

    `amounts` are what it comes to, from its own instant on; returns lower it. `day` is the one
    (ordinal) whose policy judges it; `told` is when its fact reached the bus.
    """

    order: str
    receipt: str
    product: str
    amounts: tuple[Step, ...]
    day: int
    area: str | None
    manufacturer: str | None
    told: datetime
    evidence: tuple[Evidence, ...]

    @property
    def stands(self) -> datetime:
        """From when on it is owed."""
        return self.amounts[0][0]

    @property
    def age(self) -> tuple[datetime, str, str]:
        """What puts claims in order, the oldest first."""
        return self.stands, self.order, self.receipt


class Money(Struct, frozen=True, array_like=True, tag="M", gc=False):
    """A payment, with what it names."""

    payment: str
    time: datetime
    amount: Decimal
    order: str | None = None
    receipt: str | None = None
    product: str | None = None


class Bill(Struct, frozen=True, array_like=True, tag="B", gc=False):
    """What one order contributes: the claims of its receipts, and the payments that name it."""

    order: str
    claims: tuple[Claim, ...]
    paid: tuple[Money, ...]


class Owing(Struct, frozen=True, array_like=True, tag="O", gc=False):
    """What one payment contributes to what its payee must pass on."""

    claim: Claim


class Advance(Struct, frozen=True, array_like=True, tag="V", gc=False):
    """What one prepayment contributes, made for an agreement of the account's two.

    `returned` are what came back, from when on in all; `due` is when it must be back, None where
    that is not known yet. It must move on if it `moves_on`: on its day a policy asked for that and
    payments were told; what it is `used` for is known if payments were told on its day. `judged`
    is the first day (ordinal) of the agreement that its policy holds on.
    """

    prepayment: str
    agreement: str
    product: str
    time: datetime
    day: int
    amount: Decimal
    returned: tuple[Step, ...]
    due: datetime | None
    moves_on: bool
    used: bool
    judged: int
    told: datetime
    evidence: tuple[Evidence, ...]


Entry = Bill | Money | Owing | Advance

_PLACE: dict[type, tuple[str, Callable[[Any], str]]] = {
    Bill: ("bills", attrgetter("order")),
    Money: ("paid", attrgetter("payment")),
    Owing: ("owing", attrgetter("claim.order")),
    Advance: ("advances", attrgetter("prepayment")),
}
"""Where an account holds what is contributed, and under which key."""


class Account(Struct, Gathered, array_like=True):
    """What contributes to an account, by its own id; payments that name an order are its bill's."""

    bills: dict[str, Bill] = {}
    paid: dict[str, Money] = {}
    owing: dict[str, Owing] = {}
    advances: dict[str, Advance] = {}

    @override
    def put(self, old: Entry | None, new: Entry | None) -> None:
        """Replace what one order, payment or prepayment contributed."""
        if old is not None:
            held, key = _PLACE[type(old)]
            getattr(self, held).pop(key(old), None)
        if new is not None:
            held, key = _PLACE[type(new)]
            getattr(self, held)[key(new)] = new

    def claims(self) -> list[Claim]:
        """Give all claims, the oldest first."""
        of_orders = (claim for bill in self.bills.values() for claim in bill.claims)
        of_payments = (owing.claim for owing in self.owing.values())
        return oldest_first(chain(of_orders, of_payments))

    def sums(self) -> Iterator[Money]:
        """Give all payments, in no order."""
        yield from self.paid.values()
        for bill in self.bills.values():
            yield from bill.paid


def oldest_first(claims: Iterable[Claim]) -> list[Claim]:
    """Put claims in order."""
    return sorted(claims, key=_age)


def _age(claim: Claim) -> tuple[datetime, str, str]:
    return claim.age
