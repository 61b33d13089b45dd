"""The local stack as its users see it: start it, stop it, find the one that runs."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.archive import prepare_archive
from deploy.local.errors import StackError, StackRunningError
from deploy.local.jars import cache_directory, fetch_jars
from deploy.local.processes import end_processes, tail
from deploy.local.state import (
    RunningStack,
    bus_keys_of,
    close_bus,
    forget_state,
    log_directory,
    read_state,
)

__all__ = ["LocalStack", "RunningStack", "StackStatus", "down", "status", "up"]

_STOP_SECONDS = 30.0
_REPOSITORY = Path(__file__).parents[2]

Say = Callable[[str], None]
"""Takes a line of progress, without its line end."""


@dataclass(frozen=True)
class StackStatus:
    """A running stack, and the resident memory of each of its processes in bytes, by name."""

    stack: RunningStack
    resident: Mapping[str, int]


class LocalStack:
    """Apache Kafka and PostgreSQL on the directory `data`, for as long as this object holds them.

    They end with `stop`, with the `with` block, and with this process, however it ends. `data`
    survives; the ports do not. Logs are in `data/logs`. Raises `StackError` with the log to read.
    A `secure` one has a closed bus, and so has each later one on its directory.
    """

    def __init__(self, data: Path, *, say: Say = lambda _: None, secure: bool = False) -> None:
        self._data = data.resolve()
        self._secure = secure
        self._say = say
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._running: RunningStack | None = None

    @property
    def kafka(self) -> str:
        """`127.0.0.1:PORT`, to bootstrap from."""
        return self._found().kafka

    @property
    def database(self) -> str:
        """The DSN of the database `vbp`, as its superuser."""
        return self._found().database

    @property
    def secrets(self) -> Path | None:
        """The folder by whose files a closed bus lets its users in; None where it asks nobody."""
        return self._found().secrets

    @classmethod
    def find(cls, data: Path) -> RunningStack | None:
        """Find the stack that runs on `data`, whoever started it."""
        stack = read_state(data)
        return stack if stack is not None and stack.is_alive() else None

    def start(self) -> None:
        """Return when both answer; at most one stack runs on a directory."""
        self._supervisor = _launch(self._data, self._say, held=True, secure=self._secure)
        self._running = read_state(self._data)

    def stop(self) -> None:
        """Return when all processes are gone; without effect on a stack that is not started."""
        if self._supervisor is not None:
            _let_go(self._supervisor)
            self._supervisor = self._running = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _found(self) -> RunningStack:
        if self._running is None:
            raise StackError(f"the local stack on {self._data} is not started: call start() first")
        return self._running


def up(
    data: Path, *, detach: bool = True, say: Say = lambda _: None, secure: bool = False
) -> RunningStack:
    """Give the stack on `data`, started unless one runs there already.

    Detached, it outlives this process, until `down`. Otherwise this returns when the stack has
    ended, which Ctrl-C brings about.
    """
    running = LocalStack.find(data)
    if running is None:
        supervisor = _launch(data.resolve(), say, held=not detach, secure=secure)
        running = read_state(data)
        if running is None:
            raise StackError(_unexpected(data))
        if detach:
            # It is meant to outlive us; as far as this process goes, it has ended.
            supervisor.returncode = 0
        else:
            _wait(supervisor, running, say)
    return running


def down(data: Path) -> bool:
    """End the stack on `data`, and whatever a killed one left there; False if there was nothing."""
    stack = read_state(data)
    if stack is None:
        return False
    supervisor = stack.processes["supervisor"].find()
    end_processes([(supervisor, signal.SIGTERM)], patience=_STOP_SECONDS)
    orphans = [mark.find() for mark in stack.processes.values()]
    end_processes(((orphan, signal.SIGTERM) for orphan in orphans), patience=_STOP_SECONDS)
    forget_state(data)
    return supervisor is not None or any(orphans)


def status(data: Path) -> StackStatus | None:
    """Look at the stack that runs on `data`; None if none does."""
    stack = LocalStack.find(data)
    if stack is None:
        return None
    found = {name: mark.find() for name, mark in stack.processes.items()}
    resident = {name: one.memory_info().rss for name, one in found.items() if one is not None}
    return StackStatus(stack, resident)


def _launch(data: Path, say: Say, *, held: bool, secure: bool) -> "subprocess.Popen[bytes]":
    if LocalStack.find(data) is not None:
        raise StackRunningError(data)
    data.mkdir(parents=True, exist_ok=True)
    if secure:
        close_bus(data)
    cache = cache_directory(data)
    fetch_jars(cache, say=say)
    prepare_archive(cache, data, say=say)
    module = [sys.executable, "-m", "deploy.local.supervisor"]
    path = os.pathsep.join(filter(None, (str(_REPOSITORY), os.environ.get("PYTHONPATH"))))
    with (log_directory(data) / "stack.log").open("ab") as log:
        supervisor = subprocess.Popen(  # noqa: S603 this distribution's own module.
            [*module, str(data), str(cache), "held" if held else "detached"],
            stdin=subprocess.PIPE if held else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
    try:
        _listen(supervisor, data, say)
        if bus_keys_of(data) is not None:
            _close(data)
    except BaseException:
        _let_go(supervisor)
        raise
    return supervisor


def _close(data: Path) -> None:
    # Few ask for a closed bus: nobody else shall load what talks to brokers.
    from deploy.local.closing import keep_to_permits  # noqa: PLC0415

    keep_to_permits(data)


def _listen(supervisor: "subprocess.Popen[bytes]", data: Path, say: Say) -> None:
    with supervisor.stdout or contextlib.nullcontext(()) as told:
        for line in told:
            message = json.loads(line)
            if "error" in message:
                raise StackError(message["error"])
            if "ready" in message:
                return
            say(message["say"])
    raise StackError(_unexpected(data))


def _let_go(supervisor: "subprocess.Popen[bytes]") -> None:
    if supervisor.stdin is not None:
        supervisor.stdin.close()
    else:
        supervisor.terminate()
    try:
        supervisor.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def _wait(supervisor: "subprocess.Popen[bytes]", running: RunningStack, say: Say) -> None:
    say(f"Kafka {running.kafka}, PostgreSQL {running.database}; Ctrl-C ends both")
    try:
        supervisor.wait()
    except KeyboardInterrupt:
        say("Stopping")
    finally:
        _let_go(supervisor)


def _unexpected(data: Path) -> str:
    log = data / "logs" / "stack.log"
    return f"the local stack ended unexpectedly, see {log}:\n{tail(log)}"
