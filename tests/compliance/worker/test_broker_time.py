"""Our clock, held against that of the real broker."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError
from typing_extensions import override

from services.compliance.worker import broker_time
from services.compliance.worker.broker_time import AHEAD_AT_MOST, BrokerTime, compared
from shared.adapters import kafka as adapter
from shared.domain import topics

pytestmark = pytest.mark.integration


def gone(by: timedelta) -> type[datetime]:
    class Gone(datetime):
        @classmethod
        @override
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + by

    return Gone


async def test_our_clock_is_trusted_where_it_is_right(kafka: str) -> None:
    await adapter.create_topics(kafka)
    async with compared(kafka) as ours:
        assert ours.trusted()
        assert ours.ahead < AHEAD_AT_MOST


@pytest.mark.parametrize("ahead", [timedelta(seconds=10), timedelta(hours=1), timedelta(days=400)])
async def test_a_clock_that_is_ahead_is_not_trusted_and_gives_the_brokers_time(
    kafka: str, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    await adapter.create_topics(kafka)
    monkeypatch.setattr(broker_time, "datetime", gone(ahead))
    async with compared(kafka) as theirs:
        before = datetime.now().astimezone()
        assert not theirs.trusted()
        assert abs(theirs.ahead - ahead) < timedelta(seconds=5)
        assert abs(theirs.now() - before) < timedelta(seconds=5)


async def test_a_clock_that_is_behind_holds_back_and_is_trusted(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await adapter.create_topics(kafka)
    monkeypatch.setattr(broker_time, "datetime", gone(timedelta(hours=-1)))
    async with compared(kafka) as theirs:
        assert theirs.trusted()
        assert theirs.ahead == timedelta(0)


async def test_a_clock_that_was_set_is_not_trusted_until_it_is_compared_again(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await adapter.create_topics(kafka)
    async with compared(kafka) as ours:
        monkeypatch.setattr(broker_time, "datetime", gone(timedelta(hours=1)))
        assert not ours.trusted()
        await ours.keep()
        assert not ours.trusted()
        assert ours.ahead > timedelta(minutes=59)
        monkeypatch.setattr(broker_time, "datetime", datetime)
        await ours.keep()
        assert ours.trusted()


def test_a_clock_that_was_never_compared_is_not_trusted() -> None:
    assert not BrokerTime(producer=None).trusted()


async def test_a_question_that_the_broker_refused_does_not_spoil_those_that_follow(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "clock-of-its-own"
    monkeypatch.setattr(topics, "CLOCK", name)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()

    async def room(of: int) -> None:
        configs = {"max.message.bytes": of, "message.timestamp.type": "LogAppendTime"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)])

    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
        async with compared(kafka) as ours:
            await room(of=1)
            with pytest.raises(MessageSizeTooLargeError):
                await ours.compare()
            await room(of=1_000)
            await ours.compare()
            assert ours.trusted()
    finally:
        await admin.close()
