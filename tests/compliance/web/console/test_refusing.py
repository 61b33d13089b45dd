"""Browsers are refused by a page, programs by a problem, and either with the same status."""

import httpx
import pytest

from shared.domain.principal import Role
from tests.support.kept import problem, served
from tests.support.keys import a_key, bearer
from tests.support.pages import page_of

pytestmark = pytest.mark.integration

BROWSER = {"accept": "text/html,application/xhtml+xml"}


async def test_who_browses_is_told_by_a_page_why_there_is_none_and_a_program_by_a_problem(
    database: str,
) -> None:
    operator = bearer(await a_key(database, Role.OPERATOR))
    async with (
        served(database, identity="required") as api,
        httpx.AsyncClient(base_url=api) as client,
    ):
        for path, headers, status, words in (
            ("/", {}, 401, "VBP_"),
            ("/", operator, 403, "key:somebody"),
            ("/nowhere", operator, 404, "/nowhere"),
        ):
            page = await client.get(path, headers=BROWSER | headers)
            assert page.status_code == status
            assert page.headers["content-type"].startswith("text/html")
            assert page.headers["content-security-policy"].startswith("default-src 'none'")
            assert "</html>" in page.text
            assert words in page.text or status == 401
            problem(await client.get(path, headers=headers), status)
        unknown = await client.get("/", headers=BROWSER)
        assert "bearer" in unknown.headers["www-authenticate"].lower()
        problem(await client.get("/v1/violations", headers=BROWSER), 401)
        problem(await client.get("/v1/nowhere", headers=BROWSER | operator), 404)


async def test_what_an_address_says_stands_in_the_page_as_text(database: str) -> None:
    async with (
        served(database, identity="local") as api,
        httpx.AsyncClient(base_url=api) as client,
    ):
        page = await client.get("/<script>alert(1)</script>", headers=BROWSER)
    assert page.status_code == 404
    assert "<script>" not in page.text


async def test_what_an_address_cannot_mean_is_told_on_a_page(database: str) -> None:
    async with (
        served(database, identity="local") as api,
        httpx.AsyncClient(base_url=api) as client,
    ):
        page = page_of(await client.get("/bulletins/2022-13", headers=BROWSER), 422)
        problem(await client.get("/bulletins/2022-13"), 422)
    assert "条件有误" in page.text
    assert "2022-13" in page.text
