"""Signing in at the console, and out again."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page

from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from shared.adapters import postgres
from shared.adapters.identity.keys import MIGRATIONS
from shared.domain.principal import Role
from tests.support import kept
from tests.support.issuer import AUDIENCE, CONSOLE, ISSUER, Issuer, served, with_people
from tests.support.kept import POLICIES, a_connection, a_violation, tell
from tests.support.keys import a_key, bearer
from tests.support.walking import NEEDS_CHROMIUM, chromium

pytestmark = pytest.mark.integration

HERE = "http://127.0.0.1:8003"
BROWSER = {"accept": "text/html,application/xhtml+xml"}
LI = {"sub": "liwj", "vbp_roles": ["officer"], "vbp_jurisdictions": "*"}
CHEN = {"sub": "chen", "vbp_roles": ["party"], "vbp_jurisdictions": "*",
        "vbp_parties": ["hospital:H7"]}  # fmt: skip
ONE = a_violation(1, hospital="H7")
OTHER = a_violation(2, hospital="H8")


class Issued(NamedTuple):
    """An issuer, and where it is served."""

    issuer: Issuer
    address: str

    def back(self, led: httpx.Response, claims: dict[str, Any]) -> str:
        """Sign somebody in who was led there; gives the address that they are sent back to."""
        asked = led.headers["location"]
        told = dict(parse_qsl(urlsplit(asked).query))
        query = {"state": told["state"], "code": self.issuer.sign_in(asked, **claims)}
        return f"{told['redirect_uri']}?{urlencode(query | {'iss': ISSUER})}"


@pytest.fixture(scope="module")
def issued() -> Iterator[Issued]:
    issuer = Issuer()
    with served(issuer) as address:
        yield Issued(issuer, address)


def settings_of(database: str, issued: Issued, **more: Any) -> Settings:
    told: dict[str, Any] = {
        "identity": "required",
        "token_issuer": ISSUER,
        "token_audience": AUDIENCE,
        "token_keys": issued.address,
        "sign_in_url": HERE,
        "sign_in_client": CONSOLE,
        "sign_in_discovery": issued.address.replace("/keys", "/openid"),
    }
    return Settings(database=database, **(told | more))


@pytest_asyncio.fixture
async def browser(database: str, issued: Issued) -> AsyncIterator[httpx.AsyncClient]:
    await postgres.migrate(database, MIGRATIONS, "identity")
    async with a_connection(database) as connection:
        await tell(connection, "opened", [ONE, OTHER])
    app = create_app(settings_of(database, issued), POLICIES)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=HERE, headers=BROWSER, timeout=60
    )
    async with app.router.lifespan_context(app), client:
        yield client


async def signed_in(
    browser: httpx.AsyncClient, issued: Issued, who: dict[str, Any], path: str = "/me"
) -> httpx.Response:
    """Go to a page, sign in where one is led, and come back to it."""
    led = await browser.get(path)
    assert led.status_code == 303, led.text
    asked = await browser.get(led.headers["location"])
    assert asked.status_code == 303, asked.text
    back = await browser.get(issued.back(asked, who))
    assert back.status_code == 303, back.text
    assert back.headers["location"] == path
    cookies = back.headers.get_list("set-cookie")
    assert any(one.startswith("vbp-session=") for one in cookies)
    assert all("HttpOnly" in one and "SameSite=lax" in one for one in cookies)
    return await browser.get(path)


async def test_who_opens_a_page_signs_in_and_comes_back_to_it_as_whom_the_issuer_names(
    browser: httpx.AsyncClient, issued: Issued
) -> None:
    page = await signed_in(browser, issued, LI, "/violations?status=open&rule=late-response")
    assert page.status_code == 200
    assert "person:liwj" in page.text
    assert str(ONE.id) in page.text
    assert str(OTHER.id) in page.text
    assert (await browser.get("/v1/violations.csv")).status_code == 200


async def test_a_party_that_signs_in_sees_what_is_its_own(
    browser: httpx.AsyncClient, issued: Issued
) -> None:
    await signed_in(browser, issued, CHEN)
    listed = (await browser.get("/v1/violations")).json()["items"]
    assert [one["id"] for one in listed] == [str(ONE.id)]
    assert (await browser.get(f"/violations/{OTHER.id}")).status_code == 404


async def test_who_signs_out_is_nobody_even_with_the_cookie_kept(
    browser: httpx.AsyncClient, issued: Issued
) -> None:
    page = await signed_in(browser, issued, LI)
    kept = dict(browser.cookies)
    form = {"token": token_of(page)}
    foreign = await browser.post("/sign-out", data=form)
    assert foreign.status_code == 401
    origin = {"origin": HERE}
    assert (await browser.post("/sign-out", data={"token": "x"}, headers=origin)).status_code == 403
    assert (await browser.get("/me")).status_code == 200
    out = await browser.post("/sign-out", data=form, headers=origin)
    assert out.status_code == 200
    assert "https://issuer.example/end?" in out.text
    assert "person:liwj" not in out.text
    assert "vbp-session" not in browser.cookies
    browser.cookies.update(kept)
    assert (await browser.get("/me")).status_code == 303


async def test_what_another_site_has_a_browser_send_is_nobodys(
    browser: httpx.AsyncClient, issued: Issued
) -> None:
    page = await signed_in(browser, issued, LI, f"/violations/{ONE.id}")
    seq = re.search('name="seq" value="([0-9]+)"', page.text)
    assert seq is not None
    form = {"act": "acknowledge", "token": token_of(page), "seq": seq[1]}
    acts = f"/violations/{ONE.id}/acts"
    for origin in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
        assert (await browser.post(acts, data=form, headers=origin)).status_code == 401
    body = {"act": "acknowledge"}
    assert (await browser.post(f"/v1{acts[:-5]}/reviews", json=body)).status_code == 401
    assert (await browser.post(acts, data=form, headers={"origin": HERE})).status_code == 303
    line = (await browser.get(f"/v1/violations/{ONE.id}/history")).json()["items"][-1]
    assert line["actor"] == "person:liwj"


async def test_a_session_counts_under_the_consoles_own_address_alone(
    browser: httpx.AsyncClient, issued: Issued
) -> None:
    await signed_in(browser, issued, LI)
    elsewhere = {"host": "evil.example", "accept": "*/*"}
    assert (await browser.get("/me", headers=elsewhere)).status_code == 401
    astray = await browser.get("/sign-in", headers=BROWSER | {"host": "evil.example"})
    assert astray.status_code == 421
    assert HERE in astray.text
    led = await browser.get("/me", headers=BROWSER | {"host": "evil.example"})
    assert led.headers["location"].startswith(HERE)


async def test_a_program_is_told_401_and_its_key_goes_before_a_cookie(
    browser: httpx.AsyncClient, issued: Issued, database: str
) -> None:
    assert (await browser.get("/v1/violations", headers={"accept": "*/*"})).status_code == 401
    assert (await browser.get("/v1/violations", headers=bearer("vbp_x"))).status_code == 401
    assert (await browser.post("/v1/reviews", json={})).status_code == 401
    await signed_in(browser, issued, LI)
    key = bearer(await a_key(database, Role.OPERATOR))
    assert (await browser.get("/v1/violations", headers=key)).status_code == 403
    assert "sign-out" not in (await browser.get("/me", headers=key)).text


async def test_whoever_comes_back_without_having_begun_is_told_so_and_nothing_else(
    browser: httpx.AsyncClient,
) -> None:
    for query in ("", "?code=a&state=b", "?error=access_denied", "?code=a&code=b&state=%00"):
        answer = await browser.get(f"/signed-in{query}")
        assert answer.status_code == 400
        assert "vbp-session=" not in str(answer.headers.get_list("set-cookie"))
        assert "person:" not in answer.text
        assert 'class="fresh"' not in answer.text


async def test_one_is_led_to_pages_of_the_console_alone(
    browser: httpx.AsyncClient, issued: Issued
) -> None:
    asked = await browser.get("/sign-in", params={"to": "//evil.example/x"})
    back = await browser.get(issued.back(asked, LI))
    assert back.headers["location"] == "/"


async def test_cookies_of_a_console_behind_tls_go_by_tls_alone(
    database: str, issued: Issued
) -> None:
    await postgres.migrate(database, MIGRATIONS, "identity")
    settings = settings_of(database, issued, sign_in_url="https://vbp.example")
    app = create_app(settings, POLICIES)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://vbp.example") as client:
        asked = await client.get("/sign-in")
        (attempt,) = asked.headers.get_list("set-cookie")
        back = await client.get(issued.back(asked, LI))
        cookies = [attempt, *back.headers.get_list("set-cookie")]
    assert len(cookies) == 3
    assert all(one.startswith("__Host-vbp-") for one in cookies)
    assert all("Secure" in one and "Path=/" in one and "Domain" not in one for one in cookies)


def token_of(page: httpx.Response) -> str:
    found = re.search('name="token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


@NEEDS_CHROMIUM
async def test_in_a_real_browser_one_signs_in_decides_and_signs_out_without_a_script(
    database: str,
) -> None:
    await postgres.migrate(database, MIGRATIONS, "identity")
    async with a_connection(database) as connection:
        await tell(connection, "opened", [ONE])
    issuer = with_people()
    with served(issuer) as keys:
        here = keys.removesuffix("/keys")
        issuer.endpoints = {
            "authorization_endpoint": f"{here}/authorize",
            "end_session_endpoint": None,
        }

        def settings_at(address: str) -> Settings:
            return settings_of(database, Issued(issuer, keys), sign_in_url=address)

        async with kept.served(database, settings_at) as address, browser_page() as page:
            await page.goto(f"{address}/violations/{ONE.id}?lang=en")
            assert page.url.startswith(f"{here}/authorize")
            await page.get_by_role("link", name="Li Wenjing").click()
            assert page.url == f"{address}/violations/{ONE.id}?lang=en"
            await page.get_by_role("button", name="Acknowledge").first.click()
            assert await page.get_by_text("Li Wenjing, officer").count() >= 2
            await page.goto(f"{address}/me")
            await page.get_by_role("button", name="Sign out").click()
            assert await page.get_by_text("This browser is signed out.").is_visible()
            await page.goto(f"{address}/me")
            assert page.url.startswith(f"{here}/authorize")


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    async with chromium() as browser:
        context = await browser.new_context(java_script_enabled=False)
        yield await context.new_page()
