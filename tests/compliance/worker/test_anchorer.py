"""Anchors are taken once an hour and told outside the database, however the process ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from prometheus_client import CollectorRegistry

from services.compliance.answers.anchors import read_file
from services.compliance.settings import Settings
from services.compliance.storage import anchors
from services.compliance.worker import anchorer
from services.compliance.worker.anchorer import Anchorer, append
from services.compliance.worker.metrics import WorkerMetrics
from shared.domain.errors import SetupError
from tests.support.workers.in_process import publishing
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key in a file."""
    path = tmp_path / "anchor.key"
    made = Ed25519PrivateKey.generate()
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def begun(key: Path | None, file: Path | None) -> Anchorer:
    """An anchorer as it is when a worker begins."""
    metrics = WorkerMetrics(CollectorRegistry())
    return Anchorer(Settings(anchor_key=key, anchor_file=file), metrics)


async def numbers(desk: WorkerOnDatabase) -> list[int]:
    """The anchors that are kept."""
    return [signed.anchor.number for signed in await anchors.since(desk.connection, 0)]


async def test_one_is_taken_an_hour_whoever_begins_anew(
    desk: WorkerOnDatabase, kafka: str, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "anchors"
    async with publishing(kafka) as producer:
        for _ in range(2):
            anchoring = begun(key, file)
            await anchoring.take_when_due(desk.connection, producer)
            await anchoring.take_when_due(desk.connection, producer)
        assert await numbers(desk) == [1]
        monkeypatch.setattr(anchorer, "EVERY", timedelta(0))
        await begun(key, file).take_when_due(desk.connection, producer)
    assert await numbers(desk) == [1, 2]
    assert list(read_file(file)) == [1, 2]


async def test_what_was_kept_and_not_told_is_told_by_the_next_one(
    desk: WorkerOnDatabase, kafka: str, key: Path, tmp_path: Path
) -> None:
    file = tmp_path / "anchors"
    async with publishing(kafka) as producer:
        await begun(key, None).take_when_due(desk.connection, producer)
        await begun(key, file).take_when_due(desk.connection, producer)
    assert list(read_file(file)) == await numbers(desk) == [1]


async def test_behind_a_database_from_before_the_numbers_go_on(
    desk: WorkerOnDatabase, kafka: str, key: Path, tmp_path: Path
) -> None:
    file = tmp_path / "anchors"
    private = begun(key, None)._key  # noqa: SLF001  # what another life of the database signed with
    assert private is not None
    ago, before = datetime.now(UTC) - timedelta(days=1), None
    transaction = desk.connection.transaction()
    await transaction.start()
    for _ in range(3):
        before = await anchors.take(desk.connection, private, ago, before)
        append(file, [before])
    await transaction.rollback()
    async with publishing(kafka) as producer:
        await begun(key, file).take_when_due(desk.connection, producer)
    assert await numbers(desk) == [4]
    assert list(read_file(file)) == [1, 2, 3, 4]


async def test_a_file_that_cannot_be_written_stops_nothing_and_is_tried_again(
    desk: WorkerOnDatabase,
    kafka: str,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(anchorer, "TRY_AGAIN", 0.0)
    file = key.parent / "not" / "there"
    async with publishing(kafka) as producer:
        anchoring = begun(key, file)
        await anchoring.take_when_due(desk.connection, producer)
        assert "VBP_ANCHOR_FILE" in caplog.text
        file.parent.mkdir()
        await anchoring.take_when_due(desk.connection, producer)
    assert list(read_file(file)) == await numbers(desk) == [1]


async def test_without_a_key_there_are_none(
    desk: WorkerOnDatabase, kafka: str, tmp_path: Path
) -> None:
    async with publishing(kafka) as producer:
        await begun(None, tmp_path / "anchors").take_when_due(desk.connection, producer)
    assert await numbers(desk) == []


def test_a_key_file_that_holds_none_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "away", tmp_path):
        with pytest.raises(SetupError, match="VBP_ANCHOR_KEY") as refused:
            begun(path, None)
        assert str(path) in str(refused.value)
