import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from shared.adapters import http
from shared.adapters.identity.layer import guard, identifying
from shared.adapters.identity.roles import OPEN, Asker, admits
from shared.adapters.identity.settings import IdentitySettings, Mode
from shared.domain.principal import Role


def an_app(mode: Mode) -> FastAPI:
    async def ready() -> None:
        """Be ready."""

    registry = CollectorRegistry()
    app = http.create_app("test", registry, ready)

    @app.get("/v1/me", dependencies=[admits(Role.AUDITOR)])
    async def me(asker: Asker) -> str:
        return asker.subject

    @app.get("/v1/public", dependencies=[OPEN])
    async def public() -> str:
        return "anybody"

    guard(app, identifying(IdentitySettings(identity=mode), "postgresql://nobody@127.0.0.1:1/"))
    http.count_requests(app, "test", registry)
    return app


def asking(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize("path", ["/v1/me", "/v1/nowhere", "/", "/healthz/", "/metrics%2f..", "//"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "TRACE"])
async def test_a_closed_service_admits_nobody_and_says_what_is_missing(
    method: str, path: str
) -> None:
    async with asking(an_app("closed")) as client:
        answer = await client.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="vbp"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert method == "HEAD" or "VBP_IDENTITY is not set" in answer.text


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/v1/public"]
)
async def test_health_metrics_and_documentation_stay_open(path: str) -> None:
    async with asking(an_app("closed")) as client:
        assert (await client.get(path)).status_code == 200


async def test_on_a_machine_of_ones_own_nobody_is_asked() -> None:
    async with asking(an_app("local")) as client:
        answer = await client.get("/v1/me")
    assert (answer.status_code, answer.json()) == (200, "person:local")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_what_a_proxy_sends_on_does_not_come_from_this_machine(header: str) -> None:
    async with asking(an_app("local")) as client:
        answer = await client.get("/v1/me", headers={header: "127.0.0.1"})
    assert answer.status_code == 401
    assert header.lower() in answer.json()["detail"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(
            (host, 200)
            for host in ("127.0.0.1:8003", "localhost", "[::1]:8003", "127.8.0.1", "vbp")
        ),
        *((host, 401) for host in ("evil.example", "127.0.0.1.evil.example:8003", "10.0.0.7")),
    ],
)
async def test_a_name_that_another_site_leads_here_is_nobodys(host: str, status: int) -> None:
    async with asking(an_app("local")) as client:
        answer = await client.get("/v1/me", headers={"host": host})
    assert answer.status_code == status


@pytest.mark.parametrize("host", ["[::1", "[]", "a:b:c", "\xff", "]["])
async def test_a_host_that_is_none_makes_nothing_fail(host: str) -> None:
    async with asking(an_app("local")) as client:
        answer = await client.get("/v1/me", headers={b"host": host.encode("latin-1")})
    assert answer.status_code in {200, 401}


async def test_what_was_refused_is_counted_like_all_else() -> None:
    async with asking(an_app("closed")) as client:
        await client.get("/v1/me")
        text = (await client.get("/metrics")).text
    assert 'vbp_http_requests_total{route="other",service="test",status="401"} 1.0' in text


async def test_the_document_says_how_to_show_who_asks() -> None:
    document = an_app("closed").openapi()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    me, public = (document["paths"][path]["get"] for path in ("/v1/me", "/v1/public"))
    assert me["security"] == [{"bearer": []}]
    assert {"401", "403"} <= me["responses"].keys()
    assert "security" not in public
