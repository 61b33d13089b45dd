"""Who sells what: products with their cycles, their makers, and the distributors of each area."""

import csv
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from services.sources.province.plan import Plan
from services.sources.province.terms import DATA, TERMS

YEAR = timedelta(days=365)
QUIET = timedelta(days=9)
"""Nothing may begin or end within a week after the last day; truth stays the same that long."""

MAKERS = 28
DISTRIBUTORS = 60
DISTRIBUTORS_OF_AREA = 16


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle of a selected product, `[start, end)` in days; the price is decimal text."""

    start: date
    end: date
    price: str
    round: str


@dataclass(slots=True)
class Product:
    """A product; `fate` says what becomes of it in the simulated days.

    `plain` is selected all the time, `renewed` changes its cycle and price, `new` begins,
    `deselected` and `expired` end, `listed` was never selected. `listings` and `standards` are
    the days on which plants have its price listed, or its standard set, otherwise.
    """

    code: str
    variety: str
    name: str
    category: str
    unit: str
    pack: int
    manufacturer: str
    popularity: float
    fate: str
    cycles: list[Cycle]
    price: str
    deselected_on: date | None = None
    listings: list[tuple[date, date]] = field(default_factory=list)
    standards: list[tuple[date, date]] = field(default_factory=list)

    def cycle_on(self, day: date) -> Cycle | None:
        """Find the cycle that governs a day, None outside all of them."""
        if self.deselected_on is not None and day >= self.deselected_on:
            return None
        return next((cycle for cycle in self.cycles if cycle.start <= day < cycle.end), None)

    @property
    def ends_on(self) -> date:
        """The first day on which nobody has a duty for this product any more."""
        end = max((cycle.end for cycle in self.cycles), default=date.max)
        return end if self.deselected_on is None else min(end, self.deselected_on)


FATES = ("renewed", "new", "deselected", "renewed", "expired", "new", "deselected", "renewed")


def products(plan: Plan, random: Random) -> list[Product]:
    """Read the catalogue and give every product its maker and its fate."""
    with (DATA / "products.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    selected = [number for number, row in enumerate(rows) if row["selected"] == "1"]
    fates = dict(zip(random.sample(selected, len(FATES)), FATES, strict=True))
    return [
        product(row, fates.get(number, "plain" if number in selected else "listed"), plan, random)
        for number, row in enumerate(rows)
    ]


def product(row: dict[str, str], fate: str, plan: Plan, random: Random) -> Product:
    """Make one product of a line of the catalogue."""
    made = Product(
        code=row["code"],
        variety=row["variety"],
        name=row["name"],
        category=row["category"],
        unit=row["unit"],
        pack=int(row["pack"]),
        manufacturer=f"M{random.randint(1, MAKERS):04d}",
        popularity=random.uniform(0.5, 1.5) * (3 if row["category"] == "drug" else 1),
        fate=fate,
        cycles=[] if fate == "listed" else cycles(row["price"], fate, plan, random),
        price=row["price"],
    )
    if fate == "deselected":
        made.deselected_on = plan.start.date() + plan.days * timedelta(
            days=random.uniform(0.55, 0.7)
        )
    return made


def cycles(price: str, fate: str, plan: Plan, random: Random) -> list[Cycle]:
    """Draw cycles until no year of theirs begins or ends near the last day."""
    while True:
        drawn = draw(price, fate, plan, random)
        if not any(
            near(plan, day)
            for cycle in drawn
            for day in (*years(cycle.start, cycle.end), cycle.end)
        ):
            return drawn


def draw(price: str, fate: str, plan: Plan, random: Random) -> list[Cycle]:
    """Draw the cycles of a fate once."""
    first, last = plan.start.date(), plan.end.date()
    if fate == "renewed":
        turn = first + plan.days * timedelta(days=random.uniform(0.35, 0.6))
        lower = f"{float(price) * 0.9:.2f}"
        # What follows a cycle from before the notice would have to begin on its alignment day.
        begun = max(turn - 2 * YEAR, TERMS.in_force_from + timedelta(days=1))
        older = Cycle(begun, turn, f"{float(lower) * 1.25 + 0.05:.2f}", "1")
        return [older, Cycle(turn, turn + 3 * YEAR, lower, "2")]
    if fate == "expired":
        end = first + plan.days * timedelta(days=random.uniform(0.5, 0.65))
        # A cycle from before the notice would be followed by a bridge, and not be over.
        begun = max(end - 2 * YEAR, TERMS.in_force_from + timedelta(days=1))
        return [Cycle(begun, end, price, "1")]
    if fate == "new":
        begun = first + plan.days * timedelta(days=random.uniform(0.06, 0.2))
        return [Cycle(begun, begun + 3 * YEAR, price, "3")]
    earliest = max(first - timedelta(days=600), last + timedelta(days=41) - 3 * YEAR)
    begun = earliest + timedelta(days=random.randrange((first - earliest).days - 45))
    lengths = [n for n in (2, 3) if begun + n * YEAR > last + timedelta(days=40)]
    length = random.choice(lengths)
    return [Cycle(begun, begun + length * YEAR, price, "2")]


def years(start: date, end: date) -> list[date]:
    """List the days on which the yearly agreements of `[start, end)` begin."""
    return [start + n * YEAR for n in range(-(-(end - start) // YEAR))]


def near(plan: Plan, day: date) -> bool:
    """Tell whether a day lies so near the last one that truth could change within the week."""
    return -QUIET <= day - plan.end.date() <= QUIET


def distributors(areas: list[str], random: Random) -> dict[str, list[str]]:
    """Choose the distributors that serve each area."""
    everyone = [f"D{number:02d}" for number in range(1, DISTRIBUTORS + 1)]
    return {area: sorted(random.sample(everyone, DISTRIBUTORS_OF_AREA)) for area in areas}
