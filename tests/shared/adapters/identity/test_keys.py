import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters import postgres
from shared.adapters.identity import keys
from shared.adapters.identity.key_reader import FRESH, STALE, KeyReader
from shared.domain.errors import InvalidArgumentError, TransientError
from shared.domain.principal import Party, Principal, Role
from tests.support.keys import a_key
from tests.support.workers.in_process import eventually


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.text() | st.text("0123456789abcdef_-vbpABC", min_size=60, max_size=70))
def test_what_does_not_look_like_a_key_is_none(text: str) -> None:
    found = keys.read(text)
    assert found is None or text == f"vbp_{found.id}_{found.secret}"


@pytest.mark.parametrize(
    "wrong",
    ["{}\n", " {}", "{}=", "VBP{}", "vbp_{}", "{}{}", "\u0660{}", "{}\x00"],
)
def test_a_key_with_anything_around_it_is_none(wrong: str) -> None:
    good = "vbp_" + "0" * 16 + "_" + "A" * 43
    assert keys.read(good) is not None
    assert keys.read(wrong.replace("{}", good)) is None


@pytest.mark.integration
async def test_a_key_is_whose_it_is_and_only_its_hash_is_kept(database: str) -> None:
    hospital = Party("hospital", "H1")
    key = await a_key(
        database,
        *(Role.PUBLISHER, Role.PARTY),
        jurisdictions={"cn-sx"},
        parties={hospital},
        sources={"/hospitals/H1"},
    )
    reader = KeyReader(database)
    assert await reader.principal(key) == Principal(
        "key:somebody",
        frozenset({Role.PUBLISHER, Role.PARTY}),
        frozenset({"cn-sx"}),
        frozenset({hospital}),
        frozenset({"/hospitals/H1"}),
    )
    await reader.close()
    connection = await postgres.connect(database)
    kept = str(await connection.fetch("SELECT * FROM identity.key"))
    await connection.close()
    shown = keys.read(key)
    assert shown is not None
    assert shown.id in kept
    assert shown.secret not in kept
    assert len(shown.secret) * 6 >= 256


@pytest.mark.integration
async def test_another_secret_another_id_and_one_letter_less_open_nothing(database: str) -> None:
    one = await a_key(database, Role.AUDITOR, holder="one")
    two = await a_key(database, Role.AUDITOR, holder="two")
    reader = KeyReader(database)
    crossed = one[:21] + two[21:]
    for wrong in (crossed, one[:-1], one + "A", one[:-1] + "!", one.upper(), "vbp_", ""):
        assert await reader.principal(wrong) is None
    assert await reader.principal(one) is not None
    await reader.close()


@pytest.mark.integration
async def test_a_holder_has_two_keys_at_most_whoever_makes_them_at_once(database: str) -> None:
    await a_key(database, Role.AUDITOR)
    made = await asyncio.gather(
        *(a_key(database, Role.AUDITOR) for _ in range(4)), return_exceptions=True
    )
    refused = [one for one in made if isinstance(one, InvalidArgumentError)]
    assert len(refused) == 3
    assert re.search(r"has 2 keys that are taken .* vbp keys revoke [0-9a-f]{16}", str(refused[0]))


@pytest.mark.integration
async def test_keys_turn_over_without_a_stop(database: str) -> None:
    old = await a_key(database, Role.AUDITOR)
    new = await a_key(database, Role.AUDITOR)
    clock = Clock()
    reader = KeyReader(database, clock)
    assert await reader.principal(old) == await reader.principal(new) is not None
    connection = await postgres.connect(database)
    shown = keys.read(old)
    assert shown is not None
    await keys.revoke(connection, [shown.id], datetime.now(UTC))
    with pytest.raises(InvalidArgumentError, match="no key of this id is taken"):
        await keys.revoke(connection, [shown.id], datetime.now(UTC))
    await connection.close()
    clock.now += FRESH
    assert await reader.principal(old) is None
    assert await reader.principal(new) is not None
    await a_key(database, Role.AUDITOR)
    await reader.close()


@pytest.mark.integration
async def test_a_key_that_has_expired_opens_nothing(database: str) -> None:
    key = await a_key(database, Role.AUDITOR, lasts=timedelta(milliseconds=200))
    reader = KeyReader(database)
    await asyncio.sleep(0.25)
    assert await reader.principal(key) is None
    await reader.close()


@pytest.mark.integration
async def test_the_day_of_use_is_noted_once(database: str) -> None:
    key = await a_key(database, Role.AUDITOR)
    reader = KeyReader(database)
    for _ in range(3):
        assert await reader.principal(key) is not None
    connection = await postgres.connect(database)

    async def noted() -> bool:
        return (await keys.listed(connection))[0].used_on == datetime.now(UTC).date()

    await eventually(noted, within=10)
    await connection.close()
    await reader.close()


@pytest.mark.integration
async def test_a_key_that_is_known_is_taken_for_an_hour_while_the_database_is_away(
    database: str,
) -> None:
    key, clock = await a_key(database, Role.AUDITOR), Clock()
    reader = KeyReader(database, clock)
    assert await reader.principal(key) is not None
    away = KeyReader("postgresql://vbp@127.0.0.1:1/nowhere", clock)
    away._seen = reader._seen  # noqa: SLF001  # as if this one's database had gone
    clock.now += STALE - 1
    assert await away.principal(key) is not None
    clock.now += 2
    with pytest.raises(TransientError):
        await away.principal(key)
    await reader.close()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("roles", "wanted", "problem"),
    [
        ([], {}, "--role: none"),
        ([Role.AUDITOR], {"holder": " "}, "HOLDER"),
        ([Role.AUDITOR], {"holder": "a\nb"}, "HOLDER"),
        ([Role.AUDITOR], {"lasts": timedelta()}, "--days"),
        ([Role.PUBLISHER], {}, "--source"),
        ([Role.PARTY], {"sources": ["/a"]}, "--party"),
        ([Role.AUDITOR], {"sources": ["/a"]}, "--role"),
    ],
)
async def test_a_key_that_would_be_of_no_use_is_not_made(
    database: str, roles: list[Role], wanted: dict[str, object], problem: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=problem):
        await a_key(database, *roles, **wanted)  # type: ignore[arg-type]
