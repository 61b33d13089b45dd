"""`vbp dead-letters`: what could not be taken is listed and shown, whatever it holds."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from aiokafka import TopicPartition

from services.commands import dead_letters as command
from services.commands import redriving
from services.compliance.settings import Settings
from services.compliance.storage import facts
from services.compliance.storage.facts import Batch, Letter
from shared.adapters import kafka as bus
from shared.adapters import postgres
from shared.domain.cloudevents import Event, headers_of
from shared.domain.errors import InvalidArgumentError
from tests.support.events import an_event
from tests.support.kept import TOLD
from tests.support.workers.in_process import prepared

pytestmark = pytest.mark.integration

VALUE = b'{"id": "\x1b[2J", "text": "\xff"}\n'
INSERT = (
    "INSERT INTO compliance.dead_letter VALUES ($1, 3, $2, $3, 'data.quantity', $4, NULL, $5, $6)"
)


async def _write(database: str) -> None:
    connection = await postgres.connect(database)
    headers = msgspec.msgpack.encode([("ce_id", b"e1"), ("empty", None)])
    for offset in range(3):
        told = datetime(2022, 5, 1, offset, tzinfo=UTC)
        values = ("vbp.orders.v1", offset, told, f"is less than 0: {offset}", VALUE, headers)
        await connection.execute(INSERT, *values)
    await connection.close()


@pytest.fixture
def settings(database: str) -> Settings:
    asyncio.run(_write(database))
    return Settings(database=database)


def test_the_last_letters_are_listed_with_their_reasons(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    command.show_letters(settings, None, 2)
    listed = capsys.readouterr().out
    assert "vbp.orders.v1/3/2" in listed
    assert "is less than 0: 1" in listed
    assert "vbp.orders.v1/3/0" not in listed
    command.show_letters(settings, "vbp.supply.v1", 2)
    assert "No dead letters of vbp.supply.v1" in capsys.readouterr().err


def test_a_letter_is_shown_so_that_no_terminal_obeys_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    command.show_letter(settings, "vbp.orders.v1/3/1", raw=False)
    shown = capsys.readouterr().out
    assert "reason  is less than 0: 1" in shown
    assert "header  ce_id: e1" in shown
    assert "header  empty: none" in shown
    assert "\x1b" not in shown


def test_a_letter_is_given_as_it_arrived(
    settings: Settings, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    command.show_letter(settings, "vbp.orders.v1/3/1", raw=True)
    assert capfdbinary.readouterr().out == VALUE


@pytest.mark.parametrize("place", ["", "vbp.orders.v1", "vbp.orders.v1/3/9", "a/b/c", "a/1/-1"])
def test_a_place_at_which_there_is_no_letter_is_named(settings: Settings, place: str) -> None:
    with pytest.raises(InvalidArgumentError, match="PLACE"):
        command.show_letter(settings, place, raw=True)


def test_what_is_taken_now_is_sent_again_once_and_all_else_says_why(
    kafka: str, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(database=database, kafka=kafka)
    good = [an_event("order.placed", order=f"R{number}") for number in range(3)]
    asyncio.run(_keep(settings, good))
    began = asyncio.run(_ends(kafka))
    assert redriving.redrive(settings, "vbp.orders.v1", dry=True) == (3, 1)
    told = capsys.readouterr().err
    assert "3 dead letters would be sent again, 1 still refused" in told
    assert "vbp.orders.v1/0/9: ce_type: is not known" in told
    assert asyncio.run(_ends(kafka)) == began
    assert redriving.redrive(settings, "vbp.supply.v1", dry=False) == (0, 0)
    assert redriving.redrive(settings, None, dry=False) == (3, 1)
    assert asyncio.run(_told_since(kafka, began)) == {(one.source, one.id) for one in good}
    assert redriving.redrive(settings, None, dry=False) == (0, 1)


async def _keep(settings: Settings, good: list[Event]) -> None:
    await prepared(settings)
    letters = [
        Letter("vbp.orders.v1", 0, number, TOLD, "event", "was too new", None, one.raw,
               msgspec.msgpack.encode(headers_of(one)))
        for number, one in enumerate(good)
    ]  # fmt: skip
    bad = letters[0]._replace(offset=9, headers=msgspec.msgpack.encode([("ce_type", b"x")]))
    connection = await postgres.connect(settings.database)
    await facts.save(connection, Batch([], [], [*letters, bad]))
    await connection.close()


async def _ends(kafka: str) -> dict[TopicPartition, int]:
    consumer = bus.consumer(kafka)
    await consumer.start()
    try:
        places = [TopicPartition("vbp.orders.v1", number) for number in range(12)]
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        return ends
    finally:
        await consumer.stop()


async def _told_since(kafka: str, began: dict[TopicPartition, int]) -> set[tuple[str, str]]:
    consumer = bus.consumer(kafka)
    await consumer.start()
    try:
        consumer.assign(list(began))
        for place, offset in began.items():
            consumer.seek(place, offset)
        found = set[tuple[str, str]]()
        async with asyncio.timeout(30):
            while len(found) < 3:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        said = dict(record.headers)
                        found.add((said["ce_source"].decode(), said["ce_id"].decode()))
        return found
    finally:
        await consumer.stop()
