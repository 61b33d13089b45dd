"""API keys for tests: made in the database, as `vbp keys create` makes them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from shared.adapters import postgres
from shared.adapters.identity import keys
from shared.adapters.identity.keys import MIGRATIONS, Wanted
from shared.domain.principal import Party, Role

DAY = timedelta(days=1)


async def a_key(  # noqa: PLR0913  # one a property of a key
    database: str,
    *roles: Role,
    holder: str = "somebody",
    jurisdictions: Iterable[str] | None = None,
    parties: Iterable[Party] = (),
    sources: Iterable[str] = (),
    lasts: timedelta = DAY,
) -> str:
    """A key of some roles in a database, whose schema is made where it is not there."""
    await postgres.migrate(database, MIGRATIONS, "identity")
    now = datetime.now(UTC)
    wanted = Wanted(
        holder,
        frozenset(roles),
        None if jurisdictions is None else frozenset(jurisdictions),
        frozenset(parties),
        frozenset(sources),
        now + lasts,
    )
    connection = await postgres.connect(database)
    try:
        return await keys.create(connection, wanted, now)
    finally:
        await connection.close()


def bearer(key: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"authorization": f"Bearer {key}"}
