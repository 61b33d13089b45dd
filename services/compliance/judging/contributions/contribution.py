"""What a record can pass on to another, or say of what it passes on.

As pure as judging: new minus kept is applied, over the targets of both, in the same transaction.
Contributions go one way, so there are no cycles.
"""

from typing import NamedTuple

from msgspec import Struct

from services.compliance.findings.finding import Missing, Watch
from services.compliance.records.appointments import Appointment
from services.compliance.records.commitment import Dealing
from services.compliance.records.supply import Report, StockOut


class Contribution(Struct, frozen=True, array_like=True, gc=False):
    """A value for the record of a kind: of a product, or of a hospital and a product."""

    kind: str
    product: str
    hospital: str | None
    value: Dealing | StockOut | Appointment | Report


class Unjudged(NamedTuple):
    """A rule that cannot be judged for want of a term."""

    rule: str
    missing: Missing


class Kept(NamedTuple):
    """What was given to records of a kind stands until what would replace it has been heard."""

    kind: str


Given = Contribution | Watch | Unjudged | Kept
