"""How much of what fell due in a month came in time, by product and area.

Plants leave orders undelivered, each for a reason of its own. Where they make more than a tenth of
what falls due in a month, honest orders stay too few for anybody to hold that month against a rate:
what that amounts to is planted elsewhere (`planting/earlier.py`), and nowhere by chance.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.sources.province.story import Story
from services.sources.province.terms import TERMS
from services.sources.province.world import Pair

CellMonth = tuple[str, str, str]
"""A product, an area, and a month such as 2026-10."""


@dataclass(slots=True)
class Due:
    """The orders of a month: how many, of how many units, and how many of those did not come."""

    orders: int = 0
    units: int = 0
    missing: int = 0


class Rates:
    """What falls due in each month, order by order as they are told."""

    def __init__(self) -> None:
        self._due: dict[CellMonth, Due] = defaultdict(Due)

    def take(self, stories: list[Story]) -> None:
        """Add orders that are told to the end, and forget them."""
        for story in stories:
            if not story.left_out:
                due = self._due[_cell_month(story.pair, story.delivery.at)]
                due.orders += 1
                due.units += story.quantity
                due.missing += story.quantity - story.came
        stories.clear()

    def bear(self, pair: Pair, first: datetime, last: datetime) -> bool:
        """Whether one more order of a pair may fall due between two instants, some days apart."""
        return all(self._bears(_cell_month(pair, instant)) for instant in (first, last))

    def _bears(self, name: CellMonth) -> bool:
        due = self._due.get(name)
        if due is None or 100 * due.missing <= TERMS.missing_percent * due.units:
            return True
        return due.orders + 1 < TERMS.rated_orders


def _cell_month(pair: Pair, due: datetime) -> CellMonth:
    # 24:00 of a month's last day is its own.
    month = due - timedelta(microseconds=1)
    return pair.product.code, pair.hospital.area, f"{month:%Y-%m}"
