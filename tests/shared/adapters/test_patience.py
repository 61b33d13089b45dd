import asyncio
import logging

import pytest
from aiokafka.errors import KafkaConnectionError
from prometheus_client import CollectorRegistry

from services.compliance.settings import Settings
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.reader import Reader
from services.compliance.worker.relay import Relay
from shared.adapters import patience
from shared.adapters.patience import REFUSED_AT_MOST, Patience
from shared.domain.errors import SetupError, TransientError, UnreachableError
from tests.support.builders import POLICIES

NOWHERE = Settings(database="postgresql://vbp@127.0.0.1:1/vbp", kafka="127.0.0.1:1")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> CollectorRegistry:
    """The metrics of something whose pauses are short."""
    monkeypatch.setattr(patience, "SHORTEST", 0.001)
    monkeypatch.setattr(patience, "LONGEST", 0.002)
    return CollectorRegistry()


@pytest.mark.parametrize("part", ["reading", "telling"])
async def test_what_does_not_answer_is_waited_for_as_long_as_it_takes_and_told_once_a_minute(
    part: str, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = WorkerMetrics(registry)
    work: Reader | Relay = (
        Reader(NOWHERE, POLICIES, metrics, "nobody")
        if part == "reading"
        else Relay(NOWHERE, metrics, "nobody")
    )
    running = asyncio.create_task(work.run())
    await asyncio.sleep(1.0)

    assert not running.done()
    assert registry.get_sample_value("vbp_waits", {"part": part}) == 1
    told = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(told) == 1
    assert "PostgreSQL at postgresql://…@127.0.0.1:1/vbp does not answer" in told[0]

    work.stop()
    await asyncio.wait_for(running, 5)


async def test_an_installation_that_stays_wrong_ends_the_wait(registry: CollectorRegistry) -> None:
    waits = Patience("reading", WorkerMetrics(registry))
    wrong = SetupError("another version was started")
    for _ in range(100):
        await waits.wait(UnreachableError("away"))
        await waits.wait(TransientError("cut"))
    for _ in range(REFUSED_AT_MOST):
        await waits.wait(wrong)
    with pytest.raises(SetupError, match="another version"):
        await waits.wait(wrong)


async def test_a_stop_ends_the_pause_at_once(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SHORTEST", 3_600)
    monkeypatch.setattr(patience, "LONGEST", 3_600)
    waits = Patience("reading", WorkerMetrics(registry))
    asyncio.get_running_loop().call_later(0.05, waits.end)
    await asyncio.wait_for(waits.wait(TransientError("cut")), 5)
    assert waits.ended


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (TransientError("cut"), [0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]),
        (UnreachableError("away"), [0.4, 0.8, 1.6, 3.0, 3.0, 3.0, 3.0, 3.0]),
        (KafkaConnectionError("away"), [0.4, 0.8, 1.6, 3.0, 3.0, 3.0, 3.0, 3.0]),
    ],
)
async def test_pauses_grow_to_the_longest_which_is_short_for_a_server_that_is_away(
    error: Exception, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    waits = Patience("reading", WorkerMetrics(CollectorRegistry()))

    async def noted(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(waits, "pause", noted)
    for _ in pauses:
        await waits.wait(error)
    assert paused == pauses
