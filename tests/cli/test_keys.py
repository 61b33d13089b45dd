"""`vbp keys`: made, shown once, listed without what opens anything, taken back."""

import asyncio
import re

import pytest

from services.commands import keys as command
from services.compliance.settings import Settings
from shared.adapters import postgres
from shared.adapters.identity.keys import MIGRATIONS
from shared.domain.errors import InvalidArgumentError, SetupError
from tests.support.kept import NOBODY


@pytest.fixture
def settings(database: str) -> Settings:
    asyncio.run(postgres.migrate(database, MIGRATIONS, "identity"))
    return Settings(database=database)


@pytest.mark.integration
def test_a_key_is_shown_once_and_listed_until_it_is_revoked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    command.create(settings, "hospital-1", ["publisher", "party"], [], ["hospital:H1"], [], 30)
    key = capsys.readouterr().out.strip()
    assert re.fullmatch(r"vbp_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", key)
    command.show_keys(settings)
    listed = capsys.readouterr().out
    assert "hospital-1" in listed
    assert "/hospitals/H1" in listed
    assert key.rpartition("_")[2] not in listed
    command.revoke(settings, [key.split("_")[1]])
    command.show_keys(settings)
    assert "revoked" in capsys.readouterr().out


@pytest.mark.integration
@pytest.mark.parametrize(
    ("roles", "parties", "problem"),
    [(["root"], [], "--role: 'root' is none"), (["party"], ["H1"], "--party: 'H1' is no party")],
)
def test_what_a_key_cannot_be_is_named(
    settings: Settings, roles: list[str], parties: list[str], problem: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=problem):
        command.create(settings, "somebody", roles, [], parties, [], 30)


def test_a_jurisdiction_without_a_policy_is_no_key_s() -> None:
    with pytest.raises(InvalidArgumentError, match=r"'cn-sz' has no policy. Known are: cn-sx, "):
        command.create(
            Settings(database=NOBODY), "platform", ["publisher"], ["cn-sx", "cn-sz"], [], ["/p"], 30
        )


@pytest.mark.integration
def test_without_the_schema_it_says_what_to_run(bare_database: str) -> None:
    with pytest.raises(SetupError, match="vbp migrate"):
        command.show_keys(Settings(database=bare_database))
