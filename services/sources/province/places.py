"""The places of the province: real hospitals in their real cities."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from services.sources.province.plan import Plan
from services.sources.province.terms import DATA, TERMS

REMOTE_SHARE = 0.7
HOSPITALS_PER_AREA = 2


@dataclass(slots=True)
class Hospital:
    """A participant; `remote` holds until `remote_changes_on`, its contrary from that day on."""

    code: str
    name: str
    area: str
    remote: bool
    weight: float
    enrolled_on: date
    ownership: str = "public"
    remote_changes_on: date | None = None
    withdrawn_on: date | None = None

    @property
    def is_ever_remote(self) -> bool:
        """Whether the hospital is remote on any day."""
        return self.remote or self.remote_changes_on is not None

    def remote_on(self, day: date) -> bool:
        """Tell whether the hospital is remote on a day in Shanghai."""
        changed = self.remote_changes_on is not None and day >= self.remote_changes_on
        return self.remote != changed


def hospitals(plan: Plan, random: Random) -> list[Hospital]:
    """Choose hospitals evenly over as many cities as hold a handful each, small cities last."""
    by_city: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for city, county, name in real_hospitals():
        by_city[city].append((county, name))
    cities = sorted(by_city)[: max(1, plan.hospitals // HOSPITALS_PER_AREA)]
    chosen: list[Hospital] = []
    while len(chosen) < plan.hospitals:
        # Where the chosen cities run out of hospitals the next city joins.
        filled = [city for city in cities if by_city[city]]
        cities = filled or [city for city in sorted(by_city) if by_city[city]][:1]
        for city in cities:
            if by_city[city] and len(chosen) < plan.hospitals:
                county, name = by_city[city].pop(random.randrange(len(by_city[city])))
                chosen.append(hospital(city, county, name, len(chosen) + 1, plan, random))
    return chosen


def hospital(  # noqa: PLR0913, PLR0917  # one argument for each thing known of a hospital
    city: str, county: str, name: str, number: int, plan: Plan, random: Random
) -> Hospital:
    """Describe a hospital: those of counties are small, and most of them remote."""
    rural = county.endswith("县")
    weight = random.lognormvariate(-0.9 if rural else 0.4, 0.5)
    return Hospital(
        code=f"H{city}{number:07d}",
        name=name,
        area=city,
        remote=rural and random.random() < REMOTE_SHARE,
        weight=weight,
        enrolled_on=plan.start.date() - timedelta(days=random.randrange(800, 1200)),
        ownership="military" if "解放军" in name else "public",
    )


@cache
def area_names() -> dict[str, str]:
    """Read the names of all divisions by code."""
    with gzip.open(DATA / "divisions.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        return {row["code"]: row["name"] for row in csv.DictReader(lines)}


def real_hospitals() -> Iterator[tuple[str, str, str]]:
    """Read the province's hospitals once each, as (city code of four digits, county, name)."""
    seen: set[str] = set()
    with gzip.open(DATA / "hospitals.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["city_code"].startswith(TERMS.prefix) and row["name"] not in seen:
                seen.add(row["name"])
                yield row["city_code"][:4], row["county"], row["name"]
