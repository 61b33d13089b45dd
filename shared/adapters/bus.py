"""The bus as it is allowed to be used: what `permits.toml` says, brought to the brokers."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, SecurityDisabled

from shared.adapters import acls
from shared.adapters.cluster import Bootstrap, options
from shared.adapters.kafka import unreachable
from shared.domain import permits, topics
from shared.domain.errors import SetupError, UnreachableError
from shared.domain.permits import ADMIN, SERVICES, Entry

OURS = "vbp."
"""How the names of all our topics begin."""


class Change(NamedTuple):
    """What brings brokers to what is allowed; `beyond` is what others allow of our topics."""

    added: frozenset[Entry]
    removed: frozenset[Entry]
    beyond: frozenset[Entry]


async def apply(
    bootstrap: Bootstrap, *, publishers: Iterable[str] = (), dry: bool = False
) -> Change:
    """Have the brokers allow what is allowed, and nothing else to our users; gives what changed.

    Publishers are those that have a topic, and these: a topic that was just made may not be known
    to the broker that is asked. What somebody else's users may do is left as it is. Raises
    UnreachableError.
    """
    async with administered(bootstrap) as client:
        names = (await client.fetch_all_metadata()).topics()
        wanted = permits.entries({*topics.publishers(names), *publishers})
        found = await acls.entries(client)
        added, removed = wanted - found.keys(), {e for e in found.keys() - wanted if _is_ours(e)}
        if not dry:
            await acls.allow(client, added)
            await acls.take_back(client, [found[entry] for entry in removed])
    beyond = {entry for entry in found.keys() - wanted - removed if _reaches_ours(entry)}
    return Change(frozenset(added), frozenset(removed), frozenset(beyond))


async def set_passwords(bootstrap: Bootstrap, passwords: Mapping[str, str]) -> None:
    """Let users in by these passwords, and by no earlier ones; raises UnreachableError."""
    async with administered(bootstrap) as client:
        await acls.set_passwords(client, passwords)


@asynccontextmanager
async def administered(bootstrap: Bootstrap) -> AsyncIterator[AIOKafkaClient]:
    """Connect as somebody who may ask and set what is allowed.

    Raises UnreachableError, and SetupError where the brokers deny nobody anything.
    """
    client = AIOKafkaClient(**options(bootstrap))
    try:
        await client.bootstrap()
        yield client
    except SecurityDisabled as error:
        problem = "the bus is open: its brokers have no authorizer, and allow everybody everything"
        raise SetupError(f"{problem}. docs/security.md says how it is closed") from error
    except KafkaError as error:
        raise UnreachableError(unreachable(bootstrap, error)) from error
    finally:
        await client.close()


def _is_ours(entry: Entry) -> bool:
    return entry.user in {ADMIN, *SERVICES} or entry.user.startswith(permits.PUBLISHER_USER)


def _reaches_ours(entry: Entry) -> bool:
    if entry.resource != "topic":
        return False
    everything = entry.name == "*" and not entry.prefixed
    wide = entry.prefixed and OURS.startswith(entry.name)
    return everything or wide or entry.name.startswith(OURS)
