"""Parameters of the questions that orders and delivery answer, asked while no database is there."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery import app as delivery
from services.delivery.settings import Settings as OfDelivery
from services.orders import app as orders
from services.orders.settings import Settings as OfOrders
from shared.adapters.parameters import month_of
from shared.domain.errors import InvalidArgumentError

NOWHERE = "postgresql://vbp@127.0.0.1:9/vbp"
KNOWN = frozenset({"cn-sx", "cn-tj"})


def made(name: str) -> FastAPI:
    """Make a service anew: what reaches for the database is of one event loop."""
    if name == "orders":
        return orders.create_app(OfOrders(database=NOWHERE), KNOWN)
    return delivery.create_app(OfDelivery(database=NOWHERE), KNOWN)


APPS = {name: made(name) for name in ("orders", "delivery")}
BACKWARD = {"from": "2022-06", "until": "2022-05"}


def parameters(app: FastAPI) -> list[tuple[str, dict[str, Any]]]:
    """Every parameter of every question, with the path that it is of."""
    return [
        (path, parameter)
        for path, operations in app.openapi()["paths"].items()
        for parameter in operations.get("get", {}).get("parameters", [])
    ]


TEXTS = [
    (name, path, parameter["in"], parameter["name"])
    for name, app in APPS.items()
    for path, parameter in parameters(app)
    if "string" in str(parameter["schema"]) and "enum" not in parameter["schema"]
]


def ask(app: str, path: str, asked: dict[str, str]) -> httpx.Response:
    """Ask a service in this process."""
    return _ask(made(app), path, asked)


def _ask(app: FastAPI, path: str, asked: dict[str, str]) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.get(path, params=asked)

    return asyncio.run(answer())


def told(app: str, path: str, place: str, name: str, text: str) -> httpx.Response:
    """Ask with one parameter as it is given."""
    if place == "path":
        return _ask(APPS[app], path.replace(f"{{{name}}}", quote(text, safe="")), {})
    return _ask(APPS[app], path.replace("{order}", "O1"), {name: text})


@pytest.mark.parametrize("of", TEXTS, ids=lambda of: f"{of[0]}-{of[3]}")
@settings(max_examples=20, deadline=None)
@given(before=st.text("aé药/?", max_size=3), after=st.text("a\0", max_size=3))
def test_a_text_with_nul_is_refused_and_never_a_fault_of_ours(
    of: tuple[str, str, str, str], before: str, after: str
) -> None:
    answer = told(*of, f"{before}\0{after}")
    slashed = of[2] == "path" and "/" in before
    assert answer.status_code == (404 if slashed else 422)
    assert of[3] in answer.json()["detail"] or slashed


def test_every_question_has_its_texts_tried() -> None:
    asked = {path for _, path, _, _ in TEXTS}
    assert {"/v1/orders/{order}", "/v1/progress", "/v1/scorecards", "/v1/shipments"} <= asked
    assert len(TEXTS) >= 20


ALL = [("orders", "/v1/progress"), ("delivery", "/v1/scorecards"), ("delivery", "/v1/shipments")]


@pytest.mark.parametrize(("app", "path"), ALL)
def test_a_jurisdiction_without_a_policy_is_told_the_known_ones(app: str, path: str) -> None:
    answer = ask(app, path, {"jurisdiction": "cn-sxx"})
    assert answer.status_code == 404
    assert "Known are: cn-sx, cn-tj" in answer.json()["detail"]
    assert ask(app, path, {"jurisdiction": "cn-tj"}).status_code == 503


@pytest.mark.parametrize(("app", "path"), ALL)
def test_what_is_no_month_is_told_how_one_is_written(app: str, path: str) -> None:
    answer = ask(app, path, {"month": "2022-13"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == ("query.month: '2022-13' is no month; write it as 2022-05")
    assert ask(app, path, {"month": "2022-12"}).status_code == 503


@pytest.mark.parametrize("span", [BACKWARD, {"from": "2999-01"}])
def test_a_span_that_begins_after_its_end_is_refused(span: dict[str, str]) -> None:
    answer = ask("delivery", "/v1/scorecards", span)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"from: {span['from']} comes after")
    same = {"from": "2022-05", "until": "2022-05"}
    assert ask("delivery", "/v1/scorecards", same).status_code == 503


@given(st.text(max_size=9) | st.from_regex(r"\d{4}-\d\d\n?", fullmatch=True))
def test_a_month_is_read_as_its_first_day_or_refused_with_the_way_to_write_it(text: str) -> None:
    try:
        assert month_of(text).isoformat() == f"{text}-01"
    except InvalidArgumentError as error:
        assert str(error) == f"{text!r} is no month; write it as 2022-05"  # noqa: PT017
