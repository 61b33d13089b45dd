"""The state file: how another process finds the stack that runs on a data directory."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.processes import ProcessMark

_FILE = "stack.json"


@dataclass(frozen=True)
class RunningStack:
    """A stack that runs: `kafka` is `host:port`, `database` a DSN with its password.

    `processes` are named `supervisor`, `kafka` and `postgres`. `data` is absolute. `secrets` is
    the folder by whose files a closed broker lets its users in; None where it asks nobody.
    """

    data: Path
    kafka: str
    database: str
    processes: Mapping[str, ProcessMark]
    secrets: Path | None = None

    def is_alive(self) -> bool:
        """Whether all its processes are."""
        return all(mark.find() is not None for mark in self.processes.values())

    def save(self) -> None:
        """Write the state file, readable by this account only, at once or not at all."""
        marks = {name: asdict(mark) for name, mark in self.processes.items()}
        content = {
            "kafka": self.kafka,
            "database": self.database,
            "processes": marks,
            "secrets": None if self.secrets is None else str(self.secrets),
        }
        aside = self.data / f"{_FILE}.new"
        aside.touch(mode=0o600)
        aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        aside.replace(self.data / _FILE)


def read_state(data: Path) -> RunningStack | None:
    """Read what the state file says, alive or not; None without a readable one."""
    try:
        content = json.loads((data / _FILE).read_text(encoding="utf-8"))
        marks = {name: ProcessMark(**mark) for name, mark in content["processes"].items()}
        secrets = content.get("secrets")
        return RunningStack(
            data.resolve(),
            content["kafka"],
            content["database"],
            marks,
            None if secrets is None else Path(secrets),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_state(data: Path) -> None:
    """Remove the state file, so that nobody finds a stack that stops."""
    (data / _FILE).unlink(missing_ok=True)


def bus_keys_of(data: Path) -> Path | None:
    """Give the folder of what closes the bus of a directory; None where the bus is open."""
    keys = data / "bus"
    return keys if keys.is_dir() else None


def close_bus(data: Path) -> None:
    """Have the bus of a new directory closed, for good; raises StackError for one that was open.

    A broker has its users from when its data is made.
    """
    if bus_keys_of(data) is None and (data / "kafka").exists():
        raise StackError(
            f"{data}: its broker was made without users, and asks nobody. Name a new directory "
            "(--data), or leave --secure out"
        )
    (data / "bus").mkdir(mode=0o700, parents=True, exist_ok=True)


def log_directory(data: Path) -> Path:
    """Name the directory of `stack.log`, `kafka.log` and `postgres.log`, made if need be."""
    logs = data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    return logs


def fresh_log(data: Path, name: str) -> Path:
    """Make an empty log for this run; the one of the run before is kept as `NAME.log.old`."""
    log = log_directory(data) / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.old"))
    log.touch()
    return log
