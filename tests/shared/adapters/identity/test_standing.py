"""An answer without an end goes on for as long as whoever asked would be taken for the same."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from starlette.requests import Request

from shared.adapters.identity.roles import AGAIN, PRINCIPAL, unidentified
from shared.adapters.identity.standing import EVERY, Standing
from shared.domain.errors import TransientError
from shared.domain.principal import Principal, Role

ME = Principal("key:me", frozenset({Role.AUDITOR}))


@dataclass
class Desk:
    """Finds out who asks, as often as `asked` says, at a time of its own."""

    now: float = 0.0
    asked: int = 0
    found: list[Principal | Exception] = field(default_factory=list)

    async def identify(self) -> Principal:
        self.asked += 1
        found = self.found.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def standing(self) -> Callable[[], Awaitable[bool]]:
        request = Request({"type": "http", PRINCIPAL: ME, AGAIN: self.identify})
        return Standing(request, lambda: self.now).holds


async def test_it_is_found_out_anew_no_more_often_than_it_must() -> None:
    desk = Desk(found=[ME, ME])
    holds = desk.standing()
    for _ in range(40):
        assert await holds()
        desk.now += EVERY / 20
    assert desk.asked == 1


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (ME, True),
        (TransientError("the database is away"), True),
        (unidentified("the key was revoked"), False),
        (Principal("key:me", frozenset({Role.PARTY})), False),
        (Principal("key:other", ME.roles), False),
    ],
)
async def test_it_holds_while_they_are_who_they_were(
    found: Principal | Exception,
    held: bool,  # noqa: FBT001  # a column of the table
) -> None:
    desk = Desk(now=EVERY, found=[found])
    holds = desk.standing()
    desk.now += EVERY
    assert await holds() == held
