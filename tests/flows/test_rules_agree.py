"""What rules observe of volumes, deliveries and remote places is what progress and scorecards sum.

Rules judge only orders in the scope of a policy, and scorecards count every order: lines that no
policy judges are left out here, by what the law says of each.
"""

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from services.commands import promises
from services.compliance.findings.violation import Violation
from services.compliance.judging.replay import Replay
from services.compliance.law.order_terms import OrderTerms
from services.delivery.worker import subject
from services.orders.progress import ProgressAsked, progress
from services.orders.worker import SUBJECT
from shared.adapters.reading import Database
from tests.flows.test_figures_agree import LONG_AFTER, outside, standing
from tests.support.builders import POLICIES, replayed, with_values
from tests.support.histories import whole_history
from tests.support.tally.keeping import Kept, keeping, messages

pytestmark = pytest.mark.integration

SEEDS = range(24)
TALKATIVE = {"rate_min_orders": 1, "remote_min_orders": 1, "delivery_rate": 1, "remote_gap": -2}
"""Values by which one rule speaks of every month in which something is missing, the other of every
month in which it can compare."""

STRICT = with_values("cn-sx", TALKATIVE)


async def test_a_shortfall_is_what_progress_says_of_its_agreement(database: str) -> None:
    compared = 0
    async with (
        keeping(SUBJECT, database) as kept,
        Database(database, "orders", SUBJECT.migrations) as reader,
    ):
        for seed in SEEDS:
            events = whole_history(Random(seed))
            replay, violations = _judged(events, "volume-shortfall")
            if not violations:
                continue
            await kept.empty()
            await kept.take(messages(events, SUBJECT.topics))
            unlike = await outside(kept, replay)
            for found in violations:
                if (found.jurisdiction, found.hospital, found.product) in unlike:
                    continue
                day = await kept.connection.fetchval(UNTIL, found.jurisdiction, found.subject)
                last = day - timedelta(days=1)
                asked = ProgressAsked(found.jurisdiction, _month(last), "agreement")
                shown = {row.code: row.completed for row in await _rows(reader, asked, last)}
                done = shown[found.subject]
                assert done is not None
                assert (done.accepted - done.returned, done.agreed) == (
                    found.observed,
                    found.limit,
                ), (seed, found.subject)
                compared += 1
    assert compared > len(SEEDS) // 2


UNTIL = "SELECT until FROM agreement WHERE jurisdiction = $1 AND agreement = $2"


async def _rows(reader: Database, asked: ProgressAsked, today: date) -> list[Any]:
    return (await progress(reader, asked, today)).rows


def _month(day: date) -> int:
    return day.year * 100 + day.month


async def test_what_was_delivered_and_what_came_in_time_is_what_scorecards_sum(
    database: str,
) -> None:
    counted = subject(*promises.of(POLICIES))
    compared: Counter[str] = Counter()
    async with keeping(counted, database) as kept:
        for seed in SEEDS:
            events = whole_history(Random(seed))
            replay, violations = _judged(events, "short-delivery", "remote-service")
            if not violations:
                continue
            await kept.empty()
            await kept.take(messages(events, counted.topics))
            lines = await _judged_lines(kept, replay)
            for found in violations:
                for month in found.details["months"]:
                    assert month["observed"] == _summed(lines, found, month["month"]), (
                        seed,
                        found.anchor,
                    )
                    compared[found.rule] += 1
    # Few histories have orders of one month for a remote hospital and another.
    assert (compared["short-delivery"] > len(SEEDS), compared["remote-service"] > 3) == (True, True)


def _judged(events: list[dict[str, Any]], *rules: str) -> tuple[Replay, list[Violation]]:
    replay = replayed(events, LONG_AFTER, STRICT)
    return replay, [found for found in replay.violations() if found.rule in rules]


async def _judged_lines(kept: Kept, replay: Replay) -> list[tuple[str, Any]]:
    """Lines that a policy judges, each with the policy's id."""
    lines = {
        (row["jurisdiction"], row["order"]): row
        for row in await kept.connection.fetch("SELECT * FROM line WHERE lines = 1")
    }
    found = []
    for name, order in (await standing(kept)).items():
        placed: Any = order.placed
        terms = OrderTerms(replay.law, *name, placed)
        if terms.scope() is True:
            found.append((terms.in_force.id, lines[name]))
    return found


def _summed(lines: list[tuple[str, Any]], found: Violation, month: str) -> dict[str, int]:
    """What the scorecards' lines of a month come to, as the rule says it."""
    number = int(month.replace("-", ""))
    same = [
        line
        for policy, line in lines
        if policy == found.policy
        and (line["month"], line["product"]) == (number, found.product)
        and (line["manufacturer"] or None) == found.manufacturer
    ]
    if found.rule == "short-delivery":
        own = [line for line in same if line["area"] == found.area]
        return {name: sum(line[name] for line in own) for name in ("delivered", "ordered")}
    far, near = ([line for line in same if line["remote"] == side] for side in (1, 0))
    return {
        "r": sum(line["on_time"] for line in far),
        "R": sum(line["due"] for line in far),
        "o": sum(line["on_time"] for line in near),
        "O": sum(line["due"] for line in near),
    }
