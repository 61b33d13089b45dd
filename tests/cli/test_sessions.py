"""`vbp sessions end`: whoever lost a computer is signed out everywhere."""

import asyncio
from datetime import timedelta

import pytest

from services.commands import sessions as command
from services.compliance.settings import Settings
from shared.adapters import postgres
from shared.adapters.identity.keys import MIGRATIONS
from shared.adapters.identity.sessions import Sessions
from shared.domain.errors import InvalidArgumentError, SetupError
from shared.domain.principal import Principal, Role
from tests.support.kept import NOBODY


async def begin_one(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "identity")
    async with Sessions(database) as sessions:
        principal = Principal("person:liwj", frozenset({Role.OFFICER}))
        await sessions.begin(principal, timedelta(hours=1))


@pytest.mark.integration
def test_sessions_of_somebody_end_and_are_counted(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(begin_one(database))
    for told in ("0 sessions of person:chen", "1 session of person:liwj", "0 sessions of"):
        command.end(Settings(database=database), told.split()[-1].replace("of", "person:liwj"))
        assert told in capsys.readouterr().err


def test_a_name_that_nobody_signs_in_by_ends_nothing_and_says_how_it_is_written() -> None:
    with pytest.raises(InvalidArgumentError, match=r"'liwj' names nobody.*person:liwj"):
        command.end(Settings(database=NOBODY), "liwj")


@pytest.mark.integration
def test_without_the_schema_it_says_what_to_run(bare_database: str) -> None:
    with pytest.raises(SetupError, match="vbp migrate"):
        command.end(Settings(database=bare_database), "person:liwj")
