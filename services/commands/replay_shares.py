"""Shares of an archive: which of several processes judges the order that a line is about."""

from typing import Any, NamedTuple
from zlib import crc32

from services.compliance.judging.kinds import KINDS
from services.compliance.judging.subjects import ON_ORDERS, Subject
from services.compliance.judging.whereabouts import account_of, payer_of
from shared.domain import topics
from shared.domain.cloudevents import Event

TYPE = b'"vbp.'
ORDER = b'"order"'
TYPES_ON_ORDERS = frozenset(
    f'"{kind}'.encode() for kind, data in topics.DATA_OF.items() if data in ON_ORDERS
)


class Share(NamedTuple):
    """The orders of one of several processes, and the records that gather from orders.

    An order is told by a checksum of its id, what gathers by one of whom or what it is of. All else
    that is told belongs to share 0, which answers for it.
    """

    number: int
    of: int

    def passes(self, line: bytes) -> bool:
        """Whether a line is surely of another share's order."""
        name = line.find(ORDER)
        # Most lines that may be ours need no second look: what is read shows whose it is.
        if name < 0 or crc32(_value(line, name)) % self.of == self.number:
            return False
        return _certain(line, name)

    def answers_for(self, line: bytes) -> bool:
        """Whether this share refuses a line that cannot be read."""
        name = line.find(ORDER)
        if name < 0 or not _certain(line, name):
            return self.number == 0
        return crc32(_value(line, name)) % self.of == self.number

    def owns(self, event: Event) -> bool:
        """Whether an event is this share's to tell and to count."""
        data: Any = event.data
        if type(data) not in ON_ORDERS:
            return self.number == 0
        return self.has(data.order)

    def has(self, order: str) -> bool:
        """Whether an order is of this share."""
        return crc32(order.encode()) % self.of == self.number

    def gathers(self, subject: Subject) -> bool:
        """Whether a record that gathers is of this share."""
        return self.gathering(subject) == self.number

    def gathering(self, subject: Subject) -> int:
        """Give the number of the share that a record that gathers is of."""
        return crc32(root_of(subject).encode()) % self.of


def root_of(subject: Subject) -> str:
    """Give of whom or what a record that gathers is: a payer, a hospital, else a product.

    What such records contribute goes to records of the very same: `test_replay_shares.py`.
    """
    if subject.kind == "account":
        return payer_of(subject.key)
    if subject.kind == "statement":
        return payer_of(account_of(subject.key))
    product, hospital, *_ = KINDS[subject.kind].columns(subject.key)
    return hospital or product or ""


def _value(line: bytes, name: int) -> bytes:
    """Give the first text after the `"order"` at `name`: what it names, where the line is valid."""
    start = line.find(b'"', name + len(ORDER)) + 1
    return line[start : line.find(b'"', start)]


def _certain(line: bytes, name: int) -> bool:
    """Whether the `"order"` at `name` names the order that a line is about, or it is refused.

    Without a backslash every text stands in the line as it is. So with the type of an event on
    orders, no other type, and one `"order"`, there is no other name.
    """
    if b"\\" in line or line.find(ORDER, name + 1) >= 0:
        return False
    kind = line.find(TYPE)
    type_end = line.find(b'"', kind + 1)
    return line[kind:type_end] in TYPES_ON_ORDERS and line.find(TYPE, type_end) < 0
