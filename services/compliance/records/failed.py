"""An order on which its supplier failed, as records that gather such orders hold it."""

from datetime import date, datetime

from msgspec import Struct

from services.compliance.records.evidence import Evidence


class Failed(Struct, frozen=True, array_like=True, gc=False):
    """When the supplier failed on an order (UTC), and what came of the quantity ordered.

    `received` is what was accepted by day of receipt (ordinal); returns do not count. Until
    `heard_by` all must have been heard before the failure counts.
    """

    at: datetime
    ordered: int
    received: dict[int, int]
    heard_by: datetime
    evidence: tuple[Evidence, ...]

    def missing_by(self, day: date) -> int:
        """Give what had not been accepted on days before a day."""
        until = day.toordinal()
        accepted = sum(quantity for on, quantity in self.received.items() if on < until)
        return max(0, self.ordered - accepted)
