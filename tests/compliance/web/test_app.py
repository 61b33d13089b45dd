"""The application: its health and its own description."""

from typing import Any

import httpx
import pytest

from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from shared.adapters.postgres import Connection
from tests.support.kept import (
    NOBODY,
    POLICIES,
    a_violation,
    an_api,
    labelled,
    problem,
    read,
    samples,
    tell,
)

pytestmark = pytest.mark.integration


async def test_without_a_database_it_lives_is_not_ready_and_says_so_everywhere() -> None:
    async with an_api(NOBODY, migrated=False) as api:
        assert read(await api.get("/healthz"))["status"] == "ok"
        for path in ("/readyz", "/v1/violations", f"/v1/violations/{a_violation().id}"):
            answer = await api.get(path)
            problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        found = await samples(api)
        assert found[labelled("vbp_database_up")] == 0
        read_from_it = {"vbp_open_violations", "vbp_violations_opened_total"}
        assert not [name for name, _ in found if name in read_from_it]


async def test_a_database_without_our_migrations_is_not_ready(bare_database: str) -> None:
    async with an_api(bare_database, migrated=False) as api:
        for path in ("/readyz", "/v1/status", "/v1/violations"):
            assert "run `vbp migrate`" in problem(await api.get(path), 503)["detail"]
        assert "vbp_database_up 0.0" in (await api.get("/metrics")).text
    async with an_api(bare_database) as api:
        assert read(await api.get("/readyz"))["status"] == "ready"


async def test_a_question_that_takes_too_long_is_told_how_to_ask_less(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation()])
    await connection.execute(
        "ALTER TABLE compliance.violation RENAME TO kept; "
        "CREATE VIEW compliance.violation AS SELECT k.* FROM compliance.kept k, pg_sleep(9)"
    )
    found = problem(await api.get("/v1/violations"), 503)
    assert "add a filter" in found["detail"]


OTHER_FORMS = {
    "/v1/stream": "text/event-stream",
    "/v1/violations/{violation}/pack": "application/zip",
    "/v1/cases/{case}/letters/{n}": "text/html",
    "/v1/violations/{violation}/attachments/{sha256}": "application/octet-stream",
}
"""Answers that are no JSON though their paths do not say so."""


async def test_the_description_declares_every_answer_and_only_problems_as_errors(
    database: str,
) -> None:
    document: dict[str, Any] = create_app(Settings(database=database), POLICIES).openapi()
    schemas = document["components"]["schemas"]

    for path, operations in document["paths"].items():
        responses = next(iter(operations.values()))["responses"]
        if path.startswith("/v1/"):
            assert "400" in responses
            (done,) = (status for status in responses if status.startswith("2"))
            content = responses[done].get("content", {})
            # What is exported is no JSON, and its form stands in the path.
            if done in {"202", "204"}:
                assert content == {}, path
            elif path in OTHER_FORMS:
                assert list(content) == [OTHER_FORMS[path]]
            else:
                assert "." in path or "$ref" in content["application/json"]["schema"]
        if "{" in path:
            assert "404" in responses
        for status, response in responses.items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)
    references = set(_references(document))
    assert references <= {f"#/components/schemas/{name}" for name in schemas}
    listed = document["paths"]["/v1/violations"]["get"]
    assert set(listed["responses"]) == {"200", "400", "401", "403", "422", "429", "503"}
    enum = next(one for one in listed["parameters"] if one["name"] == "rule")
    assert "late-response" in enum["schema"]["items"]["enum"]


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    if isinstance(part, list):
        return [found for value in part for found in _references(value)]
    return []
