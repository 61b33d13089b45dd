"""A short campaign of faults; the long one is `make campaign`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaign.faults import KINDS, LOSE, TAKE_OFFSETS
from tests.campaign.plan import Scale, plan

ROOT = Path(__file__).parents[2]
SEED = "284"


@pytest.mark.integration
@pytest.mark.timeout(600)
def test_five_faults_at_once_change_nothing_that_is_found() -> None:
    command = [sys.executable, "-m", "tests.campaign", "--short", "--seeds", SEED]
    done = subprocess.run(  # noqa: S603  # our own module
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=580
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "held: " in done.stdout
    assert "5/5" in done.stdout
    assert "1 runs, 0 failed" in done.stdout


def test_ten_runs_are_two_hundred_faults_and_every_kind_comes_as_often_as_any_other() -> None:
    runs = [plan(seed, Scale()) for seed in range(10)]
    kinds = [fault.kind for run in runs for fault in run.faults]
    assert len(kinds) == 200
    assert {kinds.count(kind) for kind in KINDS} <= {12, 13, 14}
    assert runs == [plan(seed, Scale()) for seed in range(10)]


def test_what_is_counted_by_offsets_is_not_lost_beside_transactions_that_take_some() -> None:
    for seed in range(40):
        kinds = {fault.kind for fault in plan(seed, Scale()).faults}
        assert not (kinds & LOSE and kinds & TAKE_OFFSETS)
