"""The wings as a running process shows them: what each loads, and what each name means."""

import ast
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from services import compliance
from services.compliance.settings import Settings
from tests.support.workers.in_process import eventually, free_port, live, prepared

HOUSE = Path(str(compliance.__file__)).parent
WINGS = "services.compliance."

COMMAND = """
import os, signal, sys, threading

def tell():
    sys.stdin.readline()
    print("\\n".join(sys.modules), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=tell, daemon=True).start()
from services.cli import main
main(sys.argv[1:])
"""
"""Runs the command line; told so by a line, it names all that it has loaded, and ends."""


@contextmanager
def running(settings: Settings, *arguments: str) -> Iterator[Callable[[], set[str]]]:
    """Run a command of ours in a process of its own; it is ended to name its modules."""
    environment = {
        **os.environ,
        "VBP_DATABASE": settings.database,
        "VBP_KAFKA": settings.kafka,
        "VBP_GROUP": settings.group,
        "VBP_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(  # noqa: S603  # this very Python
        [sys.executable, "-c", COMMAND, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def loaded() -> set[str]:
        said, _ = process.communicate("\n", timeout=60)
        names = (name for name in said.splitlines() if name.startswith(WINGS))
        return {name.removeprefix(WINGS) for name in names}

    try:
        yield loaded
    finally:
        process.kill()
        process.wait()


@pytest.mark.integration
async def test_a_worker_at_work_has_loaded_nothing_that_answers(kafka: str, database: str) -> None:
    async with live(kafka, database) as bus:
        arguments = ("worker", "compliance", "--metrics-port", str(free_port()))
        with running(bus.settings, *arguments) as loaded:
            await bus.settled(0)
            wings = wings_of(loaded())
    assert wings >= {"worker", "storage", "judging", "rules"}
    assert wings.isdisjoint({"answers", "web"})


@pytest.mark.integration
def wings_of(modules: set[str]) -> set[str]:
    """The wings that some modules stand in."""
    return {name.partition(".")[0] for name in modules}


async def test_an_api_that_answers_has_loaded_nothing_that_judges_or_writes(
    kafka: str, database: str
) -> None:
    settings = Settings(database=database, kafka=kafka)
    await prepared(settings)
    port = free_port()
    with running(settings, "serve", "compliance", "--port", str(port)) as loaded:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as api:

            async def answers() -> bool:
                try:
                    paths = ("/v1/violations", "/v1/rules", "/v1/status", "/metrics", "/readyz")
                    return all([(await api.get(path)).status_code == 200 for path in paths])
                except httpx.TransportError:
                    return False

            await eventually(answers, within=60)
        modules = loaded()
    wings = wings_of(modules)
    assert wings >= {"web", "answers", "rules"}
    assert wings.isdisjoint({"judging", "worker"})
    # What people decide and who wants to be told is written here; nothing else is.
    written = {name for name in modules if name.startswith("storage.")}
    people = {"storage.desk", "storage.reviews", "storage.attachments", "storage.cases"}
    assert written <= people | {"storage.webhooks", "storage.views"}


def test_nothing_reads_policies_when_it_is_loaded() -> None:
    modules = [
        f"{WINGS}{path.relative_to(HOUSE).with_suffix('').as_posix().replace('/', '.')}"
        for path in HOUSE.rglob("*.py")
        if path.name != "__init__.py"
    ]
    script = f"""
import importlib, pathlib
read = pathlib.Path.read_bytes
def refuse(path):
    assert path.suffix != ".toml", f"{{path}} is read at import"
    return read(path)
pathlib.Path.read_bytes = refuse
for module in {modules!r}:
    importlib.import_module(module)
from services.compliance.policies import policy
try:
    policy.load()
except AssertionError:
    print("policies are read by load() alone")
"""
    done = subprocess.run(  # noqa: S603  # this very Python
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout == "policies are read by load() alone\n", done.stderr


def test_no_name_of_a_class_means_two_things_inside_compliance() -> None:
    defined: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                defined[node.name].append(str(path.relative_to(HOUSE)))
    assert {name: files for name, files in defined.items() if len(files) > 1} == {}
