"""The local stack keeps its data, is found by others, and leaves no process behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from deploy.local.archive import archive_file, checkpoint_file
from deploy.local.errors import StackError, StackRunningError
from deploy.local.jars import cache_directory
from deploy.local.kafka import KafkaBroker
from deploy.local.stack import LocalStack, RunningStack, down, status, up

pytestmark = pytest.mark.integration

TOPIC = "kept"
PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def filled(data: Path) -> Iterator[Path]:
    """A directory on which a stack has run that was given a message and a row."""
    yield data
    down(data)


async def give(stack: LocalStack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, enable_idempotence=True) as producer:
        await producer.send_and_wait(TOPIC, b"message")
    connection = await asyncpg.connect(stack.database)
    await connection.execute("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('row')")
    await connection.close()


async def told_of(stack: LocalStack | RunningStack, data: Path) -> str:
    """What the broker tells of its topics and has logged, where it has not what it was given."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    topics = await admin.describe_topics()
    await admin.close()
    return f"{topics}\n{(data / 'logs' / 'kafka.log').read_text()[-20_000:]}"


async def kept(stack: LocalStack | RunningStack, data: Path) -> tuple[bytes | None, str]:
    """The message and the row that `give` gave."""
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=stack.kafka, auto_offset_reset="earliest")
    try:
        async with consumer:
            message = await consumer.getone()
    except KafkaError as error:
        await consumer.stop()
        raise AssertionError(await told_of(stack, data)) from error
    connection = await asyncpg.connect(stack.database)
    word = await connection.fetchval("SELECT word FROM kept")
    await connection.close()
    return message.value, word


def wait_until_gone(stack: RunningStack) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while left := [name for name, mark in stack.processes.items() if mark.find()]:
        assert time.monotonic() < give_up, f"still there: {left}"
        time.sleep(0.05)


def processes_on(data: Path) -> list[str]:
    found = psutil.process_iter(["cmdline"])
    return [
        one.info["cmdline"][0] for one in found if str(data) in " ".join(one.info["cmdline"] or ())
    ]


def archives_of(data: Path) -> list[str]:
    """The archives that the broker of the stack on `data` has begun from."""
    running = LocalStack.find(data)
    assert running is not None
    broker = running.processes["kafka"].find()
    assert broker is not None
    return [mapped.path for mapped in broker.memory_maps() if mapped.path.endswith(".aot")]


def test_a_broker_of_another_cluster_on_the_port_is_not_taken_for_the_own(
    kafka: str, tmp_path: Path
) -> None:
    broker = KafkaBroker(tmp_path, tmp_path / "log", ())
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "meta.properties").write_text("node.id=1\ncluster.id=of-our-own\n")
    broker.port = int(kafka.rpartition(":")[2])
    assert not broker.answers()


async def test_data_survive_a_stop_and_a_start(filled: Path) -> None:
    said: list[str] = []
    stack = LocalStack(filled, say=said.append)
    with stack:
        await give(stack)
        assert await kept(stack, filled) == (b"message", "row")
        with pytest.raises(StackRunningError, match="already runs"):
            LocalStack(filled).start()
    assert any("PostgreSQL is up" in line for line in said)
    with pytest.raises(StackError, match="not started"):
        _ = stack.kafka
    assert LocalStack.find(filled) is None
    assert processes_on(filled) == []


def test_a_detached_stack_outlives_the_command_that_started_it(filled: Path) -> None:
    command = (
        "import sys, pathlib; from deploy.local.stack import up; up(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", command, str(filled)], check=True)  # noqa: S603 our own command.
    stack = LocalStack.find(filled)
    assert stack is not None
    assert up(filled) == stack
    assert asyncio.run(kept(stack, filled)) == (b"message", "row")
    seen = status(filled)
    assert seen is not None
    assert set(seen.resident) == {"supervisor", "kafka", "postgres"}
    assert down(filled)
    assert status(filled) is None
    assert processes_on(filled) == []
    assert not down(filled)


def test_killing_the_process_that_holds_a_stack_ends_all_of_it(filled: Path) -> None:
    command = (
        "import sys, pathlib; from deploy.local.stack import LocalStack\n"
        "with LocalStack(pathlib.Path(sys.argv[1])): print('up', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(  # noqa: S603 our own command.
        [sys.executable, "-c", command, str(filled)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"up\n"
        stack = LocalStack.find(filled)
        assert stack is not None
        holder.kill()
    wait_until_gone(stack)
    assert processes_on(filled) == []


async def test_a_stack_whose_every_process_was_killed_starts_again_with_its_data(
    filled: Path,
) -> None:
    running = up(filled)
    for mark in running.processes.values():
        os.kill(mark.pid, signal.SIGKILL)
    wait_until_gone(running)
    assert status(filled) is None
    with LocalStack(filled) as stack:
        assert await kept(stack, filled) == (b"message", "row")


SHELL = {
    "PGHOST": "elsewhere",
    "PGPORT": "1",
    "PGUSER": "somebody",
    "PGDATABASE": "other",
    "PGDATA": "/nowhere",
    "PGSSLMODE": "require",
    "PGTARGETSESSIONATTRS": "standby",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGCLIENTENCODING": "KLINGON",
    "PGTZ": "Mars",
    "PGSERVICE": "none",
}


@pytest.mark.timeout(600)  # An archive is made here, which a busy machine takes minutes for.
async def test_paths_of_any_letters_and_what_a_shell_says_of_another_server_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SHELL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "C")
    cache = tmp_path / "罐:子, the 'cache'"
    cache.mkdir()
    (cache / "jars").symlink_to(cache_directory(tmp_path) / "jars")
    monkeypatch.setenv("VBP_CACHE", str(cache))
    data = tmp_path / '数据, "it\'s" 100% $HOME:#é'
    with LocalStack(data) as stack:
        await give(stack)
    with LocalStack(data) as stack:
        assert await kept(stack, data) == (b"message", "row")
        assert archives_of(data) == [str(archive_file(cache))]
    assert checkpoint_file(cache).exists()
    assert processes_on(data) == []


async def test_every_test_has_a_database_of_its_own(database: str, bare_database: str) -> None:
    assert database != bare_database
    for dsn, schemas in ((database, {"compliance", "public"}), (bare_database, set())):
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SELECT current_database()") in dsn
        tables = await connection.fetch("SELECT schemaname, relname FROM pg_stat_user_tables")
        assert {table["schemaname"] for table in tables} == schemas
        for table in tables:
            if table["schemaname"] == "compliance":
                held = f"SELECT EXISTS (SELECT FROM compliance.{table['relname']})"  # noqa: S608
                assert not await connection.fetchval(held), table["relname"]
        await connection.close()
