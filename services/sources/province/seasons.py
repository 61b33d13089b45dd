"""When hospitals order: by season, weekday, holiday and hour."""

from datetime import date, datetime, timedelta
from random import Random

from services.sources.province.plan import midnight

MONTHS = (1.15, 0.85, 1.05, 1.0, 0.97, 0.93, 0.92, 0.92, 0.98, 0.95, 1.08, 1.2)
"""Winter is busy, and hospitals stock up before the Spring Festival."""

WEEKEND = 0.15
SATURDAY = 5
HOLIDAYS = {(1, 1), (5, 1), (5, 2), (5, 3), *((10, day) for day in range(1, 8))}
OPENS, CLOSES = 8, 18


def weight(day: date) -> float:
    """Weigh how much is ordered on a day; an ordinary weekday of spring is 1."""
    quiet = day.weekday() >= SATURDAY or (day.month, day.day) in HOLIDAYS
    return MONTHS[day.month - 1] * (WEEKEND if quiet else 1.0)


def office_hour(day: date, random: Random) -> datetime:
    """Draw an instant when offices are open, mornings more than afternoons."""
    hours = random.triangular(OPENS, CLOSES, 10)
    return midnight(day) + timedelta(seconds=int(hours * 3600))


def any_hour(day: date, random: Random) -> datetime:
    """Draw any instant of a day, for emergencies."""
    return midnight(day) + timedelta(seconds=random.randrange(86_400))
