"""The processes that `vbp demo` starts: told apart by name, and gone when it is."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.processes import end_processes, free_ports, spawn, spawned, tail
from shared.adapters.ports import is_free
from shared.domain.errors import SetupError

_REPOSITORY = Path(__file__).parents[2]
_PATIENCE = 10.0
_START_SECONDS = 60.0
_POLL_SECONDS = 0.1

_REASON = re.compile(r"^vbp: (.+)|SetupError(?:: |\(['\"])([^'\"\\\n]+)", re.MULTILINE)
"""A line of `vbp` itself; an error as a traceback ends with it, or as it is shown in a log."""


class Children:
    """Commands of `vbp` as processes, their output in `logs`; they end with the `with` block.

    They also end when this process is killed (deploy.local.processes.spawn).
    """

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = environment
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Start `vbp ARGUMENTS` under a name."""
        path = os.pathsep.join(filter(None, (str(_REPOSITORY), os.environ.get("PYTHONPATH"))))
        self.log(name).write_bytes(b"")
        self._started[name] = spawn(
            [sys.executable, "-m", "services.cli", *arguments],
            log=self.log(name),
            # What they do is safe against it, and a slower end would outlast their servers.
            death_signal=signal.SIGKILL,
            environment={**os.environ, "PYTHONPATH": path, **self._environment},
        )

    def log(self, name: str) -> Path:
        """Say where a child writes."""
        return self._logs / f"{name}.log"

    def check(self) -> None:
        """Raise SetupError if a child has ended by itself."""
        for name, child in self._started.items():
            if child.poll() is not None:
                raise SetupError(self._ended(name, child))

    def wait(self, name: str) -> None:
        """Wait until a child has done its work; raises SetupError if it failed."""
        child = self._started.pop(name)
        try:
            if child.wait() != 0:
                raise SetupError(self._ended(name, child))
        except KeyboardInterrupt:
            self._started[name] = child
            raise

    def wait_for_port(self, name: str, port: int) -> None:
        """Wait until a child answers HTTP."""
        give_up = time.monotonic() + _START_SECONDS
        while not answers(port):
            self.check()
            if time.monotonic() > give_up:
                raise SetupError(f"{name} does not answer on port {port}, see {self.log(name)}")
            time.sleep(_POLL_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        children = [(spawned(child), signal.SIGTERM) for child in self._started.values()]
        end_processes(children, patience=_PATIENCE)
        for child in self._started.values():
            child.wait()

    def _ended(self, name: str, child: "subprocess.Popen[bytes]") -> str:
        log = self.log(name)
        # All of it: the reason may lie far above the last lines.
        told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        why = reason(told)
        because = f" ({why})" if why else ""
        return f"{name} ended with {child.returncode}{because}, see {log}:\n{tail(log)}"


def reason(log: str) -> str:
    """Give what a process said last of why it ends, as `vbp` or as a SetupError; else nothing."""
    said = _REASON.findall(log)
    return next(filter(None, said[-1])).strip() if said else ""


def answers(port: int) -> bool:
    """Whether an HTTP server answers on a port of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def choose_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """Give each name the port it wants, or a free one where that is taken."""
    others = iter(free_ports(len(wanted)))
    return {name: port if is_free(port) else next(others) for name, port in wanted.items()}
