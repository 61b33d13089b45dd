"""What to simulate, checked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256

from services.sources.province.terms import TERMS
from shared.domain.errors import InvalidArgumentError

ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Shanghai has kept one offset since 1991; a fixed zone is many times faster than the database."""

FEWEST_DAYS, MOST_DAYS = 60, 730
FEWEST_HOSPITALS, MOST_HOSPITALS = 4, 231
FEWEST_ORDERS, MOST_ORDERS = 100, 5_000_000
FIRST_YEAR, LAST_YEAR = TERMS.in_force_from.year, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A province of `hospitals` that order for `days`, up to and including the instant `until`.

    `orders` counts the orders of the honest majority; planted ones come on top. The same plan gives
    the same province, byte for byte. `until` is aware. Raises `InvalidArgumentError`.
    """

    until: datetime
    jurisdiction: str = "cn-sx"
    hospitals: int = 100
    days: int = 180
    orders: int = 24_000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise InvalidArgumentError("--until has no offset: write it like 2026-03-01T09:00Z")
        if self.jurisdiction != TERMS.jurisdiction:
            raise InvalidArgumentError(
                f"--jurisdiction {self.jurisdiction!r} has no simulation: use {TERMS.jurisdiction}"
            )
        bounded("the year of --until", self.until.year, FIRST_YEAR, LAST_YEAR)
        bounded("--hospitals", self.hospitals, FEWEST_HOSPITALS, MOST_HOSPITALS)
        bounded("--days", self.days, FEWEST_DAYS, MOST_DAYS)
        bounded("--orders", self.orders, FEWEST_ORDERS, MOST_ORDERS)
        if self.start.date() <= TERMS.in_force_from:
            raise InvalidArgumentError(
                f"--until and --days begin on {self.start.date()}, when no policy was in force: "
                f"begin after {TERMS.in_force_from}, with a later --until or fewer --days"
            )

    @property
    def end(self) -> datetime:
        """The last instant, in whole seconds."""
        return self.until.astimezone(ZONE).replace(microsecond=0)

    @property
    def start(self) -> datetime:
        """The first midnight of the simulated days."""
        return midnight(self.end.date() - timedelta(days=self.days))

    @property
    def mark(self) -> str:
        """Eight characters that two different plans do not share, so that event ids never clash."""
        told = f"{self.end.isoformat()} {self.hospitals} {self.days} {self.orders} {self.seed}"
        return sha256(told.encode()).hexdigest()[:8]


def bounded(name: str, value: int, least: int, most: int) -> None:
    """Refuse a number outside `[least, most]`."""
    if not least <= value <= most:
        raise InvalidArgumentError(f"{name} is {value}: give a number from {least} to {most}")


def midnight(day: date) -> datetime:
    """Turn a day into its first instant in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)
