"""A closed bus lets each process do what is listed for it, and nobody anything else."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import (
    AlterConfigsRequest_v1,
    CreatePartitionsRequest_v1,
    CreateTopicsRequest_v3,
    DeleteTopicsRequest_v1,
    DescribeConfigsRequest_v1,
)
from aiokafka.protocol.api import Request
from aiokafka.protocol.fetch import FetchRequest_v4
from aiokafka.protocol.group import HeartbeatRequest_v0
from aiokafka.protocol.metadata import MetadataRequest_v5
from aiokafka.protocol.produce import ProduceRequest_v3
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from deploy.local import bus_keys
from deploy.local.errors import StackError
from deploy.local.stack import LocalStack
from services.commands import doctor_kafka
from services.commands.bus import set_users
from services.compliance.settings import Settings
from shared.adapters import acls, bus, kafka
from shared.adapters.bus import Change
from shared.adapters.cluster import Cluster, options
from shared.domain import permits, topics
from shared.domain.errors import UnreachableError
from shared.domain.permits import ADMIN, OPERATOR, SERVICES, Entry, Operation
from tests.support.workers.in_process import eventually

pytestmark = pytest.mark.integration

STRANGER = "stranger"
"""A user who is let in, and of whom nothing is listed."""

NOT_ALLOWED, NO_GROUP_OF_YOURS, NOT_ALLOWED_ON_CLUSTER = 29, 30, 31
DRY = True
PUBLISHERS = ("p1", "p2")
ALL_TOPICS = sorted(
    {*kafka.wanted_topics(), *(name for one in PUBLISHERS for name in kafka.ingress_topics(one))}
)
LET_IN = {STRANGER: "let in, and no more", "publisher-p1": "a publisher's own"}
LISTED = permits.entries(PUBLISHERS)


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with (
        tempfile.TemporaryDirectory() as data,
        LocalStack(Path(data), secure=True) as started,
    ):
        asyncio.run(_furnish(started))
        yield started


async def _furnish(stack: LocalStack) -> None:
    assert stack.secrets is not None
    await kafka.create_topics(as_user(stack, OPERATOR))
    for publisher in PUBLISHERS:
        await kafka.create_ingress(as_user(stack, ADMIN), publisher, replication=1)
    await bus.apply(as_user(stack, ADMIN), publishers=PUBLISHERS)
    for user, password in LET_IN.items():
        bus_keys.write_password(stack.secrets, user, password)
    await bus.set_passwords(as_user(stack, ADMIN), LET_IN)
    # The broker takes what its controller wrote in that order, and a moment later.
    await eventually(lambda: _is_let_in(stack, [*LET_IN][-1]), within=60)


async def _is_let_in(stack: LocalStack, user: str) -> bool:
    try:
        async with connected(stack, user):
            return True
    except KafkaError:
        return False


def as_user(stack: LocalStack, user: str) -> Cluster:
    return Cluster(stack.kafka, user, stack.secrets)


@asynccontextmanager
async def connected(stack: LocalStack, user: str) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**options(as_user(stack, user)))
    try:
        await client.bootstrap()
        yield client
    finally:
        await client.close()


def request(made: Any) -> Request[Any]:
    """A request of one version, as it is."""
    built = type(made)

    class One(Request[built]):  # type: ignore[misc]
        API_KEY = built.API_KEY

        def build(self, _: Any) -> Any:
            return made

    return One()


def a_message() -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 16)
    builder.append(0, timestamp=0, key=b"k", value=b"v", headers=[])
    return bytes(builder.build())


TRIES: Mapping[Operation, tuple[Callable[[str], Any], Callable[[Any], int]]] = {
    "describe": (
        lambda topic: MetadataRequest_v5(topics=[topic], allow_auto_topic_creation=False),
        lambda found: found.topics[0][0],
    ),
    "read": (
        lambda topic: FetchRequest_v4(-1, 0, 0, 1024, 0, [(topic, [(0, 0, 1024)])]),
        lambda found: found.topics[0][1][0][1],
    ),
    "write": (
        lambda topic: ProduceRequest_v3(None, -1, 5_000, [(topic, [(0, a_message())])]),
        lambda found: found.topics[0][1][0][1],
    ),
    "create": (
        lambda topic: CreateTopicsRequest_v3([(f"{topic}.more", 1, 1, [], [])], 5_000, DRY),
        lambda found: found.topic_errors[0][1],
    ),
    "alter": (
        lambda topic: CreatePartitionsRequest_v1([(topic, (100, None))], 5_000, DRY),
        lambda found: found.topic_errors[0][1],
    ),
    "describe_configs": (
        lambda topic: DescribeConfigsRequest_v1([(2, topic, None)], DRY),
        lambda found: found.resources[0][0],
    ),
    "alter_configs": (
        lambda topic: AlterConfigsRequest_v1([(2, topic, [("retention.ms", "1")])], DRY),
        lambda found: found.resources[0][0],
    ),
    "delete": (
        lambda topic: DeleteTopicsRequest_v1([topic], 5_000),
        lambda found: found.topic_error_codes[0][1],
    ),
}
"""How each operation is tried on a topic, and where the broker's answer has its error code."""


async def done(stack: LocalStack, user: str) -> Mapping[tuple[str, Operation], int]:
    async with connected(stack, user) as client:
        return {
            (topic, operation): code_in(await client.send(1, request(made_for(topic))))
            for topic in ALL_TOPICS
            for operation, (made_for, code_in) in TRIES.items()
        }


@pytest.mark.parametrize("user", [*SERVICES, *LET_IN])
async def test_a_user_does_on_each_topic_what_is_listed_and_is_denied_all_else(
    stack: LocalStack, user: str
) -> None:
    for (topic, operation), code in (await done(stack, user)).items():
        name = f"{topic}.more" if operation == "create" else topic
        may = permits.allowed(LISTED, user, "topic", name, operation)
        assert (code in {NOT_ALLOWED, NOT_ALLOWED_ON_CLUSTER}) == (not may), (
            topic,
            operation,
            code,
        )
        assert not may or code == 0, (topic, operation, code)


async def test_nobody_is_in_a_group_that_is_not_listed_for_him(stack: LocalStack) -> None:
    groups = ("vbp-compliance", "vbp-orders", "vbp-delivery-door", "publisher-p1", "publisher-p2")
    for user in (*SERVICES, *LET_IN):
        async with connected(stack, user) as client:
            for group in groups:
                beat = await client.send(1, request(HeartbeatRequest_v0(group, 1, "member")))
                may = permits.allowed(LISTED, user, "group", group, "read")
                assert (beat.error_code == NO_GROUP_OF_YOURS) == (not may), (user, group)


async def test_who_has_no_password_or_another_or_no_tls_is_not_let_in(
    stack: LocalStack, tmp_path: Path
) -> None:
    assert stack.secrets is not None
    (tmp_path / "ca.pem").write_bytes((stack.secrets / "ca.pem").read_bytes())
    bus_keys.write_password(tmp_path, OPERATOR, "guessed")
    bus_keys.write_password(tmp_path, "nobody", "guessed")
    for user in (OPERATOR, "nobody"):
        with pytest.raises(UnreachableError, match=r"refuses.*vbp bus"):
            await kafka.create_topics(Cluster(stack.kafka, user, tmp_path))
    with pytest.raises(UnreachableError, match="VBP_KAFKA"):
        await kafka.producer(stack.kafka)


async def test_a_broker_whose_certificate_another_signed_is_told_no_password(
    stack: LocalStack, tmp_path: Path
) -> None:
    bus_keys.make(tmp_path, ["127.0.0.1"], [OPERATOR])
    with pytest.raises(UnreachableError, match="VBP_KAFKA"):
        await kafka.create_topics(Cluster(stack.kafka, OPERATOR, tmp_path))


async def test_an_acl_that_is_not_listed_is_taken_back_and_one_of_somebody_else_left(
    stack: LocalStack,
) -> None:
    as_admin = as_user(stack, ADMIN)
    more = Entry("orders", "topic", topics.SUPPLY.name, prefixed=False, operation="write")
    theirs = Entry("monitor", "topic", "vbp.", prefixed=True, operation="describe")
    async with bus.administered(as_admin) as client:
        await acls.allow(client, [more, theirs])
    assert await bus.apply(as_admin, dry=True) == Change(
        frozenset(), frozenset({more}), frozenset({theirs})
    )
    assert await bus.apply(as_admin) == Change(frozenset(), frozenset({more}), frozenset({theirs}))
    assert await bus.apply(as_admin) == Change(frozenset(), frozenset(), frozenset({theirs}))
    async with bus.administered(as_admin) as client:
        await acls.take_back(client, [(await acls.entries(client))[theirs]])


async def test_a_password_turns_over_and_the_earlier_one_is_taken_no_more(
    stack: LocalStack, tmp_path: Path
) -> None:
    assert stack.secrets is not None
    shutil.copytree(stack.secrets, tmp_path, dirs_exist_ok=True)
    before = Cluster(stack.kafka, "orders", tmp_path)
    settings = Settings(kafka=stack.kafka, kafka_security="sasl_ssl", kafka_secrets=stack.secrets)
    await asyncio.to_thread(set_users, settings, ["orders"], None, renew=True)
    await (await kafka.producer(as_user(stack, "orders"))).stop()
    with pytest.raises(UnreachableError, match="refuses"):
        await kafka.producer(before)


async def test_only_admin_asks_and_sets_what_is_allowed(stack: LocalStack) -> None:
    for user in (OPERATOR, "orders", STRANGER):
        with pytest.raises(UnreachableError, match="refuses"):
            await bus.apply(as_user(stack, user))
        with pytest.raises(UnreachableError, match="refuses"):
            await bus.set_passwords(as_user(stack, user), {ADMIN: "mine"})


async def test_the_doctor_sees_all_topics_of_a_closed_bus(stack: LocalStack) -> None:
    findings = await doctor_kafka.look(as_user(stack, OPERATOR))
    assert [finding for finding in findings if finding.remedy] == []


def test_the_passwords_are_in_files_of_this_account_alone(stack: LocalStack) -> None:
    assert stack.secrets is not None
    for file in stack.secrets.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    passwords = {file.read_text().strip() for file in stack.secrets.glob("*.password")}
    assert len(passwords) == len(SERVICES) + 1 + len(LET_IN)
    secret = passwords - set(LET_IN.values())
    assert not any(text in line for line in _command_lines() for text in secret)


def _command_lines() -> list[str]:
    return [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]


def test_a_bus_that_was_open_is_not_closed_over_its_data(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    with pytest.raises(StackError, match="new directory"):
        LocalStack(tmp_path, secure=True).start()
