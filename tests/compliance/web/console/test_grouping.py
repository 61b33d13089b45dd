"""A list leads to the same by case and by party, and to nothing that would show more."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.answers.case_listing import CasesAsked
from services.compliance.answers.filters import Asked
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.storage import violations as kept
from services.compliance.web.console.grouping import Group, groups
from shared.adapters.postgres import Connection
from tests.support.kept import TOLD, a_violation
from tests.support.pages import page_of


def led(*asked: tuple[str, str]) -> dict[str, str]:
    return dict(groups(asked))


def test_without_filters_both_are_there() -> None:
    assert list(groups([])) == [Group("case", "/cases"), Group("party", "/parties")]
    assert led(("page_size", "20"), ("page_token", "x")) == led()


def test_what_a_page_can_be_asked_is_asked_of_it() -> None:
    where, who = ("jurisdiction", "cn-sx"), ("accused_role", "distributor")
    assert led(where, who) == {
        "case": "/cases?accused_role=distributor&jurisdiction=cn-sx",
        "party": "/parties?jurisdiction=cn-sx&role=distributor",
    }
    assert led(where, ("rule", "late-delivery"), ("month", "2022-05"), ("status", "open")) == {
        "case": "/cases?jurisdiction=cn-sx&month=2022-05&rule=late-delivery"
    }


@pytest.mark.parametrize(
    "asked",
    [
        [("rule", "late-delivery"), ("rule", "late-response")],
        [("status", "withdrawn")],
        [("severity", "warning")],
        [("product", "P1")],
        [("review", "new")],
        [("assignee", "person:liwj")],
        [("as_of", "2022-05-01T00:00:00Z")],
    ],
)
def test_a_list_that_neither_can_be_asked_as_leads_to_none(asked: list[tuple[str, str]]) -> None:
    assert led(*asked, ("jurisdiction", "cn-sx")) == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(Asked.model_fields)),
            st.sampled_from(["open", "closed", "withdrawn", "breach", "warning", "true", "x"]),
        )
    )
)
def test_no_filter_is_lost_but_what_the_page_tells_apart(asked: list[tuple[str, str]]) -> None:
    apart = {("status", "open"), ("status", "closed"), ("severity", "breach")}
    apart |= {("exempt", "false"), ("exempt", "true")}
    for by, address in groups(asked):
        told = parse_qs(urlsplit(address).query)
        assert all(len(values) == 1 for values in told.values())
        kept = {(name, value) for name, (value,) in told.items()}
        wanted = {one for one in asked if one[0] not in {"page_size", "page_token"}} - apart
        assert {(name.removeprefix("accused_"), value) for name, value in wanted} == {
            (name.removeprefix("accused_"), value) for name, value in kept
        }
        assert by == "party" or told.keys() <= CasesAsked.model_fields.keys()


@pytest.mark.integration
async def test_a_list_is_found_again_by_case_and_by_party(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    found = [a_violation(1), a_violation(2, rule="late-delivery", distributor="D2")]
    accused = (Accused("distributor", str(one.distributor)) for one in found)
    told = zip(found, accused, strict=True)
    await kept.tell(
        connection, [Change("opened", one.id, TOLD, one, (), accused=who) for one, who in told]
    )
    page = page_of(await api.get("/violations?jurisdiction=cn-sx&rule=late-delivery&status=open"))
    (by_case,) = (link for link in page.links if link.startswith("/cases?"))
    assert not [link for link in page.links if link.startswith("/parties?")]
    cases = page_of(await api.get(by_case))
    assert sum(link.startswith("/cases/") for link in cases.links) == 1
    page = page_of(await api.get("/violations?jurisdiction=cn-sx&accused_role=distributor"))
    (by_party,) = (link for link in page.links if link.startswith("/parties?"))
    parties = page_of(await api.get(by_party))
    assert {link for link in parties.links if link.startswith("/parties/")} == {
        f"/parties/distributor/{code}?jurisdiction=cn-sx" for code in ("D1", "D2")
    }
