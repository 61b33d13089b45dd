"""Each benchmark runs to its end in small, so that none rots unseen; its figures are not judged."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAID = {
    "api": ("violations written", "officer: detail, JSON", "small hospital: all, page", "metrics"),
    "catching_up": ("orders: ", "delivery: ", "both: "),
    "latency": ("published to visible, p50", "published to visible, p99"),
    "memory": ("MiB (goal 300",),
    "months": ("progress by area", "scorecards by distributor"),
    "stored": ("microseconds an event", "against 200"),
    "worker": (
        "rule late-delivery",
        "the first eight alone",
        "floor: consume, decode, COPY",
        "three workers: ratio to the floor",
        "sweep",
    ),
}


def test_every_benchmark_is_run() -> None:
    sources = (ROOT / "benchmarks").glob("*.py")
    programs = {path.stem for path in sources if "__main__" in path.read_text(encoding="utf-8")}
    assert programs == SAID.keys()


@pytest.mark.integration
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SAID)
def test_a_benchmark_runs_to_its_end(name: str, bare_database: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--small"]
    if name in ("api", "months"):  # They ask no broker, and take a server that is there.
        command += ["--database", bare_database]
    done = subprocess.run(  # noqa: S603  # our own arguments
        command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in SAID[name]:
        assert words in done.stdout
