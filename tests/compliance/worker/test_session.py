"""A session whose partitions are taken anew at an awkward moment."""

from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import CollectorRegistry

from services.compliance.worker import session as sessions
from services.compliance.worker.intake import Intake, Limit
from services.compliance.worker.metrics import WorkerMetrics
from tests.support.events import an_event
from tests.support.workers.in_process import POLICIES, live

pytestmark = pytest.mark.integration

FACTS = "SELECT count(*) FROM compliance.fact"


async def test_what_arrives_while_a_fetch_waits_and_partitions_are_taken_anew_is_read(
    kafka: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    getmany = AIOKafkaConsumer.getmany
    taken_anew = False
    intake = Intake(POLICIES.jurisdictions, Limit())
    metrics = WorkerMetrics(CollectorRegistry())

    async with (
        live(kafka, database) as bus,
        sessions.joined(bus.settings, POLICIES, intake, metrics, "session") as session,
    ):
        assignment = session._assignment  # noqa: SLF001  # the group's coordinator calls it

        async def overtaken(
            consumer: AIOKafkaConsumer, *wanted: TopicPartition, **asked: Any
        ) -> Any:
            nonlocal taken_anew
            if not taken_anew:
                taken_anew = True
                await assignment.on_partitions_revoked(wanted)
                await assignment.on_partitions_assigned(wanted)
                await assignment._takeover  # type: ignore[misc]  # noqa: SLF001
                await bus.publish([an_event("product.selected")])
                asked["timeout_ms"] = 5_000
            return await getmany(consumer, *wanted, **asked)

        while not assignment.holds or assignment.waits_for_register:
            await session.step()
        monkeypatch.setattr(AIOKafkaConsumer, "getmany", overtaken)
        await session.step()
        await bus.publish([an_event("hospital.enrolled")])
        while await bus.read() < 2:
            await session.step()

        assert taken_anew
        assert await bus.connection.fetchval(FACTS) == 2
