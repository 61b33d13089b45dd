"""A short campaign of faults; the long one is `make campaign`."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]


def test_five_faults_at_once_change_nothing_that_is_found() -> None:
    command = [sys.executable, "-m", "tests.campaign", "--short", "--seeds", "36262"]
    done = subprocess.run(  # noqa: S603  # our own module
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=580
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "held: " in done.stdout
    assert "1 runs, 5 faults" in done.stdout
