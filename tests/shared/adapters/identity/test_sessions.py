from datetime import timedelta

import pytest

from shared.adapters import postgres
from shared.adapters.identity.keys import MIGRATIONS
from shared.adapters.identity.sessions import AT_MOST, Sessions
from shared.domain.errors import TransientError
from shared.domain.principal import Party, Principal, Role
from tests.support.kept import NOBODY, a_connection

HOUR = timedelta(hours=1)
CHEN = Principal(
    "person:chen",
    frozenset({Role.PARTY}),
    frozenset({"cn-sx"}),
    frozenset({Party("distributor", "D01")}),
    frozenset(),
)
LI = Principal("person:liwj", frozenset({Role.OFFICER}))


@pytest.mark.integration
async def test_a_session_shows_who_began_it_until_it_ends_and_its_text_is_not_kept(
    database: str,
) -> None:
    await postgres.migrate(database, MIGRATIONS, "identity")
    async with Sessions(database) as sessions, a_connection(database) as connection:
        texts = [await sessions.begin(one, HOUR) for one in (CHEN, LI)]
        assert [await sessions.principal(text) for text in texts] == [CHEN, LI]
        kept = await connection.fetchval("SELECT string_agg(s::text, '') FROM identity.session s")
        assert not any(text in kept for text in texts)
        assert await sessions.principal(texts[0][:-1] + "~") is None
        assert await sessions.principal("") is None
        await sessions.end(texts[0])
        await sessions.end("")
        assert [await sessions.principal(text) for text in texts] == [None, LI]


@pytest.mark.integration
async def test_sessions_that_are_over_show_nobody_and_are_forgotten(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "identity")
    async with Sessions(database) as sessions, a_connection(database) as connection:
        over = await sessions.begin(LI, -HOUR)
        assert await sessions.principal(over) is None
        await sessions.begin(LI, HOUR)
        assert await connection.fetchval("SELECT count(*) FROM identity.session") == 1


@pytest.mark.integration
async def test_one_person_has_the_last_ones_alone_and_all_end_with_one_word(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "identity")
    async with Sessions(database) as sessions:
        first, *others = [await sessions.begin(LI, HOUR) for _ in range(AT_MOST + 1)]
        chen = await sessions.begin(CHEN, HOUR)
        assert await sessions.principal(first) is None
        assert {await sessions.principal(text) for text in others} == {LI}
        assert await sessions.end_all(LI.subject) == AT_MOST
        assert {await sessions.principal(text) for text in others} == {None}
        assert await sessions.principal(chen) == CHEN


async def test_where_the_database_is_away_nobody_is_taken_for_somebody() -> None:
    async with Sessions(NOBODY) as sessions:
        with pytest.raises(TransientError):
            await sessions.principal("A" * 43)
