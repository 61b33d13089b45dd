"""`vbp local`: Kafka and PostgreSQL on this machine, started, stopped, looked at."""

import shlex
import sys
from pathlib import Path

from deploy.local import stack
from deploy.local.errors import StackError
from deploy.local.state import RunningStack
from services.commands.settings import DEMO, LOCAL
from services.commands.terminal import say


def up(data: Path, *, foreground: bool, secure: bool) -> None:
    """Start the stack on `data` unless it runs; print what a shell needs to reach it."""
    running = stack.up(data, detach=not foreground, say=say, secure=secure)
    if secure and running.secrets is None:
        remedy = f"End it: {_command('down', data)}"
        raise StackError(f"{data}: a stack with an open bus runs there. {remedy}")
    if not foreground:
        _print_addresses(running)
        say(f"Logs in {data / 'logs'}; `{_command('down', data)}` ends it")
        if data not in {LOCAL, DEMO}:
            say("The lines above say where it is: put them into your shell, commands find it then")
        say("Next: vbp migrate, vbp topics, then vbp worker compliance and vbp serve compliance")


def down(data: Path) -> None:
    """End the stack on `data`; its data stays."""
    say("Stopped" if stack.down(data) else f"No local stack runs on {data}")


def status(data: Path) -> bool:
    """Print where the stack on `data` is and its memory; gives whether it runs."""
    found = stack.status(data)
    if found is None:
        say(f"No local stack runs on {data}; `{_command('up', data)}` starts one")
        return False
    _print_addresses(found.stack)
    for name, resident in found.resident.items():
        say(f"{name}: process {found.stack.processes[name].pid}, {resident / 2**20:,.0f} MiB")
    return True


def _command(name: str, data: Path) -> str:
    """Give the command that does something with the stack on `data`."""
    where = "" if data == LOCAL else f" --data {shlex.quote(str(data))}"
    return f"vbp local {name}{where}"


def _print_addresses(running: RunningStack) -> None:
    found = {"KAFKA": running.kafka, "DATABASE": running.database, "IDENTITY": "local"}
    if running.secrets is not None:
        found |= {"KAFKA_SECURITY": "sasl_ssl", "KAFKA_SECRETS": str(running.secrets)}
    for name, value in found.items():
        sys.stdout.write(f"export VBP_{name}={shlex.quote(value)}\n")
    sys.stdout.flush()
