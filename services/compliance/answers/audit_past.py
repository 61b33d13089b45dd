"""Checks the table `past` against the lines of history, row by row as the lines are read."""

from collections.abc import AsyncIterator
from uuid import UUID

from services.compliance.answers.ahead import Ahead
from services.compliance.answers.database import Row
from services.compliance.findings.past import Lapsed


class PastRows:
    """The rows of the table that are kept of some violations, in the order of ids and lines."""

    def __init__(self, rows: AsyncIterator[Row]) -> None:
        self._rows = Ahead(rows)

    async def take(self, identity: UUID, lapsed: Lapsed) -> list[str]:
        """Take the row that should be next; gives what is not as the lines say."""
        problems = await self._before((identity, lapsed.seq))
        name = _named(identity, lapsed.seq)
        row = await self._rows.peek()
        if row is None or (row["violation"], row["seq"]) != (identity, lapsed.seq):
            return [*problems, f"{name}: is gone"]
        await self._rows.step()
        return [*problems, *(f"{name}: {found}" for found in lapsed.differences(row))]

    async def end(self) -> list[str]:
        """Take what is left, of which the lines say nothing."""
        return await self._before(None)

    async def _before(self, place: tuple[UUID, int] | None) -> list[str]:
        problems: list[str] = []
        while (row := await self._rows.peek()) is not None:
            here = (row["violation"], row["seq"])
            if place is not None and here >= place:
                break
            problems.append(f"{_named(*here)}: is kept, and nothing lapsed there")
            await self._rows.step()
        return problems


def _named(identity: UUID, seq: int) -> str:
    return f"past {identity}, line {seq}"
