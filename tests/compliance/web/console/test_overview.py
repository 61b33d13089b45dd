"""The matrix of a page stays small, and every area is on one."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.answers.denominators import Cell, Matrix, MatrixAsked, MatrixRow
from services.compliance.rules import RULES
from services.compliance.web.console.overview import CELLS_SHOWN, stretch_of
from shared.adapters.postgres import Connection
from tests.support.pages import page_of

ASKED = MatrixAsked("cn-sx")


def a_matrix(found: list[int], rules: int, *, rest: tuple[str, ...] = ()) -> Matrix:
    names = [f"rule-{number}" for number in range(rules)]
    cell = Cell("clean", 0, 1, 0, {})
    rows = [
        MatrixRow(area, dict.fromkeys(names, cell), number)
        for area, number in [
            *((f"14{at:04}", number) for at, number in enumerate(found)),
            *((area, 5) for area in rest),
        ]
    ]
    return Matrix("cn-sx", "open", "2022-01", "2022-12", names, rows)


@given(
    st.lists(st.integers(0, 50), max_size=120),
    st.integers(0, 40),
    st.sampled_from([(), ("",), ("other", "")]),
)
def test_its_stretches_are_small_and_have_each_area_once_those_with_most_first(
    found: list[int], rules: int, rest: tuple[str, ...]
) -> None:
    matrix = a_matrix(found, rules, rest=rest)
    seen: list[MatrixRow] = []
    told: str | None = ""
    while told is not None:
        stretch = stretch_of(matrix, ASKED, told)
        assert len(stretch.rows) * rules <= max(CELLS_SHOWN, 3 * rules)
        areas = [row for row in stretch.rows if row.area not in {"", "other"}]
        assert {row.area for row in stretch.rows} >= set(rest)
        assert (stretch.first, stretch.last) == (len(seen) + 1, len(seen) + len(areas))
        seen += areas
        later = stretch.later
        told = None if later is None else parse_qs(urlsplit(later).query)["stretch"][0]
    assert stretch.of == len(found)
    assert sorted(row.area for row in seen) == [f"14{at:04}" for at in range(len(found))]
    numbers = [row.found for row in seen]
    if len(matrix.rows) * rules > CELLS_SHOWN:
        assert numbers == sorted(numbers, reverse=True)
    else:
        assert numbers == found


@given(st.text() | st.sampled_from(["0", "-1", "999", "9" * 5_000, "２"]))
def test_a_stretch_that_there_is_not_is_the_nearest_that_there_is(told: str) -> None:
    stretch = stretch_of(a_matrix([1] * 60, 30), ASKED, told)
    assert stretch.rows
    assert 1 <= stretch.first <= stretch.last <= 60


@pytest.mark.integration
async def test_a_jurisdiction_of_many_areas_has_a_page_of_sixty_kilobytes_at_most(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await connection.execute(
        "INSERT INTO compliance.enrolled_area "
        "SELECT 'cn-sx', (140100 + n)::text FROM generate_series(0, 59) AS n"
    )
    await connection.execute(
        "INSERT INTO compliance.open_count (jurisdiction, rule, severity, area, exempt, count) "
        "SELECT 'cn-sx', rule, 'breach', area, false, 1000 FROM compliance.enrolled_area, "
        "unnest($1::text[]) AS rule",
        [rule.name for rule in RULES],
    )
    this_month = f"{datetime.now(UTC):%Y-%m}"
    await connection.execute(
        "INSERT INTO compliance.accused_count (jurisdiction, role, party, month, area, rule, "
        "severity, status, exempt, count) SELECT jurisdiction, 'distributor', 'D01', $1, area, "
        "rule, severity, 'open', exempt, 104000 FROM compliance.open_count",
        this_month,
    )
    await connection.execute(
        "INSERT INTO compliance.judged_count "
        "(jurisdiction, role, party, month, area, rules, judged, count) "
        "SELECT jurisdiction, 'distributor', 'D01', $1, area, rule, true, 4104000 "
        "FROM compliance.open_count",
        this_month,
    )
    seen: set[str] = set()
    for number in range(1, 20):
        for show in ("open", "year"):
            whole = await api.get(f"/?jurisdiction=cn-sx&show={show}&stretch={number}")
            assert len(whole.content) <= 60_000
        page = page_of(await api.get(f"/?jurisdiction=cn-sx&stretch={number}"))
        cells = [parse_qs(urlsplit(link).query) for link in page.links if "&area=" in link]
        seen |= {one["area"][0] for one in cells}
        if not any(f"stretch={number + 1}" in link for link in page.links):
            break
    assert len(seen) == 60
    assert number > 1
