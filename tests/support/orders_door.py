"""What the door of the purchasing side is sent: valid, and invalid in every way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.doors import an_event, as_json

ORDER = "vbp.order.placed.v1"
NOWHERE = {"jurisdiction": "cn-xx"}
FAR = (datetime.now(UTC) + timedelta(hours=25)).isoformat()
INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("a missing attribute", an_event(ORDER, source=None), "#/source"),
    ("a missing field", an_event(ORDER, data={"hospital": None}), "#/data/hospital"),
    ("no data", {**an_event(ORDER, data=None), "data": None}, "#/data"),
    ("a text for a number", an_event(ORDER, data={"quantity": "600"}), "#/data/quantity"),
    ("a naive time", an_event(ORDER, time="2022-03-01T09:30:00"), "#/time"),
    ("a time far ahead", an_event(ORDER, time=FAR), "#/time"),
    ("an unknown type", an_event(ORDER, type="vbp.order.lost.v1"), "#/type"),
    ("a number for money", an_event(ORDER, data={"unit_price": 0.36}), "#/data/unit_price"),
    ("a bad decimal", an_event(ORDER, data={"unit_price": "0,36"}), "#/data/unit_price"),
    ("a negative quantity", an_event(ORDER, data={"quantity": -1}), "#/data/quantity"),
    ("nothing ordered", an_event(ORDER, data={"quantity": 0}), "#/data/quantity"),
    ("an unknown jurisdiction", an_event(ORDER, data=NOWHERE), "#/data/jurisdiction"),
    ("a bad deadline", an_event(ORDER, data={"deliver_by": "soon"}), "#/data/deliver_by"),
    ("an old specversion", an_event(ORDER, specversion="0.3"), "#/specversion"),
    ("a character NUL in an id", an_event(ORDER, id="a\0b"), "#"),
    ("a subject that is a number", an_event(ORDER, subject=5), "#/subject"),
    ("a number, not an object", 5, "#"),  # type: ignore[list-item]
]  # fmt: skip


async def post(door: httpx.AsyncClient, body: Any, headers: dict[str, str]) -> httpx.Response:
    """Post a body to the door, as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else as_json(body)
    return await door.post("/v1/events", content=content, headers=headers)
