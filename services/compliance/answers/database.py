"""The way to PostgreSQL for the answers of compliance, which only read."""

from pathlib import Path

from services.compliance.answers.listing import WHOLE, Scope
from shared.adapters import tenancy
from shared.adapters.identity.asker import confined
from shared.adapters.reading import Row

__all__ = ["Database", "Row"]

_MIGRATIONS = Path(__file__).parents[1] / "storage" / "migrations"


class Database(tenancy.Database):
    """PostgreSQL as the answers of compliance read it, as much of it as who asks may see."""

    def __init__(self, dsn: str, *, size: int = 8) -> None:
        super().__init__(dsn, "compliance", _MIGRATIONS, size=size)

    @property
    def scope(self) -> Scope:
        """What of the whole who asks sees: where a list of theirs can begin."""
        asker = confined()
        if asker is None:
            return WHOLE
        return Scope(asker.jurisdictions, None if asker.oversees else asker.parties)
