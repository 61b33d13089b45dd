"""Coverage at an instant: pair by pair what the register says, and the violations that tell it."""

from typing import Any

import httpx
import pytest

from tests.support.events import an_event, instant
from tests.support.kept import an_api, problem, read
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

NOW = "2022-06-01T00:01:00+08:00"
CAP = 5

REGISTER = [
    *(an_event("product.selected", product=code) for code in ("P1", "P2", "P3")),
    an_event("product.selected", product="P4", category="consumable", manufacturer="M4"),
    *(an_event("hospital.enrolled", hospital=f"H{n}", area="1401") for n in (1, 2, 3)),
    an_event("hospital.enrolled", hospital="H4", area="1402"),
    *(
        an_event(
            "agreement.signed", agreement=f"{hospital}{product}", hospital=hospital, product=product
        )
        for hospital in ("H1", "H2", "H3", "H4", "H9")
        for product in ("P1", "P2", "P3")
        if (hospital, product) != ("H3", "P3")
    ),
    an_event("agreement.signed", agreement="late", hospital="H1", product="P4", start="2022-05-25"),
    an_event("agreement.signed", agreement="unknown", hospital="H1", product="P0"),
    # P1: the whole of 1401, one more than the cap. P2: one hospital alone, and one that is over.
    *(
        an_event("distributor.appointed", appointment=f"P1-{n}", distributor=f"D{n}")
        for n in range(CAP + 1)
    ),
    an_event("distributor.appointed", appointment="P2-1", product="P2", hospitals=["H1"]),
    an_event(
        "distributor.appointed",
        appointment="P2-2",
        product="P2",
        distributor="D2",
        hospitals=["H2"],
        end="2022-04-01",
    ),
    an_event(
        "distributor.appointed",
        appointment="P2-3",
        product="P2",
        area="1402",
        distributor="D3",
    ),
    an_event(
        "distributor.released", appointment="P2-3", product="P2", area="1402", end="2022-03-01"
    ),
    an_event(
        "exemption.granted",
        exemption="X1",
        rule="coverage-gap",
        hospital="H2",
        start="2022-01-01",
        end="2023-01-01",
    ),
]

EXPECTED = {
    **{(hospital, "P1"): ("covered", CAP + 1, None) for hospital in ("H1", "H2", "H3")},
    ("H4", "P1"): ("gap", 0, "never"),
    ("H1", "P2"): ("covered", 1, None),
    ("H2", "P2"): ("exempt", 0, "expired"),
    ("H3", "P2"): ("gap", 0, "not-named"),
    ("H4", "P2"): ("gap", 0, "released"),
    ("H1", "P3"): ("gap", 0, "never"),
    ("H2", "P3"): ("exempt", 0, "never"),
    ("H4", "P3"): ("gap", 0, "never"),
    ("H1", "P4"): ("gap", 0, "never"),
    ("H1", "P0"): ("unjudged", 0, None),
    **{("H9", product): ("unjudged", 0, None) for product in ("P1", "P2", "P3")},
}
"""By hospital and product: the state, how many may deliver, why nobody may."""


async def told(desk: WorkerOnDatabase) -> None:
    await desk.handle(*REGISTER)
    await desk.sweep()


async def asked(api: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = read(await api.get("/v1/coverage", params={"at": NOW} | query))
    return found


def states(found: dict[str, Any]) -> dict[tuple[str, str], tuple[str, int, str | None]]:
    why = {(gap["hospital"], gap["product"]): gap["reason"] for gap in found["gaps"]}
    return {
        (pair["hospital"], pair["product"]): (
            pair["state"],
            pair["distributors"],
            why.get((pair["hospital"], pair["product"])),
        )
        for pair in found["pairs"]
    }


async def test_each_pair_is_what_the_register_says_and_each_gap_the_violation_that_tells_it(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    async with an_api(database) as api:
        by_area = [await asked(api, area=area) for area in ("1401", "1402")]
        by_product = [await asked(api, product=code) for code in ("P0", "P1", "P2", "P3", "P4")]
        query = {"rule": "coverage-gap", "status": "open", "page_size": "100"}
        listed = read(await api.get("/v1/violations", params=query))["items"]
        over = {"rule": ["distributor-cap"], "status": ["open"]}
        capped = read(await api.get("/v1/violations", params=over))["items"]

    enrolled = {pair: held for pair, held in EXPECTED.items() if pair[0] != "H9"}
    without_p4 = {pair: held for found in by_area for pair, held in states(found).items()}
    assert without_p4 == enrolled
    assert {p: held for found in by_product for p, held in states(found).items()} == EXPECTED
    gaps = [gap for found in by_product for gap in found["gaps"]]
    assert {gap["violation"] for gap in gaps} == {item["id"] for item in listed}
    assert {item["id"]: item["exempt"] for item in listed} == {
        gap["violation"]: gap["exempt"] for gap in gaps
    }
    assert {gap["since"] for gap in gaps} == {item["occurred_at"] for item in listed}
    above = {
        (one["product"], one["area"])
        for found in by_product
        for one in found["appointed"]
        if one["over"]
    }
    assert above == {(item["product"], item["area"]) for item in capped} == {("P1", "1401")}
    assert by_area[0]["totals"] == {
        name: sum(held[0] == name for pair, held in states(by_area[0]).items())
        for name in ("covered", "gap", "exempt", "grace", "unjudged")
    }


async def test_other_instants_and_categories_have_other_pairs(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    async with an_api(database) as api:
        consumables = await asked(api, area="1401", category="consumable")
        before = await asked(api, area="1402", at="2022-02-15T00:00:00Z")
        long_ago = await asked(api, area="1402", at="2020-01-01T00:00:00Z")
        only_gaps = await asked(api, area="1401", gaps="true")

    assert list(states(consumables)) == [("H1", "P4")]
    assert states(before)["H4", "P2"] == ("covered", 1, None)
    assert states(long_ago) == {}
    assert "P1" not in {product for _, product in states(only_gaps)}
    assert only_gaps["totals"]["covered"] > sum(
        held[0] == "covered" for held in states(only_gaps).values()
    )


async def test_the_page_shows_the_same_and_what_cannot_be_asked_is_said(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    async with an_api(database) as api:
        page = await api.get("/coverage?area=1401&at=2022-06-01")
        first = await api.get("/coverage")
        wrong = await api.get("/coverage?area=1401&at=neulich")
        problem(await api.get("/v1/coverage"), 400)
        problem(await api.get("/v1/coverage?area=1&product=P1"), 400)
        problem(await api.get("/v1/coverage?area=1&jurisdiction=xx"), 404)
        naive = await api.get("/v1/coverage?area=1&at=2022-06-01T00:00:00")

    assert page.status_code == first.status_code == 200
    assert page.text.count('<td class="gap">') == 3
    assert page.text.count('<td class="ex">') == 2
    assert f'<td class="over">{CAP + 1}</td>' in page.text
    assert "配送关系未列此机构" in page.text
    assert (wrong.status_code, naive.status_code) == (422, 422)


async def test_a_gap_that_is_no_violation_yet_says_why(
    desk: WorkerOnDatabase, database: str
) -> None:
    await told(desk)
    position = "UPDATE compliance.position SET heard_until = $1"
    async with an_api(database) as api:

        async def waits(at: str = NOW) -> set[str | None]:
            found = read(await api.get("/v1/coverage", params={"product": "P1", "at": at}))
            assert all((gap["violation"] is None) == bool(gap["waits"]) for gap in found["gaps"])
            return {gap["waits"] for gap in found["gaps"]}

        assert await waits() == {None}
        await desk.connection.execute(
            "UPDATE compliance.violation SET status = 'withdrawn' WHERE rule = 'coverage-gap'"
        )
        await desk.connection.execute(position, instant("2022-06-01 00:00:00"))
        assert await waits() == {"judging"}
        await desk.connection.execute(position, instant("2021-06-01 00:00:00"))
        assert await waits() == {"hearing"}
        page = await api.get("/coverage?product=P1&at=2022-06-01")
    assert "待数据收齐后判定" in page.text
