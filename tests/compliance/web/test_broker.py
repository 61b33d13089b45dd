"""The API's own question to the broker: whether it answers, and where the topics end."""

import pytest

from services.compliance.web import broker
from services.compliance.web.broker import BrokerWatch
from tests.support.events import an_event
from tests.support.workers.in_process import eventually, live

NOBODY = "127.0.0.1:1"


async def test_a_broker_that_is_away_is_said_to_be_away_and_holds_nobody_up() -> None:
    async with BrokerWatch(NOBODY) as asked:
        assert not asked.up
        assert asked.ends == {}


@pytest.mark.integration
async def test_it_knows_what_waits_where_no_worker_runs(
    kafka: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "EVERY", 0.1)
    async with live(kafka, database) as held, BrokerWatch(kafka) as asked:

        async def up() -> bool:
            return asked.up

        await eventually(up, within=30)
        before = sum(asked.ends.values())
        await held.publish([an_event("order.placed")])

        async def seen() -> bool:
            return sum(asked.ends.values()) == before + 1

        await eventually(seen, within=30)
