"""Envelopes of one order, in both modes, and how they are refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from shared.domain import cloudevents, examples
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError

NOW = datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
ORDER = "vbp.order.placed.v1"
HEADERS = {
    "ce_specversion": b"1.0",
    "ce_id": b"1",
    "ce_source": "/hospitals/第一 医院".encode(),
    "ce_type": ORDER.encode(),
    "ce_time": b"2022-03-01T09:30:00+08:00",
    "content-type": b"application/json",
}
DATA = json.dumps(examples.DATA[ORDER]).encode()


def an_order(data: dict[str, Any] | None = None, /, **attributes: Any) -> bytes:
    """A structured order; `data` and attributes replace what the example says."""
    event = {**examples.example(ORDER), **attributes}
    event["data"] = {**event["data"], **(data or {})}
    return json.dumps(event, ensure_ascii=False).encode()


def a_message(value: bytes | None = DATA, **headers: bytes | None) -> Event:
    """An order read in binary mode; `__` in a header's name is `-`, None removes the header."""
    named = {name.replace("__", "-"): header for name, header in headers.items()}
    merged = {**HEADERS, **named}
    given_headers = [(name, header) for name, header in merged.items() if header is not None]
    return cloudevents.read_message(value, given_headers, NOW, 3, 14)


def refusal(value: bytes) -> InvalidEventError:
    """How a structured event is refused."""
    with pytest.raises(InvalidEventError) as caught:
        cloudevents.read_structured(value)
    return caught.value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
"""Any value that JSON can hold."""
