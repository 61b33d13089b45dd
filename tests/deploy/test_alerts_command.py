"""`make alerts` as it is typed: it starts both, says where, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from deploy.local.errors import StackError
from deploy.monitoring.beside import ALERTMANAGER, PROMETHEUS, installed
from tests.support.deployment import ROOT
from tests.support.outside import webhook
from tests.support.workers.in_process import free_port

MAKE = shutil.which("make") or "make"

pytestmark = pytest.mark.skipif(
    not (shutil.which(PROMETHEUS[0]) and any(map(shutil.which, ALERTMANAGER))),
    reason="Prometheus and Alertmanager are not installed",
)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_both_run_until_they_are_told_to_stop(how: signal.Signals, tmp_path: Path) -> None:
    prometheus, alertmanager = free_port(), free_port()
    given = f"--data {tmp_path} --prometheus {prometheus} --alertmanager {alertmanager}"
    with subprocess.Popen(  # noqa: S603  # our own arguments
        [MAKE, "--silent", "alerts", f"OPTIONS={given}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as command:
        try:
            _wait(prometheus)
            _wait(alertmanager)
            rules = httpx.get(f"http://127.0.0.1:{prometheus}/api/v1/rules").json()
            assert {group["name"] for group in rules["data"]["groups"]} >= {"vbp-business"}
            running = psutil.Process(command.pid).children(recursive=True)
            assert {"prometheus"} <= {process.name() for process in running}
        finally:
            # As a terminal does it: to make and to all that it has started.
            os.killpg(command.pid, how)
        said, _ = command.communicate(timeout=30)
    _, left = psutil.wait_procs(running, timeout=10)
    assert left == []
    assert f"http://localhost:{prometheus}/alerts" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_said_with_the_remedy(tmp_path: Path) -> None:
    with webhook() as other:
        taken = urlsplit(other.url).port
        given = f"--data {tmp_path} --prometheus {free_port()} --alertmanager {taken}"
        command = [MAKE, "--silent", "alerts", f"OPTIONS={given}"]
        done = subprocess.run(  # noqa: S603  # our own arguments
            command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode != 0
    assert str(taken) in done.stderr


def test_what_is_not_installed_is_named_with_what_installs_it() -> None:
    with pytest.raises(StackError, match="apt-get install prometheus prometheus-alertmanager"):
        installed(("prometheus-that-nobody-has",))


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            httpx.get(f"http://127.0.0.1:{port}/-/ready").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing is ready on port {port}")
