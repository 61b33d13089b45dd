"""What a record can pass on to another, or say of what it passes on.

As pure as judging: new minus kept is applied, over the targets of both, in the same transaction.
Contributions go one way, so there are no cycles.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.subjects import Subject, subject_named
from services.compliance.records.account import Entry as AccountEntry
from services.compliance.records.appointments import Appointment
from services.compliance.records.commitment import Dealing
from services.compliance.records.evidence import Evidence
from services.compliance.records.funding import Deposit, Pledges
from services.compliance.records.paid_order import Remittance
from services.compliance.records.statement import Book, Stamp
from services.compliance.records.supply import Report, Served, StockOut, Stocks
from services.compliance.records.usage import Contracts, Used
from shared.domain import ids

Value = (
    Dealing
    | StockOut
    | Appointment
    | Report
    | Served
    | Stocks
    | Remittance
    | AccountEntry
    | Book
    | Stamp
    | Deposit
    | Pledges
    | Used
    | Contracts
)
"""What is contributed: what one record says to another."""


class Contribution(Struct, frozen=True, array_like=True, gc=False):
    """A value for the record of a kind: of a product, or `of` one thing `by` another.

    So a commitment is of a product by a hospital.
    """

    kind: str
    of: str
    by: str | None
    value: Value

    def target(self, jurisdiction: str) -> Subject:
        """Give whose record it goes to."""
        key = self.of if self.by is None else ids.pair(self.by, self.of)
        return subject_named((jurisdiction, self.kind, key))

    @property
    def kept(self) -> "Contribution":
        """Give what is remembered of it: of a statement, which is large, a stamp only."""
        value = self.value
        return replace(self, value=value.kept) if isinstance(value, Book) else self


class Transfer(Struct, frozen=True, array_like=True, gc=False):
    """A contribution in the place of one before it, in the record of `target`, and its causes.

    Without `voids` it would be another.
    """

    target: Subject
    old: Contribution | None
    new: Contribution | None
    causes: tuple[Evidence, ...] = ()
    voids: tuple[Evidence, ...] = ()


class Unjudged(NamedTuple):
    """A rule that cannot be judged for want of a term."""

    rule: str
    missing: Missing


class Standing(NamedTuple):
    """What is given, but for the stock-out given before: it stands until all has been heard."""

    given: Contribution


class Tidying(NamedTuple):
    """How a record can hold otherwise what it holds, with which it says nothing otherwise.

    It is worth its while only for a record that is stored, and judged again.
    """

    tidy: Callable[[], None]


Given = Contribution | Watch | Unjudged | Standing | Tidying
