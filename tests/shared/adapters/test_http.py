import contextlib
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY, CollectorRegistry

from shared.adapters import http, logs
from shared.adapters.problems import Fault, ProblemError, fault_of, problems
from shared.domain.errors import InvalidEventError, TransientError
from tests.support.doors import metric, reached


@contextlib.asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


def _app(registry: CollectorRegistry, *, ready: bool = True) -> FastAPI:
    async def check() -> None:
        if not ready:
            raise TransientError("the sky is down. Prop it up")

    app = http.create_app("test", registry, check, title="Test", lifespan=_nothing)

    @app.get("/v1/things/{number}", responses=problems(409))
    async def thing(number: int) -> int:
        if number == 1:
            fault = Fault(pointer="#/number", detail="is taken. Send another")
            raise ProblemError(409, "taken", "1 is taken", errors=[fault], headers={"X-Is": "here"})
        if number == 2:
            raise RuntimeError("a secret of ours")
        return number

    http.count_requests(app, "test", registry)
    return app


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("INFO", stream)
    yield stream
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_documentation_needs_no_network(page: str) -> None:
    async with reached(_app(CollectorRegistry())) as client:
        text = (await client.get(page)).text
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', text)
        assert any(name.endswith(".js") for name in loaded)
        assert {name: (await client.get(name)).status_code for name in loaded} == dict.fromkeys(
            loaded, 200
        )
    assert "://" not in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/nowhere", 404, "There is nothing at /nowhere. See /docs for what there is"),
        ("POST", "/v1/things/3", 405, "/v1/things/3 does not take POST. See /docs for"),
        ("GET", "/v1/things/x", 422, "path.number: Input should be a valid integer"),
        ("GET", "/v1/things/1", 409, "1 is taken"),
        ("GET", "/v1/things/2", 500, "The fault is ours and stands in our log"),
    ],
)
@pytest.mark.usefixtures("log")
async def test_every_refusal_is_a_problem(method: str, path: str, status: int, detail: str) -> None:
    async with reached(_app(CollectorRegistry())) as client:
        answer = await client.request(method, path)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["detail"].startswith(detail)
    assert problem["instance"] == path
    assert "secret" not in answer.text


async def test_a_problem_keeps_its_kind_its_errors_and_its_headers() -> None:
    async with reached(_app(CollectorRegistry())) as client:
        answer = await client.get("/v1/things/1")
    assert answer.json()["type"] == "urn:vbp:problem:taken"
    assert answer.json()["errors"] == [{"pointer": "#/number", "detail": "is taken. Send another"}]
    assert answer.headers["x-is"] == "here"


async def test_a_bug_stands_in_the_log_with_its_trace_and_other_requests_in_one_line(
    log: io.StringIO,
) -> None:
    async with reached(_app(CollectorRegistry())) as client:
        await client.get("/v1/things/2")
        await client.get("/v1/things/3?token=secret")
        await client.get("/healthz")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    bug, request = [line for line in lines if line["logger"] == "shared.adapters.http"]
    assert (bug["level"], bug["status"]) == ("error", 500)
    assert "RuntimeError: a secret of ours" in bug["exception"]
    assert request.pop("duration_ms") >= 0
    assert request.pop("ts")
    assert request == {
        "level": "info",
        "logger": "shared.adapters.http",
        "event": "request",
        "service": "test",
        "method": "GET",
        "path": "/v1/things/3",
        "route": "/v1/things/{number}",
        "status": 200,
    }


async def test_requests_are_counted_by_route_and_declared_statuses_are_born_at_zero() -> None:
    registry = CollectorRegistry()
    async with reached(_app(registry)) as client:
        route = {"service": "test", "route": "/v1/things/{number}"}
        before = (await client.get("/metrics")).text
        for status in ("200", "405", "409", "422", "499", "500"):
            assert metric(before, "vbp_http_requests_total", status=status, **route) == 0
        await client.get("/v1/things/7")
        await client.get("/v1/things/8")
        await client.get("/some/where")
        after = (await client.get("/metrics")).text
    assert metric(after, "vbp_http_requests_total", status="200", **route) == 2
    assert metric(after, "vbp_http_requests_total", status="404", route="other") == 1
    assert "vbp_http_requests" not in {family.name for family in REGISTRY.collect()}


async def test_a_service_that_cannot_work_says_so_and_is_alive() -> None:
    async with reached(_app(CollectorRegistry(), ready=False)) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["detail"]) == (503, "the sky is down. Prop it up")
        assert ready.headers["retry-after"]
        assert (await client.get("/healthz")).json() == {"status": "ok", "service": "test"}


async def test_the_document_declares_the_problems() -> None:
    async with reached(_app(CollectorRegistry())) as client:
        document = (await client.get("/openapi.json")).json()
    declared = document["paths"]["/v1/things/{number}"]["get"]["responses"]["409"]["content"]
    reference = declared["application/problem+json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/Problem"
    assert document["components"]["schemas"]["Problem"]["properties"].keys() >= {"type", "errors"}


@pytest.mark.parametrize(
    ("field", "pointer"),
    [("event", "#"), ("data.quantity", "#/data/quantity"), ("data.areas[0]", "#/data/areas/0")],
)
def test_the_place_of_a_fault_is_a_json_pointer(field: str, pointer: str) -> None:
    fault = fault_of(InvalidEventError(field, "is odd", "Send it even", 3))
    assert fault == Fault(pointer=pointer, detail="is odd (found 3). Send it even")
