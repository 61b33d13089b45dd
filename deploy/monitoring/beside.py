"""Prometheus and Alertmanager as this machine has them, configured as compose has them."""

import http.client
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from deploy.local.errors import StackError
from deploy.local.processes import end_processes, spawn, spawned, tail

DEPLOY = Path(__file__).parents[1]
PROMETHEUS = ("prometheus",)
ALERTMANAGER = ("alertmanager", "prometheus-alertmanager")
"""Programs as their projects and as Debian name them."""

START_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.1


class Ports(NamedTuple):
    """Where the two listen on this machine."""

    prometheus: int = 9090
    alertmanager: int = 9093


PORTS = Ports()


class Monitoring:
    """Prometheus and Alertmanager on the directory `data`, for as long as the `with` block.

    `targets` gives the address, host:port, that each job of prometheus.yml is scraped at; `texts`
    the folder that holds what both are told. Receivers come from the environment
    (deploy/alertmanager/start). Both end with this process, however it ends. Raises `StackError`
    where one is not installed, or with the log to read.
    """

    def __init__(
        self,
        data: Path,
        targets: Mapping[str, str],
        ports: Ports = PORTS,
        texts: Path = DEPLOY,
    ) -> None:
        self._data = data.resolve()
        self._targets = targets
        self._ports = ports
        self._texts = texts
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def prometheus(self) -> str:
        """Where a browser finds Prometheus."""
        return f"http://localhost:{self._ports.prometheus}"

    @property
    def alertmanager(self) -> str:
        """Where a browser finds Alertmanager."""
        return f"http://localhost:{self._ports.alertmanager}"

    def check(self) -> None:
        """Raise StackError if one of them has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self._log(name)
                raise StackError(f"{name} ended by itself, see {log}:\n{tail(log)}")

    def __enter__(self) -> Self:
        programs = [installed(PROMETHEUS), installed(ALERTMANAGER)]
        self._data.mkdir(parents=True, exist_ok=True)
        try:
            self._start("alertmanager", self._alertmanager(programs[1]), self._ports.alertmanager)
            self._start("prometheus", self._prometheus(programs[0]), self._ports.prometheus)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _prometheus(self, program: str) -> list[str]:
        made = self._data / "prometheus.yml"
        text = configuration(self._texts, self._targets, self._ports)
        made.write_text(text, encoding="utf-8")
        return [
            program,
            f"--config.file={made}",
            f"--storage.tsdb.path={self._data / 'prometheus'}",
            "--enable-feature=expand-external-labels",
            f"--web.console.templates={self._texts / 'prometheus/consoles'}",
            f"--web.listen-address=127.0.0.1:{self._ports.prometheus}",
            f"--web.external-url={self.prometheus}",
        ]

    def _alertmanager(self, program: str) -> list[str]:
        return [
            "/bin/sh",
            str(self._texts / "alertmanager/start"),
            program,
            f"--storage.path={self._data / 'alertmanager'}",
            "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{self._ports.alertmanager}",
            f"--web.external-url={self.alertmanager}",
        ]

    def _start(self, name: str, command: list[str], port: int) -> None:
        if _ready(port):
            raise StackError(f"something answers on port {port} already: end it, then try again")
        log = self._log(name)
        log.write_bytes(b"")
        links = {"VBP_API_URL": f"http://{self._targets['compliance']}"}
        links["VBP_PROMETHEUS_URL"] = self.prometheus
        self._running[name] = spawn(
            command,
            log=log,
            death_signal=signal.SIGTERM,
            environment={**links, **os.environ, "TMPDIR": str(self._data)},
        )
        give_up = time.monotonic() + START_SECONDS
        while not _ready(port):
            self.check()
            if time.monotonic() > give_up:
                raise StackError(f"{name} is not ready on port {port}, see {log}")
            time.sleep(POLL_SECONDS)

    def _stop(self) -> None:
        ends = ((spawned(process), signal.SIGTERM) for process in self._running.values())
        end_processes(ends, patience=STOP_SECONDS)
        for process in self._running.values():
            process.wait()
        self._running = {}

    def _log(self, name: str) -> Path:
        return self._data / f"{name}.log"


def installed(names: tuple[str, ...]) -> str:
    """Find a program by any of its names; raises StackError that says how to install it."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise StackError(
        f"{names[0]} is not installed: on Debian and Ubuntu, "
        "apt-get install prometheus prometheus-alertmanager"
    )


def configuration(texts: Path, targets: Mapping[str, str], ports: Ports) -> str:
    """Give prometheus.yml with the addresses of this machine in the place of compose's."""
    text = (texts / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    head, _, _ = text.partition("scrape_configs:\n")
    head = head.replace('"alertmanager:9093"', f'"127.0.0.1:{ports.alertmanager}"')
    head = head.replace("  - alerts.yml", f"  - {texts / 'prometheus/alerts.yml'}")
    own = {
        "prometheus": f"127.0.0.1:{ports.prometheus}",
        "alertmanager": f"127.0.0.1:{ports.alertmanager}",
    }
    jobs = (
        f'  - job_name: {job}\n    static_configs:\n      - targets: ["{address}"]\n'
        for job, address in {**targets, **own}.items()
    )
    return f"{head}scrape_configs:\n{''.join(jobs)}"


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
