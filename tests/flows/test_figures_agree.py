"""Progress and scorecards rest on the same sums, dues and areas as what compliance judges."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
import pytest

from services.commands import promises
from services.compliance.findings.finding import Missing
from services.compliance.judging.replay import Replay
from services.compliance.law.order_terms import Deadline, OrderTerms
from services.compliance.records.commitment import Commitment
from services.delivery.lines import Line
from services.delivery.worker import subject
from services.orders.worker import SUBJECT
from shared.domain import ids
from shared.domain.calendar import LATEST
from shared.domain.records.order import Order
from shared.tally import register
from tests.support.builders import POLICIES, replayed
from tests.support.histories import history
from tests.support.tally.keeping import Kept, keeping, messages

pytestmark = pytest.mark.integration

LONG_AFTER = datetime(2029, 12, 31, tzinfo=UTC)
PROMISED, EDITION = promises.of(POLICIES)
SEEDS = range(25)

_record = msgspec.msgpack.Decoder(Order).decode


async def standing(kept: Kept) -> dict[tuple[str, str], Order]:
    """The orders that are placed, without what was taken back."""
    rows = await kept.connection.fetch('SELECT jurisdiction, "order", record FROM kept')
    found = {
        (row["jurisdiction"], row["order"]): _record(row["record"]).without_voided(LATEST)
        for row in rows
    }
    return {name: order for name, order in found.items() if order.placed is not None}


async def test_completion_is_what_a_commitment_has_accepted_on_the_days_of_an_agreement(
    database: str,
) -> None:
    compared = 0
    async with keeping(SUBJECT, database) as kept:
        for seed in SEEDS:
            await kept.empty()
            events = history(Random(seed))
            await kept.take(messages(events, SUBJECT.topics))
            replay = replayed(events, LONG_AFTER, POLICIES)
            replay.violations()
            unlike = await outside(kept, replay)
            for row in await kept.connection.fetch(COMPLETED):
                pair = (row["jurisdiction"], row["hospital"], row["product"])
                commitment = _commitment(replay, *pair)
                if pair in unlike or commitment is None:
                    continue
                days = (row["since"].toordinal(), row["until"].toordinal())
                assert row["net"] == commitment.accepted_between(*days), (seed, pair)
                compared += 1
    assert compared > len(SEEDS)


COMPLETED = """
SELECT a.jurisdiction, a.hospital, a.product, a.since, a.until,
       coalesce(sum(c.accepted - c.returned), 0) AS net
FROM agreement a
LEFT JOIN completion_to_date c
     ON c.jurisdiction = a.jurisdiction AND c.agreement = a.agreement AND c.month % 100 = 12
GROUP BY a.jurisdiction, a.agreement
"""


async def outside(kept: Kept, replay: Replay) -> set[tuple[str, str, str]]:
    """Hospitals and products of which an order is outside the scope of every policy."""
    found = set()
    for (where, name), order in (await standing(kept)).items():
        placed: Any = order.placed
        if OrderTerms(replay.law, where, name, placed).scope() is not True:
            found.add((where, placed.hospital, placed.product))
    return found


def _commitment(replay: Replay, where: str, hospital: str, product: str) -> Commitment | None:
    for subject_, dossier in replay._round.dossiers.items():  # noqa: SLF001
        same = subject_.jurisdiction == where and subject_.key == ids.pair(hospital, product)
        if same and isinstance(dossier.record, Commitment):
            return dossier.record
    return None


async def test_a_line_falls_due_when_the_law_says_and_belongs_to_the_laws_area(
    database: str,
) -> None:
    compared = 0
    async with keeping(subject(PROMISED, EDITION), database) as kept:
        for seed in SEEDS:
            await kept.empty()
            events = history(Random(seed))
            await kept.take(messages(events, SUBJECT.topics))
            replay = replayed(events, LONG_AFTER, POLICIES)
            orders = await standing(kept)
            held = await register.load(
                kept.connection,
                [(name[0], order.placed) for name, order in orders.items() if order.placed],
            )
            for (where, name), order in orders.items():
                placed: Any = order.placed
                terms = OrderTerms(replay.law, where, name, placed)
                if not terms.in_force.values:
                    continue
                line = Line(where, order, placed, held, PROMISED)
                assert line.due_at == _at(terms.delivery_due()), (seed, name)
                assert line.area == terms.area, (seed, name)
                if "response_hours" in terms.in_force.values:
                    assert line.answer_at == _at(terms.response_due()), (seed, name)
                compared += 1
    assert compared > len(SEEDS)


def _at(due: Deadline | Missing) -> datetime | None:
    return None if isinstance(due, Missing) else due.at
