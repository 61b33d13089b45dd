"""The table of working days: what is shipped, what may stand beside it, what is refused."""

from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.law.working_days import Calendar
from services.compliance.policies import policy
from services.compliance.policies.calendar import SHIPPED, Table, Year, load, read
from shared.domain.errors import SetupError

HEADING = "day,kind,name,notice,published_on"
NEW_YEAR = "2027-01-01,holiday,元旦,国办发明电〔2026〕0号,2026-11-30"
TABLE = load()
DAYS = [
    date(2010, 1, 1) + timedelta(days=number)
    for number in range((date(2027, 1, 1) - date(2010, 1, 1)).days)
]


def written(folder: Path, *lines: str, name: str = "2027.csv", heading: str = HEADING) -> Path:
    path = folder / name
    path.write_text("\n".join((heading, *lines)) + "\n", "utf-8")
    return path


def test_every_day_from_2010_to_2026_is_worked_as_two_independent_libraries_have_it() -> None:
    calendar = Calendar(TABLE)
    other = holidays.country_holidays("CN", years=range(2010, 2027))
    ours = {day: calendar.is_working_day(day) for day in DAYS}
    assert ours == {day: chinese_calendar.is_workday(day) for day in DAYS}
    assert ours == {day: other.is_working_day(day) for day in DAYS}


def test_the_years_from_2010_to_2026_are_shipped() -> None:
    assert list(TABLE.years) == list(range(2010, 2027))
    assert {held.file.parent for held in TABLE.years.values()} == {SHIPPED}


@pytest.mark.parametrize(
    ("day", "kind", "notice"),
    [
        ("2011-12-31", "workday", "国办发明电〔2011〕45号"),
        ("2015-09-03", "holiday", "国发明电〔2015〕1号"),
        ("2015-09-06", "workday", "国发明电〔2015〕1号"),
        ("2018-12-31", "holiday", "国办发明电〔2018〕15号"),
        ("2019-05-03", "holiday", "国办发明电〔2019〕3号"),
        ("2020-01-30", "holiday", "国办发明电〔2019〕16号"),
        ("2020-01-31", "holiday", "国办发明电〔2020〕1号"),
        ("2020-02-01", "holiday", "国办发明电〔2020〕1号"),
        ("2020-02-02", "holiday", "国办发明电〔2020〕1号"),
        ("2022-12-31", "holiday", "国办发明电〔2022〕16号"),
        ("2026-02-28", "workday", "国办发明电〔2025〕7号"),
    ],
)
def test_a_day_carries_the_notice_that_holds_for_it(day: str, kind: str, notice: str) -> None:
    wanted = date.fromisoformat(day)
    (line,) = (line for line in TABLE.years[wanted.year].lines if line.day == wanted)
    assert (line.kind, line.notice) == (kind, notice)


def test_a_notice_is_published_on_one_day_before_the_days_it_names_end() -> None:
    lines = [line for held in TABLE.years.values() for line in held.lines]
    published = {(line.notice, line.published_on) for line in lines}
    assert Counter(notice for notice, _ in published).most_common(1)[0][1] == 1
    assert len(published) == 20
    assert all(line.published_on < line.day for line in lines)


def test_an_own_year_goes_before_the_shipped_one_and_stands_beside_the_others(
    tmp_path: Path,
) -> None:
    written(tmp_path, NEW_YEAR)
    assert list(load(tmp_path).years) == list(range(2010, 2028))
    written(tmp_path, "2026-01-01,holiday,元旦,改,2026-01-01", name="2026.csv")
    held = load(tmp_path).years
    assert len(held[2026].lines) == 1
    assert held[2025] == TABLE.years[2025]


def test_comments_empty_lines_and_the_mark_of_a_spreadsheet_are_passed(tmp_path: Path) -> None:
    path = tmp_path / "2027.csv"
    path.write_bytes(f"# 2027\r\n{HEADING}\r\n\r\n,,,,\r\n{NEW_YEAR}\r\n".encode("utf-8-sig"))
    (line,) = read(path).lines
    assert (line.day, line.name) == (date(2027, 1, 1), "元旦")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["2026-12-31,holiday,元旦,X,2026-11-30"], "line 2: day '2026-12-31' does not lie in 2027"),
        ([NEW_YEAR, "", NEW_YEAR], "line 4: day '2027-01-01' stands here twice"),
        (["2027-01-04,workday,元旦,X,2026-11-30"], "kind 'workday' is for a Saturday or Sunday"),
        (["2027-01-04,workday,元旦,X,2026-11-30"], "2027-01-04 is a Monday"),
        (["2027-01-01,off,元旦,X,2026-11-30"], "kind 'off' is neither holiday nor workday"),
        (["2027-02-29,holiday,元旦,X,2026-11-30"], "day '2027-02-29' is no date; write it as"),
        (["2027/1/1,holiday,元旦,X,2026-11-30"], "day '2027/1/1' is no date"),
        (["20270101,holiday,元旦,X,2026-11-30"], "day '20270101' is no date"),
        (["2027-01-01,holiday,元旦,X,soon"], "published_on 'soon' is no date"),
        (["2027-01-01,holiday,元旦,,2026-11-30"], "notice '' is empty; copy it from the notice"),
        (["2027-01-01,holiday, ,X,2026-11-30"], "name '' is empty"),
        (["2027-01-01,holiday,元旦,X"], "has 4 fields, not 5: day, kind, name, notice, published"),
        ([], "holds no day"),
    ],
)
def test_a_wrong_line_is_refused_with_its_field_and_a_remedy(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    with pytest.raises(SetupError) as refused:
        read(written(tmp_path, *lines))
    assert str(refused.value).startswith(f"{tmp_path / '2027.csv'}")
    assert said in str(refused.value)


def test_a_file_of_another_form_name_or_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"line 1: the heading must be day,kind,name,notice,"):
        read(written(tmp_path, NEW_YEAR, heading="date,kind"))
    with pytest.raises(SetupError, match="the heading must be day,kind"):
        read(written(tmp_path, heading=""))
    with pytest.raises(SetupError, match=r"name the file after its year, such as 2027\.csv"):
        read(written(tmp_path, NEW_YEAR, name="next.csv"))
    (tmp_path / "2027.csv").write_bytes(f"{HEADING}\n{NEW_YEAR}\n".encode("gb18030"))
    with pytest.raises(SetupError, match=r"is not UTF-8 .*; save it as CSV UTF-8"):
        read(tmp_path / "2027.csv")
    with pytest.raises(SetupError, match=r"2028\.csv cannot be read: No such file"):
        read(tmp_path / "2028.csv")


@given(content=st.binary() | st.text().map(lambda text: f"{HEADING}\n{text}".encode()))
def test_whatever_a_file_holds_it_is_read_or_refused(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "2027.csv"
    path.write_bytes(content)
    with suppress(SetupError):
        assert read(path).lines


def test_a_gap_between_years_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "2028-01-01,holiday,元旦,X,2027-11-30", name="2028.csv")
    with pytest.raises(SetupError, match=r"2028\.csv: the calendar ends with 2026; import 2027"):
        load(tmp_path)


def test_a_folder_that_is_not_there_is_refused_for_it_would_change_the_law(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="absent is no folder of calendars: create it"):
        load(tmp_path / "absent")


def test_a_changed_table_is_changed_law(tmp_path: Path) -> None:
    before = policy.load()
    path = written(tmp_path, NEW_YEAR)
    after = policy.load(calendars=tmp_path)
    assert before.jurisdictions
    for jurisdiction in before.jurisdictions:
        assert before.digest(jurisdiction) != after.digest(jurisdiction)
    path.write_text(f"# A comment is none.\n{path.read_text('utf-8')}", "utf-8")
    assert policy.load(calendars=tmp_path).table.digest == after.table.digest
    path.write_text(path.read_text("utf-8").replace("2026-11-30", "2026-12-01"), "utf-8")
    assert policy.load(calendars=tmp_path).table.digest != after.table.digest


def test_a_policy_that_stands_in_for_all_keeps_the_working_days() -> None:
    known = policy.load()
    assert known.instead("scms").table is known.table


def test_the_days_left_are_counted_to_the_last_day_held_and_below_nought() -> None:
    assert TABLE.days_left(date(2026, 12, 31)) == 0
    assert TABLE.days_left(date(2026, 11, 1)) == 60
    assert TABLE.days_left(date(2027, 1, 1)) == -1
    assert Table().days_left(date(2026, 11, 1)) == 0


def test_the_order_in_which_years_are_given_does_not_matter() -> None:
    turned = Table(reversed(TABLE.years.values()))
    assert list(turned.years) == list(TABLE.years)
    assert turned.digest == TABLE.digest
    assert Table().digest == ""
    assert Table([Year(2027, (), Path())]).digest != ""
