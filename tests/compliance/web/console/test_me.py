"""Saved views: lists of this console by names of one's own, which nobody else sees."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from html import unescape
from random import Random
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.answers.filters import Asked
from services.compliance.settings import Settings
from services.compliance.storage.views import MOST_OF_ONE
from services.compliance.web.app import create_app
from services.compliance.web.console.views import (
    LONGEST_NAME,
    LONGEST_URL,
    SHOWN,
    ViewError,
    address_of,
    check_name,
)
from services.compliance.web.console.wording import VIEW_FAULTS
from shared.adapters.postgres import Connection
from shared.domain.principal import Party, Role
from tests.support.kept import NOBODY, POLICIES, a_violation, an_api, tell
from tests.support.keys import a_key, bearer
from tests.support.pages import page_of

FILTERS = st.lists(
    st.tuples(st.sampled_from([*Asked.model_fields, "lang", "x"]), st.text(max_size=20)),
    max_size=8,
)


@given(FILTERS, st.randoms())
def test_a_view_is_one_address_in_whatever_order_its_list_was_asked(
    filters: list[tuple[str, str]], random: Random
) -> None:
    url = address_of("/violations", urlencode(filters))
    path, query = urlsplit(url).path, urlsplit(url).query
    assert path == "/violations"
    kept = {(n, v) for n, v in filters if v and n not in {"lang", "x", "page_token"}}
    asked = parse_qsl(query)
    assert (set(asked), len(asked)) == (kept, len(kept))
    random.shuffle(filters)
    assert address_of("/violations", urlencode(filters)) == url
    assert address_of("/violations", query) == url


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/violations",
        "//elsewhere.example/violations",
        "/violations/",
        "/violations?rule=x",
        "/go/alert",
        "javascript:alert(1)",
        "",
    ],
)
def test_nothing_but_a_list_of_ours_is_a_view(path: str) -> None:
    with pytest.raises(ViewError):
        address_of(path, "rule=late-delivery")


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("", "name-empty"),
        (" \u3000", "name-empty"),
        ("名" * (LONGEST_NAME + 1), "name-long"),
        ("a\nb", "name-odd"),
        ("a\x00", "name-odd"),
        ("gpj\u202eexe", "name-odd"),
        ("a\u2028b", "name-odd"),
    ],
)
def test_a_name_is_short_and_shows_what_was_typed(told: str, kind: str) -> None:
    with pytest.raises(ViewError) as refused:
        check_name(told)
    assert refused.value.kind == kind


def test_spaces_around_a_name_are_not_of_it() -> None:
    assert check_name(" 晋中 本月\u3000") == "晋中 本月"
    assert check_name("名" * LONGEST_NAME) == "名" * LONGEST_NAME


def test_what_is_refused_is_told_with_the_bounds_that_hold() -> None:
    assert str(MOST_OF_ONE) in VIEW_FAULTS["too-many"]
    assert str(LONGEST_NAME) in VIEW_FAULTS["name-long"]
    assert str(LONGEST_URL) in VIEW_FAULTS["address-long"]


VIEW = {"act": "save", "list": "/violations", "name": "晋中 <本月>"}
LIST = "/violations?status=open&rule=late-response&lang=zh"
URL = "/violations?rule=late-response&status=open"


def fields(page: httpx.Response) -> Mapping[str, str]:
    """What the form by which a list is saved holds."""
    (form,) = re.findall(r'<form[^>]* action="/me/views".*?</form>', page.text)
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


async def views(api: httpx.AsyncClient, at: str = "/me", **headers: str) -> list[str]:
    """The addresses of the views that a page shows."""
    page = page_of(await api.get(at, headers=headers))
    listed = [link for link in page.links if re.match("/(violations|cases)[?]", link)]
    return [link for link in listed if "jurisdiction=" not in link]


@pytest.mark.integration
async def test_a_list_is_saved_found_again_replaced_and_deleted_by_forms(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation()])
    assert await views(api) == []
    form = {**fields(await api.get(LIST)), **VIEW}
    saved = await api.post("/me/views", data=form)
    assert (saved.status_code, saved.headers["location"]) == (303, "/me#views")
    assert await views(api) == await views(api, "/") == [URL]
    me = await api.get("/me")
    assert (
        '<a href="/violations?rule=late-response&amp;status=open">晋中 &lt;本月&gt;</a>' in me.text
    )

    other = {**fields(await api.get("/cases?overdue=true&lang=zh")), "act": "save", "name": "逾期"}
    assert (await api.post("/me/views", data=other)).status_code == 303
    assert set(await views(api)) == {URL, "/cases?overdue=true"}
    moved = form | {"query": "severity=breach", "name": " 逾期 "}
    assert (await api.post("/me/views", data=moved)).status_code == 303
    assert set(await views(api)) == {URL, "/violations?severity=breach"}

    gone = {"token": form["token"], "act": "forget", "name": VIEW["name"]}
    assert (await api.post("/me/views", data=gone)).status_code == 303
    assert (await api.post("/me/views", data=gone)).status_code == 303
    assert await views(api) == ["/violations?severity=breach"]


@pytest.mark.integration
async def test_a_list_without_filters_or_with_faulty_ones_has_nothing_to_save(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation()])
    for at in ("/violations", "/violations?rule=none", "/cases", "/cases?rule=none"):
        assert "/me/views" not in (await api.get(at)).text, at


@pytest.mark.integration
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_cannot_be_saved_is_told_with_its_value_and_a_remedy(
    api: httpx.AsyncClient, language: str
) -> None:
    api.headers["accept-language"] = language
    await api.get("/me")
    form = {**VIEW, "token": api.cookies["vbp-form"], "query": "", "name": "名" * 65}
    refused = page_of(await api.post("/me/views", data=form), 422)
    assert "名" * 60 in refused.text
    assert {"zh": "改短再保存", "en": "Shorten it"}[language] in refused.text
    foreign = form | {"name": "x", "list": "https://elsewhere.example/"}
    assert "elsewhere" in page_of(await api.post("/me/views", data=foreign), 422).text
    assert await views(api) == []


@pytest.mark.integration
async def test_a_form_that_no_page_of_ours_has_saves_nothing(api: httpx.AsyncClient) -> None:
    await api.get("/me")
    form = {**VIEW, "query": "severity=breach", "token": "another"}
    page_of(await api.post("/me/views", data=form), 403)
    elsewhere = {"origin": "https://elsewhere.example"}
    form["token"] = api.cookies["vbp-form"]
    page_of(await api.post("/me/views", data=form, headers=elsewhere), 403)
    assert await views(api) == []


@pytest.mark.integration
async def test_one_has_fifty_at_most_however_many_are_saved_at_once(
    api: httpx.AsyncClient,
) -> None:
    await api.get("/me")
    form = {**VIEW, "query": "severity=breach", "token": api.cookies["vbp-form"]}
    forms = [form | {"name": f"{n:02}"} for n in range(MOST_OF_ONE + 5)]
    answers = [await api.post("/me/views", data=one) for one in forms[:-9]]
    answers += await asyncio.gather(*(api.post("/me/views", data=one) for one in forms[-9:]))
    assert sorted(one.status_code for one in answers) == [303] * MOST_OF_ONE + [422] * 5
    assert "先删除一个" in next(one.text for one in answers if one.status_code == 422)
    assert (await api.post("/me/views", data=forms[0])).status_code == 303
    assert len(await views(api)) == MOST_OF_ONE
    overview = page_of(await api.get("/"))
    assert len(await views(api, "/")) == SHOWN
    assert "/me#views" in overview.links


@pytest_asyncio.fixture
async def asked(database: str, connection: Connection) -> AsyncIterator[httpx.AsyncClient]:
    """The console where everybody is asked who they are."""
    assert not connection.is_closed()
    app = create_app(Settings(database=database, identity="required"), POLICIES)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    async with app.router.lifespan_context(app), client:
        yield client


@pytest.mark.integration
async def test_nobody_sees_or_takes_away_anothers(
    asked: httpx.AsyncClient, database: str, connection: Connection
) -> None:
    hospital = [Party("hospital", "H7")]
    people = {
        "officer": bearer(await a_key(database, Role.OFFICER, holder="a")),
        "another": bearer(await a_key(database, Role.OFFICER, holder="b")),
        "of one place": bearer(
            await a_key(database, Role.REGULATOR, holder="c", jurisdictions=["cn-sx"])
        ),
        "party": bearer(await a_key(database, Role.PARTY, holder="d", parties=hospital)),
    }
    for n, headers in enumerate(people.values()):
        assert await views(asked, **headers) == []
        token = asked.cookies["vbp-form"]
        form = {**VIEW, "token": token, "query": f"product=P{n}"}
        assert (await asked.post("/me/views", data=form, headers=headers)).status_code == 303
        assert await views(asked, **headers) == [f"/violations?product=P{n}"]
    gone = {"token": token, "act": "forget", "name": VIEW["name"]}
    assert (await asked.post("/me/views", data=gone, headers=people["party"])).status_code == 303
    left = [await views(asked, **headers) for headers in people.values()]
    assert left == [[f"/violations?product=P{n}"] for n in range(3)] + [[]]

    rows = await connection.fetch("SELECT principal FROM compliance.saved_view")
    await connection.execute("SET ROLE vbp_reader")
    seen = "SELECT principal FROM compliance.saved_view"
    assert await connection.fetch(seen) == []
    for row in rows:
        await connection.execute("SELECT set_config('vbp.subject', $1, false)", row["principal"])
        assert await connection.fetch(seen) == [row]
    await connection.execute("RESET ROLE")


@pytest.mark.integration
async def test_who_sees_no_lists_saves_none(asked: httpx.AsyncClient, database: str) -> None:
    operator = bearer(await a_key(database, Role.OPERATOR, holder="o"))
    await asked.get("/me", headers=operator)
    form = {**VIEW, "query": "", "token": asked.cookies["vbp-form"]}
    refused = await asked.post("/me/views", data=form, headers=operator)
    assert refused.status_code == 403


async def test_one_is_told_who_one_is_while_the_database_is_away() -> None:
    async with an_api(NOBODY, migrated=False) as api:
        page = page_of(await api.get("/me?lang=zh"))
    assert "数据库没有应答" in page.text
