"""An account: what a payer owes a payee, and what was paid.

Of a hospital and its supplier (`supply`): receipts of its orders, payments, prepayments. Of a
distributor and a manufacturer (`onward`): the share of what the distributor got, and what it passed
on. What came of it is in the records of its months (`records/statement.py`).
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from typing_extensions import override

from services.compliance.records.evidence import Evidence
from shared.domain.records.record import Gathered

SUPPLY, ONWARD = "supply", "onward"

T = TypeVar("T")

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


class Closed(Struct, array_like=True):
    """What an account has closed: claims that were paid, and the sums that paid them, until then.

    They were paid when no more than `tolerance` was left.
    `months` are the claims with what was left of them, by the month of each, packed; `stamps` tell
    what was said, under those `policies`, of a month that is closed whole. `sums` are packed too;
    of those of which something is left, `spent` is how much the closed claims took. `loose` are
    products of which sums that name nothing paid closed claims. `steps` are those until then of
    claims that are open.
    """

    until: datetime
    tolerance: Decimal
    months: dict[str, list[bytes]] = {}
    stamps: dict[str, bytes] = {}
    sums: list[bytes] = []
    spent: dict[str, Decimal] = {}
    loose: set[str] = set()
    steps: dict[str, tuple[Step, ...]] = {}
    policies: str = ""


class Account(Struct, Gathered, array_like=True, dict=True):
    """What contributes to an account, by its own id; payments that name an order are its bill's.

    It grows by what is open: claims that are not paid, those of the last months, and sums of which
    something is left. The rest is packed on the shelf, some tens of bytes a receipt that nobody
    reads, until a fact that reaches so far back, or names what was closed, has all of it opened.
    """

    bills: dict[str, Bill] = {}
    paid: dict[str, Money] = {}
    owing: dict[str, Owing] = {}
    advances: dict[str, Advance] = {}
    shelf: Closed | None = None

    @property
    def derived(self) -> dict[object, Any]:
        """What was derived from parts of the account, by part: never stored, forgotten at will."""
        found: dict[object, Any] = self.__dict__.setdefault("_derived", {})
        return found

    @property
    @override
    def rearranged(self) -> bool:
        """Whether something was closed or opened."""
        return "_rearranged" in self.__dict__

    @override
    def be_stored(self) -> None:
        self.__dict__.pop("_rearranged", None)

    def rearrange(self) -> None:
        """Note that something was closed or opened, and forget what was derived."""
        self.derived.clear()
        self.__dict__["_rearranged"] = True

    @override
    def put(self, old: Entry | None, new: Entry | None) -> None:
        """Replace what one order, payment or prepayment contributed."""
        if old == new:
            return
        if self.shelf is not None and self._reaches(self.shelf, old, new):
            self.open_shelf()
        kept = self._still_open(new) if new is not None and self.shelf is not None else new
        if old is not None:
            held, key = _PLACE[type(old)]
            getattr(self, held).pop(key(old), None)
            self.derived.pop(key(old), None)
        if kept is not None:
            held, key = _PLACE[type(kept)]
            getattr(self, held)[key(kept)] = kept

    def _reaches(self, shelf: Closed, old: Entry | None, new: Entry | None) -> bool:
        """Whether what changes is of before the shelf was closed, or names what is on it."""
        if isinstance(old, Advance) or isinstance(new, Advance):
            return True
        was, now = _claims(old), _claims(new)
        if any(claim.stands <= shelf.until for claim in was ^ now):
            return True
        closed = any(
            claim.stands <= shelf.until and claim not in self._open_claims(claim.order)
            for claim in was | now
        )
        return any(
            money.time <= shelf.until
            or (money.order is not None and closed)
            or (money.order is None and money.receipt is not None)
            or (money.order is None and money.product in shelf.loose)
            for money in _sums(old) ^ _sums(new)
        )

    def _open_claims(self, order: str) -> set[Claim]:
        return _claims(self.bills.get(order)) | _claims(self.owing.get(order))

    def _still_open(self, new: Entry) -> Entry:
        """Give what is not on the shelf of what is contributed."""
        shelf = self.shelf
        if shelf is None or not isinstance(new, Bill):
            return new
        claims, sums = self._open_claims(new.order), _sums(self.bills.get(new.order))
        return Bill(
            new.order,
            tuple(it for it in new.claims if it.stands > shelf.until or it in claims),
            tuple(it for it in new.paid if it.time > shelf.until or it in sums),
        )

    def open_shelf(self) -> None:
        """Take everything from the shelf."""
        shelf, self.shelf = self.shelf, None
        if shelf is None:
            return
        self.rearrange()
        for packed in shelf.sums:
            for money in unpacked(packed, list[Money]):
                if money.order is None:
                    self.paid[money.payment] = money
                else:
                    self._add(money.order, (), (money,))
        for month in shelf.months.values():
            for claim in (claim for packed in month for claim, _ in unpacked(packed, PACKED)):
                if claim.receipt:
                    self._add(claim.order, (claim,), ())
                else:
                    self.owing[claim.order] = Owing(claim)

    def _add(self, order: str, claims: tuple[Claim, ...], paid: tuple[Money, ...]) -> None:
        held = self.bills.get(order) or Bill(order, (), ())
        self.bills[order] = Bill(order, held.claims + claims, held.paid + paid)

    def claims(self) -> list[Claim]:
        """Give all open claims, the oldest first."""
        of_orders = (claim for bill in self.bills.values() for claim in bill.claims)
        of_payments = (owing.claim for owing in self.owing.values())
        return oldest_first(chain(of_orders, of_payments))

    def sums(self) -> Iterator[Money]:
        """Give all open payments, in no order."""
        yield from self.paid.values()
        for bill in self.bills.values():
            yield from bill.paid


def oldest_first(claims: Iterable[Claim]) -> list[Claim]:
    """Put claims in order."""
    return sorted(claims, key=attrgetter("age"))


PACKED = list[tuple[Claim, tuple[Step, ...]]]

_encode = msgspec.msgpack.Encoder().encode


def packed(held: object) -> bytes:
    """Pack what nobody reads for long."""
    return zlib.compress(_encode(held), 1)


def unpacked(raw: bytes, kind: type[T]) -> T:
    """Unpack it."""
    return msgspec.msgpack.decode(zlib.decompress(raw), type=kind)


def _claims(entry: Entry | None) -> set[Claim]:
    match entry:
        case Bill():
            return set(entry.claims)
        case Owing():
            return {entry.claim}
        case _:
            return set()


def _sums(entry: Entry | None) -> set[Money]:
    match entry:
        case Bill():
            return set(entry.paid)
        case Money():
            return {entry}
        case _:
            return set()
