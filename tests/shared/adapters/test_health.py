"""A worker's health as a probe sees it, over HTTP."""

import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import CollectorRegistry

from services.compliance.worker.metrics import WorkerMetrics
from shared.adapters import health
from shared.adapters.health import Health
from tests.support.workers.in_process import WorkerProcess, eventually, free_port, live


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def condition() -> Health:
    return Health()


@pytest.fixture
def port(condition: Health) -> Iterator[int]:
    registry = CollectorRegistry()
    WorkerMetrics(registry)
    server = health.serve(condition, registry, "127.0.0.1", 0)
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_worker_is_ready_once_it_reads_what_it_was_given(condition: Health, port: int) -> None:
    assert ask(port, "/healthz")[0] == 200
    assert ask(port, "/readyz")[0] == 503
    condition.turned(assigned=False)
    assert ask(port, "/readyz")[0] == 503
    condition.turned(assigned=True)
    assert ask(port, "/readyz") == (200, '{"status": "ready"}')


def test_a_worker_that_waits_for_the_outside_is_not_ready_and_need_not_be_started_again(
    condition: Health, port: int
) -> None:
    condition.turned(assigned=True)
    condition.waits("PostgreSQL is away")
    status, said = ask(port, "/readyz")
    assert status == 503
    assert "PostgreSQL is away" in json.loads(said)["status"]
    assert ask(port, "/healthz")[0] == 200


def test_a_worker_whose_loop_stands_is_to_be_started_again(
    condition: Health, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition.turned(assigned=True)
    monkeypatch.setattr(health, "STUCK_AFTER", -1.0)
    for path in ("/healthz", "/readyz"):
        status, said = ask(port, path)
        assert status == 503
        assert "has not come round" in said


def test_metrics_are_answered_at_the_same_port(port: int) -> None:
    status, said = ask(port, "/metrics")
    assert status == 200
    assert "vbp_batches_total 0.0" in said


@pytest.fixture
async def held(kafka: str, database: str) -> AsyncIterator[WorkerProcess]:
    async with live(kafka, database) as held:
        yield held


@pytest.mark.integration
async def test_a_real_worker_becomes_ready(held: WorkerProcess) -> None:
    port = free_port()
    with held.worker(VBP_METRICS_PORT=str(port), VBP_HOST="127.0.0.1"):

        async def ready() -> bool:
            try:
                return ask(port, "/readyz")[0] == 200
            except urllib.error.URLError:
                return False

        await eventually(ready, within=60)
        assert ask(port, "/healthz")[0] == 200
