"""How much of what falls due in a month comes in time, so that no month fails a rate by chance.

Plants leave orders undelivered or bring them late, each for a reason of its own. What months of
that amount to is planted elsewhere (`planting/earlier.py`), and must not come of itself. So plants
stay few: in a month they order less of a product in an area than anybody holds against a rate, and
bring fewer of its orders to remote hospitals late than a tenth of those that must be there before
remote hospitals are compared with the others. Honest orders all come in time: they can only mend a
rate, and stay few themselves where plants left more than a tenth of a month's units undelivered.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.sources.province.terms import TERMS

if TYPE_CHECKING:
    from services.sources.province.story import Story
    from services.sources.province.world import Pair

DUE_WITHIN = timedelta(days=7)
"""Every order is due so soon."""

AT_ONCE = 2
"""So many orders of one pair a plant places at most, the last of which may be late."""

LATE_AT_MOST = TERMS.rated_remote_orders * TERMS.late_percent // 100
"""So many late orders of remote hospitals are no more than the share that may be."""


@dataclass(slots=True)
class Due:
    """The orders of a month: how many, of how many units, and how many of those did not come."""

    orders: int = 0
    units: int = 0
    missing: int = 0

    @property
    def one_too_many(self) -> bool:
        """Whether the month would be held against a rate with one more order."""
        return self.orders + 1 >= TERMS.rated_orders

    @property
    def short(self) -> bool:
        """Whether more is missing than may be."""
        return 100 * self.missing > TERMS.missing_percent * self.units


class Rates:
    """What falls due in each month, order by order as they are told."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str, str], Due] = defaultdict(Due)
        self._late: Counter[tuple[str, str]] = Counter()

    def take(self, stories: list["Story"]) -> None:
        """Add orders that are told to the end, and forget them."""
        for story in stories:
            if story.is_placed:
                self._add(story)
        stories.clear()

    def _add(self, story: "Story") -> None:
        product, month = story.product.code, month_of(story.delivery.at)
        if story.is_late and story.hospital.remote_on(story.placed.date()):
            self._late[product, month] += 1
        if not story.left_out:
            due = self._due[product, story.hospital.area, month]
            due.orders += 1
            due.units += story.quantity
            due.missing += story.quantity - story.came

    def bear(self, pair: "Pair", placed: datetime) -> bool:
        """Tell whether an order of a pair that comes in time fails no rate."""
        cells = [self._due.get(cell) for cell in cells_of(pair, placed)]
        return not any(due and due.short and due.one_too_many for due in cells)

    def bear_plant(self, pair: "Pair", placed: datetime) -> bool:
        """Tell whether a plant's orders of a pair fail no rate, whatever becomes of them."""
        remote = pair.hospital.remote_on(placed.date())
        for product, area, month in cells_of(pair, placed):
            if self._due[product, area, month].orders + AT_ONCE >= TERMS.rated_orders:
                return False
            if remote and self._late[product, month] >= LATE_AT_MOST:
                return False
        return True


def cells_of(pair: "Pair", placed: datetime) -> set[tuple[str, str, str]]:
    """Give product and area with the months in which an order may fall due."""
    product, area = pair.product.code, pair.hospital.area
    return {(product, area, month_of(at)) for at in (placed, placed + DUE_WITHIN)}


def month_of(due: datetime) -> str:
    """Name the month in which an instant lies; 24:00 of a month's last day is its own."""
    return f"{due - timedelta(microseconds=1):%Y-%m}"
