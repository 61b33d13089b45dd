"""The command line, run in this process."""

import io
import os
import sys
from pathlib import Path

import pytest

from services import cli
from tests.support.command_line import Result, Vbp


@pytest.fixture
def vbp(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Vbp:
    """Runs the command line in an empty directory, without anything in the environment."""
    for name in [name for name in os.environ if name.startswith("VBP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, piped: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
        with pytest.raises(SystemExit) as left:
            cli.main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return Result(left.value.code, told.out, told.err)

    return run
