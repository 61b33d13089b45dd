"""`vbp dead-letters`: what could not be taken is listed and shown, whatever it holds."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from services.commands import dead_letters as command
from services.compliance.settings import Settings
from shared.adapters import postgres
from shared.domain.errors import InvalidArgumentError

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
