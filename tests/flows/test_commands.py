"""Commands against the real servers: set up, publish, examine, each as a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError

from deploy.local.stack import LocalStack
from shared.domain import examples, topics
from tests.support.doors import as_lines, listening
from tests.support.events import an_example

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

REPOSITORY = Path(__file__).parents[2]
RUNS = REPOSITORY / ".vbp" / "test"

Vbp = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A stack of this file's own: what is published here is nobody else's."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=RUNS, prefix="run-") as data,
        LocalStack(Path(data)) as started,
    ):
        yield started


@pytest.fixture(scope="module")
def vbp(stack: LocalStack) -> Vbp:
    environment = {**os.environ, "VBP_KAFKA": stack.kafka, "VBP_DATABASE": stack.database}

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "services.cli", *map(str, arguments)]
        return subprocess.run(  # noqa: S603  # our own command
            command,
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def a_line(identity: str, **attributes: Any) -> bytes:
    return as_lines([an_example("vbp.order.cancelled.v1", id=identity, **attributes)])


async def test_a_new_machine_is_set_up_published_to_and_examined(
    vbp: Vbp, stack: LocalStack, tmp_path: Path
) -> None:
    archive = tmp_path / "events.ndjson"
    ahead = a_line("ahead", time="2999-01-01T00:00:00Z")
    archive.write_bytes(a_line("first") + b"nonsense\n" + ahead + a_line("last"))

    too_early = vbp("publish", archive)
    assert too_early.returncode == 1
    assert "Create them: vbp topics" in too_early.stderr
    examined = vbp("doctor")
    assert examined.returncode == 1
    assert "topic vbp.orders.v1 is missing: vbp topics" in examined.stdout
    assert "vbp migrate" in examined.stdout

    assert vbp("migrate").stdout.splitlines()[0] == "0001_compliance.sql"
    assert vbp("migrate").stdout == ""
    created = vbp("topics").stdout.splitlines()
    assert created == [
        *(topic.name for topic in topics.INPUTS),
        *(topics.VIOLATIONS, topics.DEAD_LETTERS, topics.ANCHORS, topics.CLOCK),
    ]
    assert vbp("topics").stdout == ""
    examined = vbp("doctor")
    assert examined.returncode == 0, examined.stdout

    async with listening(stack.kafka, topics.ORDERS.name) as heard:
        published = vbp("publish", archive, "--strict")
        assert await heard.ids() == {"first", "last"}
    assert published.returncode == 3
    refused = [line for line in published.stderr.splitlines() if line.startswith(str(archive))]
    assert [line.removeprefix(f"{archive}:").split(": ")[:2] for line in refused] == [
        ["2", "event"],
        ["3", "time"],
    ]
    assert "2 events published" in published.stderr


async def test_the_doctor_sees_a_topic_that_is_kept_wrongly_and_a_database_that_takes_no_writes(
    vbp: Vbp, stack: LocalStack
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    wrong = {"message.timestamp.type": "CreateTime", "cleanup.policy": "compact"}
    with suppress(TopicAlreadyExistsError):
        await admin.create_topics([NewTopic(topics.SUPPLY.name, 12, 1)])
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topics.SUPPLY.name, configs=wrong)]
    )
    await admin.close()
    connection = await asyncpg.connect(stack.database)
    await connection.execute("CREATE DATABASE kept")
    await connection.execute("ALTER DATABASE kept SET default_transaction_read_only = on")
    await connection.close()
    frozen = urlsplit(stack.database)._replace(path="/kept").geturl()

    examined = vbp("doctor", "--database", frozen, "--kafka", stack.kafka)
    assert examined.returncode == 1
    for said in (
        "BAD   the database is read-only: default_transaction_read_only is on: turn it off",
        f"BAD   topic {topics.SUPPLY.name} has message.timestamp.type=CreateTime: ",
        f"BAD   topic {topics.SUPPLY.name} has cleanup.policy=compact: ",
    ):
        assert said in examined.stdout, examined.stdout
    away = vbp("doctor", "--database", "postgresql://vbp:secret@127.0.0.1:1/vbp", "--kafka", "x:1")
    assert "BAD   PostgreSQL at postgresql://…@127.0.0.1:1/vbp does not answer" in away.stdout
    assert "BAD   Apache Kafka at x:1 does not answer" in away.stdout


def test_replay_in_a_pipe_that_is_closed_ends_quietly(tmp_path: Path) -> None:
    events = tmp_path / "e.ndjson"
    late = {"deliver_by": "2020-01-02"}
    order = examples.example("vbp.order.placed.v1")
    lines = []
    for number in range(3_000):
        data = {**order["data"], **late, "jurisdiction": "scms", "order": f"O{number}"}
        told = {**order, "id": f"e{number}", "time": "2020-01-01T00:00:00Z", "data": data}
        lines.append(json.dumps({name: at for name, at in told.items() if name != "recordedtime"}))
    events.write_text("\n".join(lines))
    command = f"{sys.executable} -m services.cli replay {events} --as-of 2021-01-01T00:00Z"
    piped = subprocess.run(  # noqa: S602  # the pipe is what is tested
        f"{command} | head -n 1", shell=True, cwd=REPOSITORY, capture_output=True, check=False
    )
    assert len(piped.stdout.splitlines()) == 1
    assert b"Traceback" not in piped.stderr
