"""Events of the last days that break a rule, or lead up to it."""

from datetime import datetime, timedelta
from typing import Any

from shared.domain.calendar import ZONE
from tests.support.events import said


def now(days: float = 0) -> datetime:
    return datetime.now(ZONE) + timedelta(days=days)


def day(days: int) -> str:
    return now(days).date().isoformat()


def register() -> list[dict[str, Any]]:
    year: dict[str, Any] = {"start": day(-180), "end": day(180)}
    cycle: dict[str, Any] = {"cycle_start": day(-180), "cycle_end": day(180)}
    agreed: dict[str, Any] = {
        "delivery_hours": 48,
        "response_hours": 24,
        "agreed_quantity": 100_000,
    }
    return [
        said("product.selected", now(-200), **cycle),
        said("hospital.enrolled", now(-200), enrolled_on=day(-190)),
        said("agreement.signed", now(-185), **year, **agreed),
    ]


def ordered(order: str, days: float, **changed: Any) -> list[dict[str, Any]]:
    """An order so many days ago, and its acceptance."""
    return [
        said("order.placed", now(days), order=order, **changed),
        said("order.accepted", now(days + 0.01), order=order),
    ]
