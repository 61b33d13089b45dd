"""Whatever a door is told, its answer is one that its OpenAPI document declares."""

import asyncio
import gzip
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.door_process import DoorProcess
from tests.support.doors import ORDER, as_json, as_lines
from tests.support.events import an_example
from tests.support.openapi import conforms

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=9,
)
FIELDS = ["specversion", "id", "source", "type", "time", "data", "recordedtime", "subject"]
EVENTS = (
    st.builds(lambda: an_example(ORDER))
    | st.builds(
        lambda name, value: an_example(ORDER) | {name: value}, st.sampled_from(FIELDS), JSON
    )
    | st.builds(lambda data: an_example(ORDER, data=data), st.dictionaries(st.text(), SCALARS))
    | JSON
)
BODIES = (
    EVENTS.map(as_json)
    | st.lists(EVENTS, max_size=5).map(as_json)
    | st.lists(EVENTS, max_size=5).map(as_lines)
    | st.binary(max_size=40)
)
CONTENT = st.sampled_from(
    [
        "application/cloudevents+json",
        "Application/CloudEvents+JSON; charset=UTF-8",
        "application/cloudevents-batch+json",
        'application/x-ndjson;charset="utf-8"; header=absent',
        "application/json",
        "text/plain",
        "application/json; charset=gb18030",
    ]
)
CODING = st.sampled_from(["", "identity", "gzip", "GZIP", "br", "gzip, gzip"])


def _problem(document: dict[str, Any], answer: httpx.Response) -> str | None:
    """What of an answer the document does not declare."""
    declared = document["paths"]["/v1/events"]["post"]["responses"].get(str(answer.status_code))
    if declared is None:
        return f"status {answer.status_code}"
    schema = declared["content"].get(answer.headers["content-type"], {}).get("schema")
    if schema is None:
        return f"type {answer.headers['content-type']} of {answer.status_code}"
    return None if conforms(answer.json(), schema, document) else answer.text


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(BODIES, CONTENT, CODING), min_size=8, max_size=12))
async def test_every_answer_is_as_the_document_says(
    attacked: DoorProcess, told: list[tuple[bytes, str, str]]
) -> None:
    async with httpx.AsyncClient(base_url=attacked.url, timeout=60) as client:
        document = (await client.get("/openapi.json")).json()

        async def tell(body: bytes, content: str, coding: str) -> httpx.Response:
            headers = {"content-type": content, "content-encoding": coding}
            packed = gzip.compress(body) if coding.lower() == "gzip" else body
            return await client.post("/v1/events", content=packed, headers=headers)

        answers = await asyncio.gather(*[tell(*one) for one in told])
    assert [_problem(document, answer) for answer in answers] == [None] * len(told)


@pytest.mark.parametrize(
    "content",
    [
        "application/cloudevents+json",
        'APPLICATION/CloudEvents+Json ; Charset="utf-8"',
        "application/json;charset=utf-8;profile=x",
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
async def test_parameters_case_byte_order_marks_and_nulls_are_taken(
    attacked: DoorProcess, content: str, mark: bytes
) -> None:
    event = {**an_example(ORDER), "recordedtime": None, "subject": None, "datacontenttype": None}
    headers = {"content-type": content, "content-encoding": ""}
    async with httpx.AsyncClient(base_url=attacked.url, timeout=60) as client:
        answer = await client.post("/v1/events", content=mark + as_json(event), headers=headers)
        assert answer.status_code == 202, answer.text
        lines = {"content-type": "application/x-ndjson; charset=utf-8"}
        many = mark + as_lines([event, event])
        answer = await client.post("/v1/events", content=many, headers=lines)
        assert (answer.status_code, answer.json()["accepted"]) == (202, 2)


def test_the_check_itself_tells_what_does_not_conform() -> None:
    document = {"components": {"schemas": {"A": {"type": "object", "required": ["a"]}}}}
    a = {"$ref": "#/components/schemas/A"}
    assert conforms({"a": 1}, {"oneOf": [a, {"type": "string"}]}, document)
    assert not conforms({}, {"oneOf": [a, {"type": "string"}]}, document)
    assert not conforms({"a": 1}, {"oneOf": [a, a]}, document)
    assert not conforms([True], {"items": {"type": "integer"}}, document)
    assert not conforms([1, "2"], {"type": "array", "items": {"type": "integer"}}, document)
    assert not conforms({"b": None}, {"properties": {"b": {"type": "string"}}}, document)
