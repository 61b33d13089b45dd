"""Who asks in the walk: three of each role who see and tell different things, and two strangers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.domain.principal import Party, Role
from tests.support.keys import a_key

OF_EACH = 3
"""How many there are of each role."""

SOURCES = ("/hospitals/H1", "/platforms/cn-sx", "/distributors/D1")
"""Under which source each of the publishers tells."""

PARTIES = (Party("hospital", "H1"), Party("manufacturer", "M1"), Party("distributor", "D1"))
"""Who the parties are; all that is found concerns the three of them, and the last is accused."""

_PLACES = (None, {"cn-sx"}, {"cn-tj"})
"""The jurisdictions of the three; None is all."""

_FORGED = f"vbp_{'0' * 16}_{'A' * 43}"


class Asker(NamedTuple):
    """Somebody with a key; whoever has no role is known to nobody."""

    name: str
    role: Role | None
    key: str | None


STRANGERS = (Asker("nobody", None, None), Asker("forged", None, _FORGED))


async def askers(database: str) -> list[list[Asker]]:
    """Make their keys; gives three lists, each with one of each role and with the strangers."""
    return [
        [*STRANGERS, *[await _an_asker(database, role, n) for role in Role]] for n in range(OF_EACH)
    ]


async def _an_asker(database: str, role: Role, n: int) -> Asker:
    name = f"{role}-{n + 1}"
    return Asker(name, role, await a_key(database, role, holder=name, **dict(_rights(role, n))))


def _rights(role: Role, n: int) -> Iterator[tuple[str, Any]]:
    if role is Role.PUBLISHER:
        yield "sources", [SOURCES[n]]
    elif role is Role.PARTY:
        yield "parties", [PARTIES[n]]
    else:
        yield "jurisdictions", _PLACES[n]
