"""Processes of the stack: born to die with their parent, known by more than their number."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_CLOCK_TOLERANCE_SECONDS = 2.0
_TAIL_LINES = 12


@dataclass(frozen=True)
class ProcessMark:
    """A process as it can be found again: its number and when it started (seconds since 1970).

    A number alone is soon given to another process.
    """

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessMark":
        """Mark a process that is running; raises `psutil.NoSuchProcess`."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """Return the process if it is still this one and alive."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_TOLERANCE_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def spawn(  # noqa: PLR0913  # all that a process is born with
    command: Iterable[str | os.PathLike[str]],
    *,
    log: Path,
    death_signal: signal.Signals,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    become: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own; its output goes to the end of `log`.

    Where the system can (Linux), it gets `death_signal` when this process dies, however it dies.
    Call it from the main thread: Linux takes the end of the starting thread for the parent's.
    `directory` is where it starts, by default here. `become` runs in the child before the program,
    to change its account.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 the commands are the stack's own.
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=directory,
            process_group=0,
            preexec_fn=_before_exec(death_signal, become),  # noqa: PLW1509 the supervisor has one thread.
        )


def _before_exec(
    death_signal: signal.Signals, become: Callable[[], None] | None
) -> Callable[[], None]:
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def prepare() -> None:
        if become is not None:
            become()
        if libc is not None:
            # A change of account clears the death signal, so it comes second.
            libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def spawned(child: "subprocess.Popen[bytes]") -> psutil.Process | None:
    """Return the process behind `child`, or None if it has ended."""
    return psutil.Process(child.pid) if child.poll() is None else None


def end_processes(
    processes: Iterable[tuple[psutil.Process | None, signal.Signals]], *, patience: float
) -> None:
    """Ask each process with its signal, wait at most `patience` seconds, then kill what is left."""
    asked = []
    for process, request in processes:
        if process is None:
            continue
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(request)
            asked.append(process)
    _, stubborn = psutil.wait_procs(asked, timeout=patience)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=patience)


def free_ports(count: int) -> list[int]:
    """Choose different TCP ports of 127.0.0.1 that nobody listens on at this moment."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def tail(log: Path) -> str:
    """Read the last lines of a log, for an error message; empty if there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL_LINES:])
