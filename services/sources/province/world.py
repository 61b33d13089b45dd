"""The province before anything happens: who is there, what is agreed, where plants may stand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from services.sources.province import market, places, seasons
from services.sources.province.market import YEAR, Product, years
from services.sources.province.places import Hospital
from services.sources.province.plan import Plan, midnight
from services.sources.province.rates import Rates
from services.sources.province.telling import Teller, Told
from services.sources.province.terms import TERMS
from services.sources.province.truth import Evidence, Truth

if TYPE_CHECKING:
    from services.sources.province.story import Story

SIGNING_SHARE, JOINING_LATER = 0.75, 0.1
NAMING_HOURS, NAMING_EACH = 0.2, 0.7
LEAVING, ENTERING, TURNING = (23, 5), (17, 4), (13, 3)
"""Of so many hospitals one leaves, enters or changes its remoteness, as (of how many, which)."""

TRIES = 4_000
SHORTEST = timedelta(days=30)
"""No agreement is shorter."""


@dataclass(slots=True)
class Agreement:
    """One yearly agreement, `[start, end)` in days; `hours` by field name."""

    id: str
    start: date
    end: date
    quantity: int
    hours: dict[str, int]


@dataclass(slots=True)
class Pair:
    """A hospital and a product: their agreements, the usual order, and the volume still free."""

    hospital: Hospital
    product: Product
    unit: int
    weight: float
    agreements: list[Agreement] = field(default_factory=list)
    room: int = 0
    exclusive: bool = False
    evidence: Evidence = field(default_factory=list)

    def agreement_on(self, day: date) -> Agreement | None:
        """Find the agreement in force on a day in Shanghai."""
        return next((a for a in self.agreements if a.start <= day < a.end), None)


@dataclass(slots=True)
class Cell:
    """A product in an area: its standing distributors, and the days that plants have taken."""

    product: Product
    area: str
    standing: list[str]
    spare: list[str]
    pairs: list[Pair] = field(default_factory=list)
    purpose: str | None = None
    taken: list[tuple[datetime, datetime]] = field(default_factory=list)

    def free(self, first: datetime, last: datetime) -> bool:
        """Tell whether no other stock-out or report touches `[first, last]`."""
        return all(last < begun or ended < first for begun, ended in self.taken)


class World:
    """Everything that the plants and the honest orders share.

    `stories` are the orders begun, until `rates` has counted what of them came in time.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(f"{plan.seed}/plants")
        self.teller = Teller(plan)
        self.truth = Truth(plan)
        self.told: list[Told] = []
        self.lists: list[list[Told]] = [self.told]
        self.orders = 0
        self.stories: list[Story] = []
        self.rates = Rates()
        self.counted: set[str] = set()
        self.hospitals = places.hospitals(plan, self.random)
        self.products = market.products(plan, self.random)
        areas = sorted({hospital.area for hospital in self.hospitals})
        self.distributors = market.distributors(areas, self.random)
        self.change_hospitals()
        self.cells = {
            (p.code, area): self.cell_of(p, area) for p in self.products for area in areas
        }
        self.all_cells = list(self.cells.values())
        self.pairs = [self.pair_of(h, p) for p in self.products for h in self.hospitals]
        self.sign()

    def change_hospitals(self) -> None:
        """Let a few hospitals join, leave, or change their remoteness within the simulated days."""
        first, days = self.plan.start.date(), self.plan.days
        for number, hospital in enumerate(self.hospitals[3:], start=3):
            if number % LEAVING[0] == LEAVING[1]:
                hospital.withdrawn_on = first + days * timedelta(days=self.random.uniform(0.6, 0.8))
            elif number % ENTERING[0] == ENTERING[1]:
                hospital.enrolled_on = first + days * timedelta(days=self.random.uniform(0.1, 0.3))
            elif number % TURNING[0] == TURNING[1]:
                hospital.remote_changes_on = first + days * timedelta(
                    days=self.random.uniform(0.3, 0.6)
                )

    def cell_of(self, product: Product, area: str) -> Cell:
        """Choose who delivers a product in an area, fewer than the cap."""
        everyone = list(self.distributors[area])
        self.random.shuffle(everyone)
        count = self.random.randint(2, TERMS.caps[product.category] - 1)
        return Cell(product, area, everyone[:count], everyone[count:])

    def pair_of(self, hospital: Hospital, product: Product) -> Pair:
        """Make the pair of a hospital and a product; most of them sign."""
        signs = product.fate != "listed" and self.random.random() < SIGNING_SHARE
        unit = product.pack * max(1, round(8 * hospital.weight * product.popularity))
        pair = Pair(hospital, product, unit, hospital.weight * product.popularity * signs)
        self.cells[product.code, hospital.area].pairs.append(pair)
        return pair

    def sign(self) -> None:
        """Give every signing pair its yearly agreements, with room for all that will be ordered."""
        total = sum(pair.weight for pair in self.pairs)
        for number, pair in enumerate(self.pairs):
            if not pair.weight:
                continue
            expected = self.plan.orders * pair.weight / total
            quantity = pair.unit * int(3 * expected + 15)
            pair.room = quantity - 1
            later = YEAR / 4 if self.random.random() < JOINING_LATER else timedelta()
            for cycle in pair.product.cycles:
                for year, start in enumerate(years(cycle.start, cycle.end)):
                    first = year == 0 and cycle is pair.product.cycles[0]
                    begun = start + later if first else start
                    ended = min(start + YEAR, cycle.end)
                    if begun > self.plan.end.date() + timedelta(days=60):
                        continue
                    if ended <= self.plan.start.date() or ended - begun < SHORTEST:
                        continue  # Nobody tells what was bought under it, or could buy that much.
                    if not market.near(self.plan, begun) and begun < ended:
                        code = f"A{start.year}-{number:05d}-{cycle.round}{year}"
                        hours = self.agreed_hours()
                        pair.agreements.append(Agreement(code, begun, ended, quantity, hours))

    def agreed_hours(self) -> dict[str, int]:
        """Draw the hours that an agreement names itself; most name none."""
        if self.random.random() > NAMING_HOURS:
            return {}
        offered = {
            "response_hours": (8, 12, 36),
            "delivery_hours": (24, 36, 60, 72),
            "urgent_response_hours": (1, 3),
            "urgent_delivery_hours": (6, 12),
        }
        return {
            name: self.random.choice(values)
            for name, values in offered.items()
            if self.random.random() < NAMING_EACH
        }

    def moment(self, ago: timedelta, since: datetime | None = None) -> datetime:
        """Draw an instant of office hours on an earlier day than `ago` before the last instant."""
        first = self.plan.start + timedelta(days=2) if since is None else since
        last = self.plan.end - ago - timedelta(days=1)
        drawn = first + (last - first) * self.random.random()
        return seasons.office_hour(drawn.date(), self.random)

    def pick(
        self, day: date, wanted: Callable[[Pair], bool] = lambda _: True, *, fate: str = "plain"
    ) -> Pair:
        """Draw a signed pair of a product and a steady hospital that nothing disturbs."""
        for _ in range(TRIES):
            pair = self.random.choice(self.pairs)
            if (
                pair.product.fate == fate
                and not pair.exclusive
                and pair.agreement_on(day) is not None
                and pair.hospital.withdrawn_on is None
                and pair.hospital.enrolled_on <= day
                and self.cell(pair).purpose != "coverage"
                and pair.room > 4 * pair.unit
                and wanted(pair)
                and self.bears(pair, day)
            ):
                return pair
        raise NoGroundError

    def bears(self, pair: Pair, day: date) -> bool:
        """Tell whether a plant may order for a pair on a day, so that no month fails a rate."""
        self.rates.take(self.stories)
        return self.rates.bear_plant(pair, midnight(day))

    def cell(self, pair: Pair) -> Cell:
        """Find the cell of a pair."""
        return self.cells[pair.product.code, pair.hospital.area]

    def vacant(self, purpose: str, wanted: Callable[[Cell], bool] = lambda _: True) -> Cell:
        """Draw a cell of a plain product that no plant stands on, and take it for a purpose."""
        for _ in range(TRIES):
            cell = self.random.choice(self.all_cells)
            if (
                cell.purpose is None
                and not cell.taken
                and cell.product.fate == "plain"
                and not any(pair.exclusive for pair in cell.pairs)
                and wanted(cell)
            ):
                cell.purpose = purpose
                return cell
        raise NoGroundError

    def take(self, cell: Cell, first: datetime, last: datetime) -> None:
        """Keep other stock-outs and reports out of a cell while this episode and its gap last."""
        cell.taken.append((first - TERMS.episode_gap, last + TERMS.episode_gap))

    def next_order(self, placed: datetime) -> str:
        """Give an order its number."""
        self.orders += 1
        return f"SX{placed:%Y%m%d}-{self.orders:06d}"

    def midday(self, day: date) -> datetime:
        """Take noon of a day, for tellings that name days."""
        return midnight(day) + timedelta(hours=12)


class NoGroundError(Exception):
    """No place is left for another plant of this kind; the planting goes on without it."""
