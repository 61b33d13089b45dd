"""What is shown of a party, and drawn."""

import httpx
import pytest

from services.compliance.web.console.parties import punctuality
from tests.support.pages import page_of

MONTHS = ["2022-03", "2022-04", "2022-05"]


def card(month: str, due: int, share: float | None) -> dict[str, object]:
    return {"code": month, "punctuality": {"due": due, "share": share}}


def test_a_line_is_drawn_from_the_lowest_tenth_to_all_and_interrupted_where_nothing_fell_due() -> (
    None
):
    own = [card("2022-03", 4, 0.75), card("2022-05", 8, 1.0)]
    drawn = punctuality(MONTHS, own, [card(month, 100, 0.9) for month in MONTHS])
    assert drawn.lowest == 70
    assert drawn.own == "M50 100.0h8M250 0.0h8"
    assert drawn.all == "M50 40.0h8L150 40.0L250 40.0"
    assert drawn.rows == [
        ("2022-03", 4, 0.75, 0.9),
        ("2022-04", 0, None, 0.9),
        ("2022-05", 8, 1.0, 0.9),
    ]


def test_shares_that_are_all_high_are_drawn_from_nine_tenths_on() -> None:
    drawn = punctuality(MONTHS, [card("2022-04", 1, 1.0)], [])
    assert (drawn.lowest, drawn.own, drawn.all) == (90, "M150 0.0h8", "")


def test_a_month_in_which_nothing_came_is_drawn_at_the_bottom() -> None:
    drawn = punctuality(MONTHS, [card("2022-04", 1, 0.0)], [])
    assert (drawn.lowest, drawn.own) == (0, "M150 120.0h8")


@pytest.mark.integration
async def test_a_party_is_shown_with_its_cases_and_what_of_it_can_be_taken_along(
    address: str,
) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60) as api:
        page = page_of(await api.get("/parties/distributor/D01"))
        own = {one["id"] for one in (await api.get("/v1/cases?accused=D01")).json()["items"]}
        shown = {link.removeprefix("/cases/") for link in page.links if "/cases/" in link}
        assert shown == own != set()
        taken = [link for link in page.links if link.startswith("/v1/violations.")]
        assert len(taken) == 3
        answers = [await api.get(link) for link in taken]
    assert {answer.status_code for answer in answers} == {200}
