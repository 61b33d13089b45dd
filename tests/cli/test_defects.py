"""A defect of ours in one record of an archive: it is named, and all others are judged."""

from pathlib import Path
from typing import Any

import pytest

from services.commands import replay_processes
from services.compliance.judging import engine
from tests.cli.test_archives import an_order
from tests.support.command_line import Vbp


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("step", ["judge", "merge"])
def test_a_record_on_which_the_program_fails_is_named_and_its_neighbours_are_judged(
    vbp: Vbp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int, step: str
) -> None:
    archive = tmp_path / "events.ndjson"
    archive.write_bytes(b"".join(an_order(f"O{number}") for number in range(20)))
    does = getattr(engine, step)

    def failed(one: Any, *others: Any, **how: Any) -> Any:
        name = one.subject.key if step == "judge" else others[1].data.order
        if name == "O7":
            raise ZeroDivisionError("a defect of ours")
        return does(one, *others, **how)

    monkeypatch.setattr(engine, step, failed)
    monkeypatch.setattr(replay_processes, "processes", lambda _files: processes)
    told = vbp("replay", str(archive), "--as-of", "2020-02-01T00:00:00Z")

    assert told.code == 1
    assert {one["order"] for one in told.found} == {f"O{n}" for n in range(20) if n != 7}
    assert "set aside scms/order/O7: ZeroDivisionError: a defect of ours" in told.err
    assert "1 record set aside, on which this program failed" in told.err
    assert "Traceback" not in told.err
