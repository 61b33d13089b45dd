"""Rows of violations that are read only as far as the violation at hand."""

from collections.abc import AsyncIterator
from uuid import UUID

from services.compliance.answers.database import Row


class Ahead:
    """Rows, in the order of the violations that they are of, which `violation` names."""

    def __init__(self, rows: AsyncIterator[Row]) -> None:
        self._rows = rows
        self._next: Row | None = None
        self._begun = False

    async def peek(self) -> Row | None:
        """Give the next row without taking it; None at the end."""
        if not self._begun:
            await self.step()
        return self._next

    async def until(self, identity: UUID) -> AsyncIterator[Row]:
        """Take the rows of a violation."""
        while (line := await self.peek()) is not None and line["violation"] == identity:
            await self.step()
            yield line

    async def step(self) -> None:
        """Go on to the next row."""
        self._begun = True
        self._next = await anext(self._rows, None)
