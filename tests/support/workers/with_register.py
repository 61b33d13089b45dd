"""A worker without bus and database, asked about one rule at a time."""

from datetime import timedelta
from typing import Any

from services.compliance.judging.moment import Moment
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES
from tests.support.events import an_event, instant
from tests.support.workers.in_memory import InMemoryWorker

SETTLE = timedelta(seconds=10)
LATE, SHORT = "late-response", "late-delivery"
ORDER = an_event("order.placed", "2022-03-01 09:00:00")
ACCEPTED = an_event("order.accepted", "2022-03-03 08:00:00")
REFUSED = an_event("order.rejected", "2022-03-01 10:00:00", reason="price")


def at(now: str, heard_until: str | None = None) -> Moment:
    """A moment of judging; all is heard until then unless said otherwise."""
    return Moment(instant(now), instant(heard_until or now))


class WorkerWithRegister(InMemoryWorker):
    """A worker that has read a register, and says what one rule came to."""

    def __init__(self, *register: Event) -> None:
        super().__init__(POLICIES, SETTLE)
        told = register or (an_event("product.selected"), an_event("hospital.enrolled"))
        self.hear(told, at("2022-01-01 00:00:00"))

    def lines(self, rule: str) -> list[str]:
        """The kinds of all lines of history of a rule's violations, in order."""
        names = {name for name, violation in self.told.items() if violation["rule"] == rule}
        return [change.kind for change, _ in self.history if change.id in names]

    def standing(self, rule: str) -> list[dict[str, Any]]:
        """A rule's violations that are not withdrawn."""
        return [violation for violation in self.violations() if violation["rule"] == rule]
