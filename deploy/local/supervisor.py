"""The process that owns the broker and the server, and ends them when its own time has come.

`deploy.local.stack` starts it. On standard output it tells its progress, one JSON object a line:
`{"say": text}`, then `{"ready": true}` or `{"error": text}`. Held by its starter, it stops when its
standard input closes, as it does also when the starter is killed.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

from deploy.local.archive import archive_file, checkpoint_file
from deploy.local.errors import StackError, StackRunningError
from deploy.local.jars import jar_files
from deploy.local.kafka import KafkaBroker
from deploy.local.postgres import PostgresServer
from deploy.local.processes import ProcessMark, end_processes, spawned, tail
from deploy.local.state import RunningStack, bus_keys_of, forget_state, fresh_log, read_state

_LOCK_SECONDS = 15.0
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.03
_WATCH_SECONDS = 0.5
_PORT_TRIES = 3
_PORT_TAKEN = "Address already in use"


class Service(Protocol):
    """What the supervisor asks of the broker and of the server alike."""

    name: str
    title: str
    stop_signal: signal.Signals
    log: Path

    @property
    def address(self) -> str:
        """What clients are given."""

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start the process, on fresh ports."""

    def answers(self) -> bool:
        """Whether it serves."""


class Supervisor:
    """Starts Kafka and PostgreSQL on `data`, watches them, and stops both if one of them ends.

    `held` means that the starter keeps the other end of standard input. It has one thread only:
    Linux takes the end of a thread for the death of the parent of the children that it started.
    """

    def __init__(self, data: Path, cache: Path, *, held: bool) -> None:
        self._data = data
        self._starter = os.getppid() if held else None
        self._kafka = KafkaBroker(
            data / "kafka",
            fresh_log(data, "kafka"),
            jar_files(cache),
            archive=archive_file(cache),
            begins_with=checkpoint_file(cache),
            keys=bus_keys_of(data),
        )
        self._postgres = PostgresServer(data / "postgres", fresh_log(data, "postgres"))
        self._services: tuple[Service, ...] = (self._kafka, self._postgres)
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def run(self) -> None:
        """Start both, watch them until it is over, stop both."""
        try:
            self._prepare()
            if not self._start():
                return
            self._state().save()
            _tell(ready=True)
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            while not self._is_over(_WATCH_SECONDS):
                for service in self._services:
                    self._raise_if_ended(service)
        finally:
            self._stop()

    def _prepare(self) -> None:
        formatting = self._kafka.begin_preparing()
        if self._postgres.is_new or formatting is not None:
            _tell(say=f"Preparing the data of Apache Kafka and PostgreSQL, once: {self._data}")
        self._postgres.prepare()
        if formatting is not None:
            if formatting.wait():
                raise StackError(_ended(self._kafka, formatting.returncode))
            self._kafka.keep_beginning()

    def _start(self) -> bool:
        began = time.monotonic()
        for service in self._services:
            self._children[service.name] = service.launch()
        waiting = dict.fromkeys(self._services, _PORT_TRIES)
        while waiting and not self._is_over(_POLL_SECONDS):
            for service in list(waiting):
                self._launch_again_if_port_was_taken(service, waiting)
                if service.answers():
                    del waiting[service]
                    _tell(say=f"{service.title} is up after {time.monotonic() - began:.1f} s")
                elif time.monotonic() - began > _START_SECONDS:
                    raise StackError(f"{service.title} does not answer, see {service.log}")
        return not waiting

    def _launch_again_if_port_was_taken(self, service: Service, tries: dict[Service, int]) -> None:
        # Between the choice of a port and its use another program may take it.
        if (
            self._children[service.name].poll() is not None
            and tries[service] > 1
            and _PORT_TAKEN in service.log.read_text(encoding="utf-8", errors="replace")
        ):
            tries[service] -= 1
            service.log.write_bytes(b"")
            self._children[service.name] = service.launch()
        self._raise_if_ended(service)

    def _raise_if_ended(self, service: Service) -> None:
        code = self._children[service.name].poll()
        if code is not None:
            raise StackError(_ended(service, code))

    def _is_over(self, seconds: float) -> bool:
        if self._starter is None:
            time.sleep(seconds)
            return False
        # A fork of the starter may keep the pipe open after its death; its number tells as well.
        closed, _, _ = select.select([sys.stdin], [], [], seconds)
        return bool(closed) or os.getppid() != self._starter

    def _state(self) -> RunningStack:
        marks = {name: ProcessMark.of(child.pid) for name, child in self._children.items()}
        marks["supervisor"] = ProcessMark.of(os.getpid())
        return RunningStack(
            self._data,
            self._kafka.address,
            self._postgres.address,
            marks,
            bus_keys_of(self._data),
        )

    def _stop(self) -> None:
        for request in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(request, signal.SIG_IGN)
        forget_state(self._data)
        signals = {service.name: service.stop_signal for service in self._services}
        running = [(spawned(child), signals[name]) for name, child in self._children.items()]
        end_processes(running, patience=_STOP_SECONDS)


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the lock of `data`; a stack that is stopping has `_LOCK_SECONDS` to let go."""
    with (data / "stack.lock").open("w", encoding="utf-8") as lock:
        give_up = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up or read_state(data) is not None:
                    raise StackRunningError(data) from None
                time.sleep(_POLL_SECONDS)
        yield


def _end_orphans(data: Path) -> None:
    """End what a killed supervisor left, where the system does not do so itself."""
    left = read_state(data)
    if left is not None:
        found = (mark.find() for mark in left.processes.values())
        orphans = [(process, signal.SIGTERM) for process in found if process is not None]
        end_processes(orphans, patience=_STOP_SECONDS)
        forget_state(data)


def _ended(service: Service, code: int) -> str:
    return f"{service.title} ended with {code}, see {service.log}:\n{tail(service.log)}"


def _tell(**message: str | bool) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main(data: Path, cache: Path, *, held: bool) -> int:
    """Run a stack on `data` with the jars in `cache` until it is told to stop; the exit code."""
    for request in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(request, _leave)
    try:
        with _only_one(data):
            _end_orphans(data)
            Supervisor(data, cache, held=held).run()
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        _tell(error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), held=sys.argv[3] == "held"))
