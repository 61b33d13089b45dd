"""What the brokers let whom do: their ACLs and passwords, asked for and set.

aiokafka knows how ACLs are told, but sends one at a time, and knows nothing of passwords.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import NodeNotReadyError, for_code
from aiokafka.protocol.admin import (
    CreateAclsRequest_v1,
    DeleteAclsRequest_v1,
    DescribeAclsRequest_v1,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)
from typing_extensions import override

from shared.domain.permits import Entry

ITERATIONS: Final = 8_192
"""How often a password is hashed; ours are 256 random bits, and need no more."""

_ANY, _LITERAL, _PREFIXED, _ALLOW, _EVERYWHERE = 1, 3, 4, 3, "*"
_RESOURCES = {"topic": 2, "group": 3}
_OPERATIONS = {
    "read": 3,
    "write": 4,
    "create": 5,
    "delete": 6,
    "alter": 7,
    "describe": 8,
    "describe_configs": 10,
    "alter_configs": 11,
}
_RESOURCE_OF = {number: name for name, number in _RESOURCES.items()}
_OPERATION_OF = {number: name for name, number in _OPERATIONS.items()}
_SCRAM_SHA_512 = 2
_USER = "User:"


async def entries(client: AIOKafkaClient) -> dict[Entry, tuple[Any, ...]]:
    """Give what the brokers allow on topics and groups, each with what takes it back.

    Raises KafkaError. What is allowed of an operation that we know nothing of is left out.
    """
    asked = _Describe((_ANY, None, _ANY, None, None, _ANY, _ALLOW))
    answer = await _send(client, asked)
    _check(answer.error_code, answer.error_message)
    found: dict[Entry, tuple[Any, ...]] = {}
    for kind, name, pattern, acls in answer.resources:
        for principal, host, operation, permission in acls:
            if kind not in _RESOURCE_OF or operation not in _OPERATION_OF:
                continue
            entry = Entry(
                principal.removeprefix(_USER),
                _RESOURCE_OF[kind],  # type: ignore[arg-type]
                name,
                pattern == _PREFIXED,
                _OPERATION_OF[operation],  # type: ignore[arg-type]
            )
            found[entry] = (kind, name, pattern, principal, host, operation, permission)
    return found


async def allow(client: AIOKafkaClient, wanted: Iterable[Entry]) -> None:
    """Allow entries; raises KafkaError for the first that the brokers do not take."""
    told = [
        (
            _RESOURCES[entry.resource],
            entry.name,
            _PREFIXED if entry.prefixed else _LITERAL,
            f"{_USER}{entry.user}",
            _EVERYWHERE,
            _OPERATIONS[entry.operation],
            _ALLOW,
        )
        for entry in wanted
    ]
    if told:
        answer = await _send(client, _Create(told))
        for error, message in answer.creation_responses:
            _check(error, message)


async def take_back(client: AIOKafkaClient, found: Iterable[tuple[Any, ...]]) -> None:
    """Allow no more what `entries` gave; raises KafkaError."""
    told = list(found)
    if told:
        answer = await _send(client, _Delete(told))
        for error, message, _ in answer.filter_responses:
            _check(error, message)


async def set_passwords(client: AIOKafkaClient, passwords: Mapping[str, str]) -> None:
    """Give users their passwords, new ones or others than before; raises KafkaError."""
    told: list[tuple[Any, ...]] = []
    for user, password in sorted(passwords.items()):
        salt = secrets.token_bytes(32)
        told.append((user, _SCRAM_SHA_512, ITERATIONS, salt, _salted(password, salt), {}))
    await _alter_users(client, [], told)


async def forget_users(client: AIOKafkaClient, users: Collection[str]) -> None:
    """Let users in no more; raises KafkaError, also for one who is not known."""
    await _alter_users(client, [(user, _SCRAM_SHA_512, {}) for user in sorted(users)], [])


async def _alter_users(
    client: AIOKafkaClient, gone: list[tuple[Any, ...]], told: list[tuple[Any, ...]]
) -> None:
    if gone or told:
        answer = await _send(client, _AlterUsers(gone, told))
        for _, error, message, _ in answer.results:
            _check(error, message)


def _salted(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)


async def _send(client: AIOKafkaClient, request: Request[Any]) -> Any:
    node = client.get_random_node()
    if node is None:
        raise NodeNotReadyError("no broker is known")
    return await client.send(node, request)


def _check(error: int, message: str | None) -> None:
    if error:
        raise for_code(error)(message or "")


class _Describe(Request[DescribeAclsRequest_v1]):  # type: ignore[misc]
    API_KEY = 29

    def __init__(self, wanted: tuple[Any, ...]) -> None:
        self._wanted = wanted

    @override
    def build(self, request_struct_class: type[DescribeAclsRequest_v1]) -> DescribeAclsRequest_v1:
        return request_struct_class(*self._wanted)


class _Create(Request[CreateAclsRequest_v1]):  # type: ignore[misc]
    API_KEY = 30

    def __init__(self, told: list[tuple[Any, ...]]) -> None:
        self._told = told

    @override
    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class(self._told)


class _Delete(Request[DeleteAclsRequest_v1]):  # type: ignore[misc]
    API_KEY = 31

    def __init__(self, told: list[tuple[Any, ...]]) -> None:
        self._told = told

    @override
    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        return request_struct_class(self._told)


class _AlterUsersResponse(Response):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString()),
                ("error", Int16),
                ("message", CompactString()),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterUsersRequest(RequestStruct):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AlterUsersResponse
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", CompactString()), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString()),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterUsers(Request[_AlterUsersRequest]):  # type: ignore[misc]
    API_KEY = 51

    def __init__(self, gone: list[tuple[Any, ...]], told: list[tuple[Any, ...]]) -> None:
        self._gone = gone
        self._told = told

    @override
    def build(self, request_struct_class: type[_AlterUsersRequest]) -> _AlterUsersRequest:
        return request_struct_class(deletions=self._gone, upsertions=self._told, tags={})
