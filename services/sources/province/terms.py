"""The limits that the simulation plants by, read from its own data file."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of a jurisdiction: its clauses as (clause, basis) by rule."""

    jurisdiction: str
    policy: str
    clauses: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Terms:
    """Deadlines as spans of time, caps as counts, and the notices that were planted by."""

    notice: Notice
    pilot: Notice
    in_force_from: date
    prefix: str
    response: timedelta
    urgent_response: timedelta
    delivery: timedelta
    urgent_delivery: timedelta
    remote_delivery: timedelta
    caps: dict[str, int]
    stock_out_after: timedelta
    report_grace: timedelta
    episode_gap: timedelta
    rated_orders: int
    missing_percent: int
    rated_remote_orders: int
    late_percent: int
    order_settles: timedelta
    orders_asked_from: datetime

    @property
    def jurisdiction(self) -> str:
        """The province's jurisdiction."""
        return self.notice.jurisdiction


def read(path: Path) -> Terms:
    """Read the file; a missing entry raises `KeyError`."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    hours, shortage = told["hours"], told["shortage"]
    return Terms(
        notice=notice(told),
        pilot=notice(told["pilot"]),
        in_force_from=told["in_force_from"],
        prefix=told["prefix"],
        response=timedelta(hours=hours["response"]),
        urgent_response=timedelta(hours=hours["urgent_response"]),
        delivery=timedelta(hours=hours["delivery"]),
        urgent_delivery=timedelta(hours=hours["urgent_delivery"]),
        remote_delivery=timedelta(hours=hours["remote_delivery"]),
        caps=told["distributors"],
        stock_out_after=timedelta(days=shortage["stock_out_after_days"]),
        report_grace=timedelta(hours=shortage["report_grace_hours"]),
        episode_gap=timedelta(days=shortage["episode_gap_days"]),
        rated_orders=told["rates"]["orders"],
        missing_percent=told["rates"]["missing_percent"],
        rated_remote_orders=told["rates"]["remote_orders"],
        late_percent=told["rates"]["late_percent"],
        order_settles=timedelta(days=told["platform"]["settle_days"]),
        orders_asked_from=told["platform"]["orders_asked_from"],
    )


def notice(told: dict[str, Any]) -> Notice:
    """Read what a notice asks."""
    clauses = {rule: (clause, basis) for rule, (clause, basis) in told["clauses"].items()}
    return Notice(told["jurisdiction"], told["policy"], clauses)


TERMS = read(DATA / "terms.toml")
