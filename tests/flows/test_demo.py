"""The demo on the real parts: it finds what it planted, shows where, and leaves no process."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from services.compliance.rules import RULES
from services.sources.province.truth import PLANTED

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).parents[2]
RUNS = REPOSITORY / ".vbp" / "test"
SMALL = ("--orders", "100", "--hospitals", "10")


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """Where the demos of this file keep their data, one after the other."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RUNS, prefix="demo-") as directory:
        yield Path(directory) / "demo"


@contextmanager
def demo(data: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {name: at for name, at in os.environ.items() if not name.startswith("VBP_")}
    started = subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "services.cli", "demo", "--data", str(data), *options],
        cwd=REPOSITORY,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        if started.stdout is not None:
            started.stdout.close()


def told_until(started: "subprocess.Popen[str]", last: str | None = None) -> str:
    """What a demo tells up to a line that begins so, or up to its end."""
    lines = []
    for line in started.stdout or ():
        lines.append(line)
        if last is not None and line.startswith(last):
            break
    return "".join(lines)


def counts(told: str) -> dict[str, list[int]]:
    """The table: found, planted, missing and unexpected of each rule."""
    rows = re.findall(
        r"^│ ([a-z-]+) +│ +([\d,]+) │ +([\d,]+) │ +(\d+) │ +(\d+) │", told, re.MULTILINE
    )
    return {rule: [int(number.replace(",", "")) for number in row] for rule, *row in rows}


def assert_exact(told: str) -> None:
    table = counts(told)
    assert table.keys() == {rule.name for rule in RULES} | {"all"}, told
    assert {rule for rule, (_, planted, _, _) in table.items() if planted} == {*PLANTED, "all"}
    for found, planted, missing, unexpected in table.values():
        assert (found, missing, unexpected) == (planted, 0, 0), told


def answer(url: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_the_demo_finds_exactly_what_was_planted_and_ends_with_0(data: Path) -> None:
    with demo(data, "--exit", *SMALL) as started:
        told = told_until(started)
        assert_exact(told)
        assert started.wait(40) == 0, told


@pytest.mark.parametrize(
    ("end", "code", "secure"), [(signal.SIGINT, 0, False), (signal.SIGKILL, -signal.SIGKILL, True)]
)
def test_the_demo_stays_up_until_it_is_ended_and_then_no_process_is_left(
    data: Path,
    end: signal.Signals,
    code: int,
    secure: bool,  # noqa: FBT001  # of the table above
) -> None:
    # Whether another test of this file ran before it in this process is the scheduler's choice.
    options = ("--keep",) if data.exists() and not secure else SMALL
    # A closed bus: every process comes to it by a password of its own, and may do what it does.
    options = (*options, "--secure") if secure else options
    with demo(data, *options) as started:
        told = told_until(started, "Ctrl-C ends everything")
        assert_exact(told)
        urls = re.findall(r"http://\S+", told)
        assert len(urls) >= 3 + 3 + 4
        assert {url: answer(url)[0] for url in urls} == dict.fromkeys(urls, 200)
        assert b"<html" in answer(urls[0])[1], "the page to open first"
        listed = next(url for url in urls if "/v1/violations?" in url)
        assert json.loads(answer(listed)[1])["items"]
        processes = psutil.Process(started.pid).children(recursive=True)
        assert len(processes) >= 7
        started.send_signal(end)
        assert started.wait(40) == code
        _, left = psutil.wait_procs(processes, timeout=40)
        assert not left
