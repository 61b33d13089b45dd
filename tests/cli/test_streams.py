"""The streams of a shell: each command line as a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.domain import examples

REPOSITORY = Path(__file__).parents[2]
VBP = f"{sys.executable} -m services.cli"
REPLAY = f"{VBP} replay events --as-of 2021-01-01T00:00:00Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an archive of late orders, more than a pipe holds."""
    order = examples.example("vbp.order.placed.v1")
    late = {**order["data"], "deliver_by": "2020-01-02", "jurisdiction": "scms"}
    with (tmp_path / "events").open("w") as file:
        for number in range(500):
            told = {**order, "id": f"e{number}", "time": "2020-01-01T00:00:00Z"}
            file.write(json.dumps({**told, "data": {**late, "order": f"O{number}"}}) + "\n")
    return tmp_path


def shell(folder: Path, line: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **variables}
    return subprocess.run(  # noqa: S602  # the shell's streams are what is tested
        line, shell=True, cwd=folder, env=environment, capture_output=True, check=False
    )


@pytest.mark.parametrize("form", ["ndjson", "csv", "table"])
def test_a_reader_that_goes_ends_the_command_quietly(folder: Path, form: str) -> None:
    told = shell(folder, f"{REPLAY} --format {form} 2> said | head -n 1")
    assert len(told.stdout.splitlines()) == 1
    assert b"Traceback" not in (folder / "said").read_bytes()
    assert b"Exception" not in (folder / "said").read_bytes()


@pytest.mark.parametrize("command", [REPLAY, f"{REPLAY} --format csv", f"{VBP} rules"])
def test_a_full_disk_is_one_line_and_a_failure(folder: Path, command: str) -> None:
    told = shell(folder, f"{command} > /dev/full")
    assert told.returncode == 1
    assert told.stderr == b"vbp: standard output: No space left on device\n"


def test_a_full_disk_is_named_by_the_file_that_was_to_be_written(folder: Path) -> None:
    told = shell(folder, f"{VBP} simulate --hospitals 30 --days 90 --orders 400 --out /dev/full")
    assert told.returncode == 1
    assert told.stderr.startswith(b"vbp: /dev/full cannot be written: No space left on device.")


def test_a_closed_output_is_one_line_and_a_failure(folder: Path) -> None:
    told = shell(folder, f"{VBP} rules >&-")
    assert told.returncode == 1
    assert re.fullmatch(rb"vbp: standard output is closed: [^\n]+\n", told.stderr)


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "<&-", "<&- 2>&-"])
def test_an_output_that_is_open_gets_all_data_whatever_the_other_streams_are(
    folder: Path, closed: str
) -> None:
    told = shell(folder, f"{REPLAY} {closed}")
    assert len(told.stdout.splitlines()) == 500


def test_a_console_that_has_no_chinese_shows_the_numbers_of_its_letters(folder: Path) -> None:
    told = shell(folder, f"{VBP} rules late-response", PYTHONIOENCODING="ascii")
    assert told.returncode == 0
    assert told.stdout.startswith(rb"late-response  \u672a\u53ca")
    assert told.stderr == b""
