"""`vbp audit access`: who asked what is shown, so that no terminal obeys it."""

import asyncio

import pytest

from services.commands import access as command
from services.compliance.settings import Settings
from shared.adapters import postgres
from shared.adapters.identity.access import AccessLog
from shared.adapters.identity.keys import MIGRATIONS
from shared.domain.errors import InvalidArgumentError


async def ask(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "identity")
    log = AccessLog(database)
    async with log.running():
        log.note("person:liwj", "exported", "GET", ("/v1/\x1b[2J.csv", "a=b"), 200)


@pytest.mark.integration
def test_who_asked_is_shown(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(ask(database))
    settings = Settings(database=database)
    command.show_access(settings, None, "exported", 30, 10)
    shown = capsys.readouterr().out
    assert "person:liwj" in shown
    assert "\x1b[2J" not in shown
    command.show_access(settings, "person:chen", None, 30, 10)
    assert "Nobody asked" in capsys.readouterr().err
    with pytest.raises(InvalidArgumentError, match="--act"):
        command.show_access(settings, None, "stole", 30, 10)
