"""`vbp calendar`: what is known is shown, a year is imported, and everybody judges by it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.compliance.policies import calendar
from shared.domain.calendar import day_of
from tests.support.command_line import UNTIL, Vbp

NEXT = """day,kind,name,notice,published_on
2027-01-01,holiday,元旦,X,2026-11-30
2027-02-06,holiday,春节,X,2026-11-30
2027-02-08,holiday,春节,X,2026-11-30
2027-02-14,workday,春节,X,2026-11-30
"""


@pytest.fixture
def own(tmp_path: Path, vbp: Vbp, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # `vbp` empties the environment first
    monkeypatch.setenv("VBP_CALENDARS", str(tmp_path / "own" / "calendars"))
    (tmp_path / "2027.csv").write_text(NEXT, "utf-8")
    return tmp_path / "own" / "calendars"


def test_the_years_known_are_listed_with_notices_and_the_days_left(vbp: Vbp) -> None:
    told = vbp("calendar", "show")
    assert told.code == 0
    years = [line.split() for line in told.out.splitlines()[1:]]
    assert [year[0] for year in years] == [str(year) for year in range(2010, 2027)]
    wanted = ["2020", "249", "30", "6", "国办发明电〔2019〕16号、国办发明电〔2020〕1号", "shipped"]
    assert wanted in years
    left = calendar.load().days_left(day_of(datetime.now(UTC)))
    assert f"Known until 2026-12-31, {left:,} day" in told.err


def test_a_year_is_shown_as_the_file_that_import_takes(vbp: Vbp, own: Path, tmp_path: Path) -> None:
    told = vbp("calendar", "import", "2027.csv")
    assert told.code == 0
    assert "2027 imported into" in told.err
    assert "3 holidays and 1 workday are listed, 260 days are worked. Restart" in told.err
    shown = vbp("calendar", "show", "2027").out
    assert shown == NEXT
    (tmp_path / "2027.csv").write_text(shown, "utf-8")
    assert "nothing was changed" in vbp("calendar", "import", "2027.csv").err
    assert str(own / "2027.csv") in "".join(vbp("calendar", "show").out.split())


def test_nothing_is_left_in_the_folder_but_the_year(vbp: Vbp, own: Path) -> None:
    vbp("calendar", "import", "2027.csv")
    assert [path.name for path in own.iterdir()] == ["2027.csv"]
    assert (own / "2027.csv").read_text("utf-8") == NEXT


def test_a_known_year_is_replaced_only_if_that_is_said(vbp: Vbp, own: Path, tmp_path: Path) -> None:
    file = tmp_path / "2026.csv"
    file.write_text(NEXT.replace("2027-", "2026-"), "utf-8")
    told = vbp("calendar", "import", "2026.csv")
    assert (told.code, own.exists()) == (2, False)
    assert "2026 is shipped; give --replace to put 2026.csv in its place" in told.err
    assert vbp("calendar", "import", "2026.csv", "--replace").code == 0
    assert vbp("calendar", "show", "2026").out == file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace("X", "Y"), "utf-8")
    told = vbp("calendar", "import", "2026.csv")
    assert told.code == 2
    assert f"2026 stands in {own / '2026.csv'}; give --replace" in told.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2027-01-01", "2026-12-31", "2027.csv, line 2: day '2026-12-31' does not lie in 2027"),
        ("2027-02-08", "2027-02-06", "2027.csv, line 4: day '2027-02-06' stands here twice"),
        ("2027-02-14", "2027-02-15", "line 5: kind 'workday' is for a Saturday or Sunday, and"),
        ("元旦", "", "2027.csv, line 2: name '' is empty; copy it from the notice"),
    ],
)
def test_a_wrong_file_is_refused_whole(vbp: Vbp, own: Path, old: str, new: str, said: str) -> None:
    Path("2027.csv").write_text(NEXT.replace(old, new), "utf-8")
    told = vbp("calendar", "import", "2027.csv")
    assert (told.code, told.out, own.exists()) == (2, "", False)
    assert said in told.err


def test_a_year_is_not_imported_over_a_gap(vbp: Vbp, own: Path, tmp_path: Path) -> None:
    (tmp_path / "2028.csv").write_text(
        "day,kind,name,notice,published_on\n2028-01-01,holiday,元旦,X,2027-11-30\n", "utf-8"
    )
    told = vbp("calendar", "import", "2028.csv")
    assert (told.code, own.exists()) == (2, False)
    assert "the calendar ends with 2026; import 2027 first" in told.err


def test_without_a_folder_of_ones_own_nothing_can_be_imported(
    vbp: Vbp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said in (None, ""):
        if said is not None:
            monkeypatch.setenv("VBP_CALENDARS", said)
        told = vbp("calendar", "import", "2027.csv")
        assert told.code == 2
        assert "VBP_CALENDARS names no folder: set it to one that the workers" in told.err


def test_a_folder_that_cannot_be_written_is_named(vbp: Vbp, own: Path) -> None:
    own.parent.write_text("a file stands in the way")
    told = vbp("calendar", "import", "2027.csv")
    assert told.code == 2
    assert f"{own / '2027.csv'} cannot be written: " in told.err


def test_a_year_that_nobody_knows_is_refused_with_those_that_are(vbp: Vbp) -> None:
    told = vbp("calendar", "show", "2031")
    assert told.code == 2
    assert "no year 2031; known are 2010 to 2026. Add it: vbp calendar import" in told.err


@pytest.mark.parametrize(
    "command",
    [
        ("replay", "events.ndjson", "--as-of", UNTIL),
        ("worker", "compliance"),
        ("serve", "compliance"),
        ("calendar", "show"),
    ],
    ids=lambda command: command[0],
)
def test_who_judges_reads_the_calendars_and_does_not_begin_without_them(
    vbp: Vbp, own: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "events.ndjson").touch()
    told = vbp(*command)
    assert told.code == 1
    assert f"vbp: {own} is no folder of calendars: create it" in told.err
    own.mkdir(parents=True)
    (own / "2027.csv").write_text(NEXT.replace("元旦", ""), "utf-8")
    told = vbp(*command)
    assert told.code == 1
    assert f"vbp: {own / '2027.csv'}, line 2: name '' is empty" in told.err


def test_the_doctor_says_until_when_working_days_are_known(vbp: Vbp, own: Path) -> None:
    assert f"BAD   the calendar of working days cannot be used: {own} is no" in vbp("doctor").out
    own.mkdir(parents=True)
    assert "working days are known until 2026-12-31" in vbp("doctor").out
    assert vbp("calendar", "import", "2027.csv").code == 0
    assert "working days are known until 2027-12-31" in vbp("doctor").out
