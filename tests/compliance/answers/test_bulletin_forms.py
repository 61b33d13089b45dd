"""A bulletin as people take it away: HTML, CSV, XLSX, with whatever names it holds."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from services.compliance.answers import bulletin_forms as forms
from services.compliance.answers.bulletin import Bulletin, Issue, Shown, differences
from services.compliance.answers.bulletin_sheets import Sheet

MADE = datetime(2022, 6, 1, tzinfo=UTC)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
CELLS = st.none() | NAMES | st.integers(-(10**15), 10**15) | st.floats(-9, 9, width=32)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def a_bulletin(*rows: list[object], name: str = "areas") -> Bulletin:
    """A bulletin of one sheet, whose second column is a share."""
    shown = [list(row) for row in rows]
    sheet = Sheet(name, "完成情况", ["编码 code", "完成率"], shown, [1])  # type: ignore[arg-type]
    return Bulletin("cn-sx", "2022-05", MADE, [sheet])


class Texts(HTMLParser):
    """The texts of the cells of a page, and every tag that it opens."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self._in_cell = False
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self._in_cell = tag == "td"
        if self._in_cell:
            self.cells.append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag != "td"

    @override
    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data


@given(st.lists(st.tuples(NAMES, CELLS), max_size=6))
def test_every_row_is_on_the_page_and_no_name_becomes_a_tag(rows: list[tuple[str, object]]) -> None:
    page = Texts(forms.html(Shown(a_bulletin(*map(list, rows)))))
    assert page.cells[::2] == [name for name, _ in rows]
    known = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p"}
    assert page.tags <= known | {"table", "thead", "tbody", "tr", "th", "td"}


def test_a_page_prints_on_a4_and_says_that_it_is_a_draft() -> None:
    page = forms.html(Shown(a_bulletin(["1401", 0.5])))
    assert "size: A4" in page
    assert "草稿" in page
    assert "50.0 %" in page


def test_an_issued_one_says_by_whom_and_what_has_changed_since() -> None:
    then, now = a_bulletin(["1401", 0.5], ["1402", 0.1]), a_bulletin(["1401", 0.75], ["1403", 1])
    since = differences(then, now)
    assert [(one.row, one.then, one.now) for one in since] == [
        ("1401", 0.5, 0.75),
        ("1402", 0.1, None),
        ("1403", None, 1),
    ]
    page = forms.html(Shown(then, Issue(MADE, "张三"), since))
    assert "张三" in page
    assert {"0.5", "0.75"} <= set(Texts(page).cells)


def test_who_is_told_by_a_code_is_called_by_name_in_every_form() -> None:
    sheet = a_bulletin(["H1", 0.5], ["H2", 0.1]).sheets[0]
    (sheet,) = [msgspec.structs.replace(sheet, names={0: {"H1": "太原市第一医院"}})]
    then = Bulletin("cn-sx", "2022-05", MADE, [sheet])
    shown = Shown(then, Issue(MADE, "张三"), differences(then, a_bulletin(["H1", 0.75])))
    page = Texts(forms.html(shown)).cells
    assert [page[0], page[2], page[5]] == ["太原市第一医院（H1）", "H2", "太原市第一医院（H1）"]
    lines = list(csv.reader(io.StringIO(forms.csv_text(shown))))
    assert [line[1] for line in lines] == [
        *("编码 code", "太原市第一医院（H1）", "H2"),
        *("行 row", "太原市第一医院（H1）", "H2"),
    ]
    with zipfile.ZipFile(io.BytesIO(forms.xlsx(shown))) as book:
        for number in (1, 2):
            written = book.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert "太原市第一医院（H1）" in written
    assert [(one.row, one.then, one.now) for one in shown.since][:1] == [("H1", 0.5, 0.75)]


@given(st.lists(st.tuples(NAMES, CELLS), max_size=6))
def test_a_spreadsheet_takes_no_name_for_a_formula(rows: list[tuple[str, object]]) -> None:
    text = forms.csv_text(Shown(a_bulletin(*map(list, rows))))
    read = list(csv.reader(io.StringIO(text)))
    assert len(read) == len(rows) + 1
    for (name, _), line in zip(rows, read[1:], strict=True):
        assert line[1] in {name, f"'{name}"}
        assert not line[1].startswith(("=", "+", "-", "@"))


@given(st.lists(st.tuples(NAMES, CELLS), max_size=6))
def test_a_workbook_is_well_formed_and_keeps_numbers_as_numbers(
    rows: list[tuple[str, object]],
) -> None:
    shown = Shown(a_bulletin(*map(list, rows)), Issue(MADE, "张三"))
    with zipfile.ZipFile(io.BytesIO(forms.xlsx(shown))) as book:
        assert book.testzip() is None
        parts = {name: ET.fromstring(book.read(name)) for name in book.namelist()}  # noqa: S314
    sheets = [sheet.get("name") for sheet in parts["xl/workbook.xml"].iter(f"{MAIN}sheet")]
    assert sheets == ["areas", "since"]
    read = list(parts["xl/worksheets/sheet1.xml"].iter(f"{MAIN}row"))[1:]
    assert len(read) == len(rows)
    for (_, cell), row in zip(rows, read, strict=True):
        value = row[1].find(f"{MAIN}v")
        if isinstance(cell, int | float):
            assert value is not None
            assert float(value.text or "") == float(cell)
        else:
            assert value is None


def test_sums_have_their_thousands_apart_on_pages_and_are_as_told_in_tables() -> None:
    sheet = Sheet("areas", "完成情况", ["编码", "金额"], [["1401", "1234567.80"]], money=[1])
    shown = Shown(Bulletin("cn-sx", "2022-05", MADE, [sheet]))
    assert Texts(forms.html(shown)).cells[:2] == ["1401", "1,234,567.80"]
    assert "areas,1401,1234567.80" in forms.csv_text(shown)
