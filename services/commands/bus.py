"""`vbp bus`: who may do what on the bus, and how the brokers come to know it."""

import asyncio
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from deploy.local import bus_keys
from services.commands.terminal import counted, say
from services.compliance.settings import Settings
from shared.adapters import bus, kafka
from shared.adapters.cluster import password_file
from shared.adapters.identity.publishers import Publishers
from shared.domain import permits, topics
from shared.domain.errors import InvalidArgumentError
from shared.domain.permits import ADMIN, SERVICES, Entry


def show_permits(publishers: Sequence[str]) -> None:
    """Print all that is allowed: user, what, name, operation."""
    _print("", permits.entries(publishers))
    say(f"User {ADMIN} may do everything. What is not listed is denied")


def apply(settings: Settings, *, dry: bool) -> None:
    """Bring the brokers to what is allowed, and print what changes."""
    change = asyncio.run(bus.apply(settings.cluster(ADMIN), dry=dry))
    _print("+ ", change.added)
    _print("- ", change.removed)
    if change.beyond:
        say(f"Left as they are, though they reach our topics: {counted(len(change.beyond), 'ACL')}")
        _print("? ", change.beyond)
    would = "would be" if dry else "are"
    say(f"{len(change.added)} {would} added, {len(change.removed)} {would} taken back")


def make_keys(folder: Path, hosts: Sequence[str]) -> None:
    """Make what closes a bus in a folder."""
    bus_keys.make(folder, hosts, (ADMIN, *SERVICES))
    say(f"{folder}: {bus_keys.BROKER} is made for {', '.join(hosts)}, and what was missing beside")
    say(f"Keep {bus_keys.AUTHORITY_KEY} apart; give each process ca.pem and its own password")


def set_users(
    settings: Settings, names: Sequence[str], folder: Path | None, *, renew: bool
) -> None:
    """Let users in by their passwords, new ones if asked for."""
    chosen = folder or settings.kafka_secrets
    if chosen is None:
        raise InvalidArgumentError("--folder: none is given. Name the one of `vbp bus keys`")
    users = list(names) or [ADMIN, *SERVICES]
    passwords = {
        user: bus_keys.new_password() if renew else _password(chosen, user) for user in users
    }
    asyncio.run(bus.set_passwords(settings.cluster(ADMIN), passwords))
    if renew:
        for user, password in passwords.items():
            bus_keys.write_password(chosen, user, password)
    say(
        f"{', '.join(users)}: let in by what {chosen} holds. Start again whoever was, in their turn"
    )


def open_to(settings: Settings, publisher: str, replication: int) -> None:
    """Make the topics of a publisher, and its user; its password is printed, for the only time."""
    check_name(publisher)
    if publisher not in asyncio.run(_tellers(settings)):
        raise InvalidArgumentError(
            f"PUBLISHER: {publisher} holds no key of a publisher that is taken, and the key says "
            f"what it may tell. Make one first: vbp keys create {publisher} --role publisher …"
        )
    cluster = settings.cluster(ADMIN)
    made = asyncio.run(kafka.create_ingress(cluster, publisher, replication=replication))
    sys.stdout.writelines(f"{name}\n" for name in made)
    if cluster.secrets is not None:
        asyncio.run(bus.apply(cluster, publishers=[publisher]))
        user, password = f"{permits.PUBLISHER_USER}{publisher}", bus_keys.new_password()
        asyncio.run(bus.set_passwords(cluster, {user: password}))
        say(f"The password of {user}, by SCRAM-SHA-512 over TLS. It is shown this once:")
        sys.stdout.write(f"{password}\n")
    sys.stdout.flush()
    say(
        f"Tell on {topics.ingress(publisher)}; what is refused comes to {topics.refused(publisher)}"
    )


def check_name(publisher: str) -> None:
    """Raise InvalidArgumentError for a publisher whose topics could not have its name."""
    if topics.INGRESS.fullmatch(topics.ingress(publisher)) is None:
        raise InvalidArgumentError(
            f"PUBLISHER: {publisher!r} cannot be in the name of a topic. Name it by a-z, 0-9 and "
            "-, at most 63 of them, and make its key under that name: vbp keys create"
        )


async def _tellers(settings: Settings) -> Collection[str]:
    publishers = Publishers(settings.database)
    try:
        return (await publishers.known()).keys()
    finally:
        publishers.close()


def _password(folder: Path, user: str) -> str:
    file = password_file(folder, user)
    if not file.exists():
        raise InvalidArgumentError(f"{user}: {file} is not there. Make it with `vbp bus keys`")
    return file.read_text(encoding="utf-8").strip()


def _print(mark: str, entries: Iterable[Entry]) -> None:
    for entry in sorted(entries):
        name = f"{entry.name}{'*' if entry.prefixed else ''}"
        sys.stdout.write(f"{mark}{entry.user} {entry.resource} {name} {entry.operation}\n")
    sys.stdout.flush()
