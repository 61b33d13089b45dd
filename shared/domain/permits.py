"""Who may do what on the bus: `permits.toml`, entry by entry."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

Resource = Literal["topic", "group"]
Operation = Literal[
    "read", "write", "create", "delete", "alter", "describe", "describe_configs", "alter_configs"
]

PUBLISHER = "{publisher}"
PUBLISHER_USER = "publisher-"
"""How the users begin that publishers are: none of them can have the name of a service."""

OPERATOR = "operator"
"""The user who runs commands that look after the bus, and publishes archives of events."""

ADMIN = "admin"
"""The user who may do everything, and so has no entry: the brokers' own settings name it."""


class Entry(NamedTuple):
    """One user may do one thing with what has a name, or with all whose name begins so."""

    user: str
    resource: Resource
    name: str
    prefixed: bool
    operation: Operation

    def covers(self, resource: Resource, name: str) -> bool:
        """Say whether this is about something of a name."""
        same = name.startswith(self.name) if self.prefixed else name == self.name
        return resource == self.resource and same


class _Permit(Struct, frozen=True, forbid_unknown_fields=True):
    user: str
    operations: list[Operation]
    topics: list[str] = []
    groups: list[str] = []


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    permit: list[_Permit]


_FILE = msgspec.convert(
    tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")), _File
)

SERVICES = tuple(sorted({permit.user for permit in _FILE.permit if PUBLISHER not in permit.user}))
"""The users that every installation has, beside `ADMIN`."""


def entries(publishers: Iterable[str] = ()) -> frozenset[Entry]:
    """Give all that is allowed, with these publishers; what is not among it is denied."""
    names = sorted(set(publishers))
    return frozenset(
        entry
        for permit in _FILE.permit
        for publisher in (names if _is_of_publishers(permit) else [""])
        for entry in _expanded(permit, publisher)
    )


def allowed(
    among: Iterable[Entry], user: str, resource: Resource, name: str, operation: Operation
) -> bool:
    """Say whether a user may do something, by Kafka's rules of what implies what."""
    return any(
        entry.user == user
        and entry.covers(resource, name)
        and (entry.operation == operation or operation in _IMPLIED.get(entry.operation, ()))
        for entry in among
    )


_IMPLIED: dict[Operation, tuple[Operation, ...]] = {
    "read": ("describe",),
    "write": ("describe",),
    "delete": ("describe",),
    "alter": ("describe",),
    "alter_configs": ("describe_configs",),
}


def _is_of_publishers(permit: _Permit) -> bool:
    return any(PUBLISHER in text for text in (permit.user, *permit.topics, *permit.groups))


def _expanded(permit: _Permit, publisher: str) -> Iterator[Entry]:
    named: tuple[tuple[Resource, list[str]], ...] = (
        ("topic", permit.topics),
        ("group", permit.groups),
    )
    for resource, names in named:
        for name in names:
            for operation in permit.operations:
                yield Entry(
                    permit.user.replace(PUBLISHER, publisher),
                    resource,
                    name.removesuffix("*").replace(PUBLISHER, publisher),
                    name.endswith("*"),
                    operation,
                )
