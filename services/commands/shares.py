"""Shares of an archive: which of several processes judges the order that a line is about."""

import re
from typing import NamedTuple
from zlib import crc32

from services.compliance.dossier import ON_ORDERS, subject_of
from shared.domain import topics
from shared.domain.cloudevents import Event

TYPE = b'"vbp.'
ORDER = b'"order"'
TYPES_ON_ORDERS = frozenset(
    f'"{kind}'.encode() for kind, data in topics.DATA_OF.items() if data in ON_ORDERS
)
_value = re.compile(rb'\s*:\s*"([^"]*)"').match


class Share(NamedTuple):
    """The orders of one of several processes, told by a checksum of the order's id.

    Everything that is not about an order belongs to share 0, which answers for it.
    """

    number: int
    of: int

    def passes(self, line: bytes) -> bool:
        """Whether a line is surely of another share's order."""
        place = self._place(line)
        return place is not None and place != self.number

    def answers_for(self, line: bytes) -> bool:
        """Whether this share refuses a line that cannot be read."""
        return (self._place(line) or 0) == self.number

    def owns(self, event: Event) -> bool:
        """Whether an event is this share's to tell and to count."""
        if type(event.data) not in ON_ORDERS:
            return self.number == 0
        order = subject_of(event)
        return order is not None and crc32(order.key.encode()) % self.of == self.number

    def _place(self, line: bytes) -> int | None:
        """Give the share of a line without decoding it, None where only decoding tells.

        Without a backslash every text stands in the line as it is. So with the type of an event on
        orders, no other type, and one `"order"`, that is the order's name, or the line is refused.
        """
        if b"\\" in line:
            return None
        kind = line.find(TYPE)
        type_end = line.find(b'"', kind + 1)
        if line[kind:type_end] not in TYPES_ON_ORDERS or line.find(TYPE, type_end) >= 0:
            return None
        name = line.find(ORDER)
        if name < 0 or line.find(ORDER, name + 1) >= 0:
            return None
        value = _value(line, name + len(ORDER))
        return None if value is None else crc32(value[1]) % self.of
